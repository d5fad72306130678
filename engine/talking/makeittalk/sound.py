"""What the content encoder hears of a voice: 80 mel bands and the pitch, 62.5 frames a second."""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Samples
from engine.speech.mel import Spectrum
from engine.voice import ANALYSIS_RATE

HOP = 256  # samples
RATE = ANALYSIS_RATE / HOP  # frames/s: 62.5
SPECTRUM = Spectrum(fft=1024, hop=HOP, bands=80, lowest=90.0, highest=7600.0)
LOUDNESS = -20.0  # dBFS
LOWEST = 30.0  # Hz: below is rumble
ORDER = 5  # of the filter that takes it away
STEPS = 256  # of the pitch; 0 is unvoiced
_BLOCK = 256  # samples that the filter takes at once

Signal = NDArray[np.float64]
Poles = NDArray[np.complex128]


def amplified(sound: Samples, decibels: float, *, only_louder: bool = False) -> Samples:
    """The sound at a loudness (dB of its root mean square below full scale)."""
    level = float(np.sqrt(np.mean(np.asarray(sound, np.float64) ** 2))) if len(sound) else 0.0
    if level < 1e-9:
        return sound
    gain = 10 ** (decibels / 20) / level
    return sound if only_louder and gain <= 1 else np.asarray(sound * gain, np.float32)


def mel_of(sound: Samples) -> FloatMap:
    """Mel frames as the content encoder was trained on, float32 (N / 256 + 1, 80), mostly in [0, 1].

    Parameters
    ----------
    sound : at LOUDNESS
    """
    wave = np.asarray(sound, np.float64)
    if len(wave) % HOP == 0:
        wave = np.append(wave, 1e-6)
    noise = np.random.RandomState(0).rand(len(wave)) - 0.5
    wave = both_ways(wave) * 0.95 + noise * 1e-6
    mel = SPECTRUM.mel(np.asarray(wave, np.float64), power=1, edge="reflect")
    return np.asarray((20 * np.log10(np.maximum(1e-5, mel)) - 16 + 100) / 100, np.float32)


def high_pass() -> tuple[float, Poles]:
    """Gain and poles (ORDER,) of a Butterworth filter (bilinear transform); its zeros are all 1."""
    edge = 2 * np.tan(np.pi * LOWEST / ANALYSIS_RATE)
    angles = np.pi * (2 * np.arange(ORDER) + ORDER + 1) / (2 * ORDER)
    analogue = edge / np.exp(1j * angles)  # poles of the low-pass, turned into those of the high-pass
    return float(np.prod(2 / (2 - analogue)).real), (2 + analogue) / (2 - analogue)


def both_ways(wave: Signal) -> Signal:
    """Filter forwards and backwards, so that nothing is delayed; the ends go on by point reflection."""
    gain, poles = high_pass()
    extent = min(3 * (ORDER + 1), len(wave) - 1)
    start = 2 * wave[0] - wave[extent:0:-1]
    end = 2 * wave[-1] - wave[-2 : -extent - 2 : -1]
    longer = np.concatenate([start, wave, end])
    for _ in range(2):
        longer = _filtered(gain, poles, longer)[::-1]
    return longer[extent : len(longer) - extent]


def _filtered(gain: float, poles: Poles, wave: Signal) -> Signal:
    """Filter as if the first sample had lasted for ever before.

    The filter is taken apart into one-pole filters side by side, which stay exact although the poles lie
    close together. Blocks of samples go through them at once; only the states go from block to block.
    """
    others = poles[:, None] - poles[None] + np.eye(ORDER)
    shares = gain * (poles - 1) ** ORDER / others.prod(axis=1)
    powers = poles[:, None] ** np.arange(_BLOCK + 1)
    response = np.concatenate([[gain], (shares @ powers[:, : _BLOCK - 1]).real])
    rows, columns = np.indices((_BLOCK, _BLOCK))
    inside = np.where(rows >= columns, response[np.maximum(rows - columns, 0)], 0.0)
    blocks = np.pad(wave, (0, -len(wave) % _BLOCK)).reshape(-1, _BLOCK)
    pushes = blocks @ powers[:, _BLOCK - 1 :: -1].T
    states = np.empty((len(blocks), ORDER), np.complex128)
    state = wave[0] / (1 - poles)
    for i, push in enumerate(pushes):
        states[i] = state
        state = powers[:, _BLOCK] * state + push
    out = blocks @ inside.T + ((states * shares) @ powers[:, :_BLOCK]).real
    return np.asarray(out.reshape(-1)[: len(wave)], np.float64)


def pitch_steps(pitch: Signal) -> NDArray[np.int64]:
    """Pitch as the decoder wants it: int64 (frames,), 0 unvoiced, 1 .. STEPS voiced.

    Parameters
    ----------
    pitch : natural logarithm of Hz (frames,), nan where unvoiced
    """
    return steps_of(relative_pitch(pitch))


def relative_pitch(pitch: Signal) -> Signal:
    """The pitch in the speaker's own range: four deviations each way come to 0 and 1; nan stays nan."""
    voiced = pitch[~np.isnan(pitch)]
    if len(voiced) == 0:
        return pitch
    spread = max(float(voiced.std()), 1e-6)  # a hum on one note has none
    return np.asarray((np.clip((pitch - voiced.mean()) / spread / 4, -1, 1) + 1) / 2, np.float64)


def steps_of(relative: Signal) -> NDArray[np.int64]:
    """Bins of pitches in [0, 1]; nan is bin 0."""
    voiced = np.rint(np.nan_to_num(relative) * (STEPS - 1)) + 1
    return np.where(np.isnan(relative), 0, voiced).astype(np.int64)
