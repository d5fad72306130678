"""The mel spectrogram that SadTalker's networks hear, its windows, and blinks. Needs no torch."""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Samples
from engine.speech.motion import FPS
from engine.voice import ANALYSIS_RATE

WINDOW = 800  # samples of a spectrum
HOP = 200  # samples; 80 columns a second
BANDS = 80
LOWEST, HIGHEST = 55.0, 7600.0  # Hz
EMPHASIS = 0.97
REFERENCE = 20.0  # dB
FLOOR = 100.0  # dB below it
LIMIT = 4.0  # of the values
COLUMNS = 16  # of the window of a video frame
PER_SECOND = ANALYSIS_RATE // HOP
PIECE = 512  # spectra computed at once, so that a long voice needs no more memory

BLINK_GAP = 80  # frames between the blinks of the deterministic generator
BLINK = (0.5, 0.6, 0.7, 0.9, 1.0, 0.9, 0.7, 0.6, 0.5)


def _mels(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale: linear to 1 kHz, logarithmic above."""
    step = np.log(6.4) / 27
    return np.where(hertz < 1000, hertz * 3 / 200, 15 + np.log(np.maximum(hertz, 1e-9) / 1000) / step)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    step = np.log(6.4) / 27
    return np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))


def mel_basis() -> FloatMap:
    """Triangles of equal area (Slaney), float32 (80, 401)."""
    low, high = (float(end) for end in _mels(np.array([LOWEST, HIGHEST])))
    corners = _hertz(np.linspace(low, high, BANDS + 2))
    bins = np.fft.rfftfreq(WINDOW, 1 / ANALYSIS_RATE)
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (corners[2:] - corners[:-2]))[:, None], np.float32)


def mel_spectrogram(sound: Samples) -> FloatMap:
    """Mel spectrogram float32 (80, columns) in [-4, 4] of a sound at 16 kHz."""
    emphasised = np.append(sound[:1], sound[1:] - EMPHASIS * sound[:-1]).astype(np.float32)
    padded = np.pad(emphasised, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    basis = mel_basis().astype(np.float64)
    pieces = [
        basis @ np.abs(np.fft.rfft(frames[start : start + PIECE] * hann)).T
        for start in range(0, len(frames), PIECE)
    ]
    decibel = 20 * np.log10(np.maximum(1e-5, np.concatenate(pieces, axis=1))) - REFERENCE
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
