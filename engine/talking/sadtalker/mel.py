"""The mel spectrogram that SadTalker's networks hear, its windows, and blinks. Needs no torch."""

import numpy as np

from engine.arrays import FloatMap, Samples
from engine.speech.mel import Spectrum
from engine.speech.motion import FPS
from engine.voice import ANALYSIS_RATE

SPECTRUM = Spectrum(fft=800, hop=200, bands=80, lowest=55.0, highest=7600.0)  # 80 columns a second
EMPHASIS = 0.97
REFERENCE = 20.0  # dB
FLOOR = 100.0  # dB below it
LIMIT = 4.0  # of the values
COLUMNS = 16  # of the window of a video frame
PER_SECOND = ANALYSIS_RATE // SPECTRUM.hop

BLINK_GAP = 80  # frames between the blinks of the deterministic generator
BLINK = (0.5, 0.6, 0.7, 0.9, 1.0, 0.9, 0.7, 0.6, 0.5)


def mel_spectrogram(sound: Samples) -> FloatMap:
    """Mel spectrogram float32 (80, columns) in [-4, 4] of a sound at 16 kHz."""
    emphasised = np.append(sound[:1], sound[1:] - EMPHASIS * sound[:-1]).astype(np.float32)
    amplitude = SPECTRUM.mel(emphasised, power=1, edge="constant").T
    decibel = 20 * np.log10(np.maximum(1e-5, amplitude)) - REFERENCE
    return np.asarray(np.clip(2 * LIMIT * (decibel + FLOOR) / FLOOR - LIMIT, -LIMIT, LIMIT), np.float32)


def windows(spectrogram: FloatMap, frames: int, first: int = 0) -> FloatMap:
    """What each video frame hears, float32 (frames, 80, 16), from frame `first` on; edges are held."""
    numbers = np.arange(first, first + frames)
    starts = np.trunc(PER_SECOND * ((numbers - 2) / FPS)).astype(int)
    columns = np.clip(starts[:, None] + np.arange(COLUMNS), 0, spectrogram.shape[1] - 1)
    return np.ascontiguousarray(spectrogram[:, columns].transpose(1, 0, 2))


def regular_blinks(frames: int) -> FloatMap:
    """Blinks at even distances as in the published program, float32 (frames,), 0 open .. 1 shut."""
    found = np.zeros(frames, np.float32)
    frame = 0
    while frame + BLINK_GAP + len(BLINK) <= frames - 1:
        frame += BLINK_GAP
        found[frame : frame + len(BLINK)] = BLINK
        frame += len(BLINK)
    return found
