"""What can be heard without knowing a language: loudness, spectrum, silence. Everything at 100 Hz."""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Samples
from engine.voice import ANALYSIS_RATE

RATE = 100  # Hz: one value each 10 ms
_HOP = ANALYSIS_RATE // RATE  # samples
_WINDOW = 400  # samples: 25 ms, the usual frame of speech analysis
_FFT = 512
_BANDS = 26  # mel bands, 80 Hz .. 7.6 kHz
_CEPSTRA = 12

_PITCH = (65.0, 400.0)  # Hz, voices from the lowest to a laugh
_PERIOD_WINDOW = 640  # samples: 40 ms, two and a half periods of the lowest
_PERIOD_FFT = 1280  # samples: no period wraps round
_VOICED = (0.4, 0.7)  # autocorrelation at the best period: noise stays under .4, voices reach .9
_HARDLY_VOICED = 0.25
_QUICK = 0.105  # of the loudness range, swing at 2 to 8 Hz: speech and laughter .1 to .17, a breath .09

QUIETEST = -90.0  # dB below full scale
_INAUDIBLE = -62.0  # dB below full scale: silence in a voice of normal loudness
SHORTEST_PAUSE = 0.12  # s; shorter gaps are closures of stops


def steps_of(samples: Samples) -> int:
    """Count the 10 ms steps of a sound."""
    return len(samples) // _HOP + 1


def loudness(samples: Samples) -> FloatMap:
    """Power in dB below full scale, 25 ms windows, float32 (steps,)."""
    power = np.pad(samples.astype(np.float64) ** 2, (_WINDOW // 2, _WINDOW))
    total = np.concatenate([[0.0], np.cumsum(power)])
    start = np.arange(steps_of(samples)) * _HOP
    mean = (total[start + _WINDOW] - total[start]) / _WINDOW
    decibels: FloatMap = (10 * np.log10(np.maximum(mean, 10 ** (QUIETEST / 10)))).astype(np.float32)
    return decibels


def _mel_filters() -> FloatMap:
    """Triangles on the mel scale, float32 (_BANDS, _FFT // 2 + 1)."""
    hertz = np.linspace(0, ANALYSIS_RATE / 2, _FFT // 2 + 1)
    lowest, highest = 2595 * np.log10(1 + np.array([80.0, 7600.0]) / 700)
    mel_edges = np.linspace(float(lowest), float(highest), _BANDS + 2)
    edges = 700 * (10 ** (mel_edges / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    up, down = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    triangles: FloatMap = np.maximum(0, np.minimum(up, down)).astype(np.float32)
    return triangles


def spectral_shape(samples: Samples, level: FloatMap) -> FloatMap:
    """Cepstra, loudness and their slopes, each with mean 0 and deviation 1 over the recording.

    Parameters
    ----------
    samples : voice at 16 kHz
    level : its `loudness`

    Returns
    -------
    float32 (steps, 2 * (_CEPSTRA + 1))
    """
    emphasised = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    padded = np.pad(emphasised.astype(np.float32), (_WINDOW // 2, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: steps_of(samples)]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32), _FFT)) ** 2
    mel = np.log(power @ _mel_filters().T + 1e-7)
    cosines = np.cos(np.pi * np.outer(np.arange(1, _CEPSTRA + 1), np.arange(_BANDS) + 0.5) / _BANDS)
    now = np.column_stack([mel @ cosines.T, np.maximum(level, np.percentile(level, 99) - 50)])
    slope = np.zeros_like(now)
    slope[2:-2] = (now[4:] - now[:-4]) / 2 + (now[3:-1] - now[1:-3]) / 4
    features = np.concatenate([now, slope], axis=1)
    deviation = np.maximum(features.std(axis=0), 1e-6)
    standard: FloatMap = ((features - features.mean(axis=0)) / deviation).astype(np.float32)
    return standard


def voicing(samples: Samples) -> FloatMap:
    """How periodic the sound is within _PITCH: 0 noise .. 1 a voice, float32 (steps,)."""
    padded = np.pad(samples.astype(np.float32), (_PERIOD_WINDOW // 2, _PERIOD_FFT))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _PERIOD_WINDOW)[::_HOP][: steps_of(samples)]
    window = np.hanning(_PERIOD_WINDOW).astype(np.float32)
    hertz = np.fft.rfftfreq(_PERIOD_FFT, 1 / ANALYSIS_RATE)
    low = (hertz > 60) & (hertz < 1500)  # where the first harmonics are; hiss is left out
    power = np.abs(np.fft.rfft(frames * window, _PERIOD_FFT)) ** 2 * low
    again = np.fft.irfft(power)[:, : _PERIOD_WINDOW // 2]
    # A window alone is less like itself the farther it is shifted; that is taken off (Boersma 1993).
    fading = np.fft.irfft(np.abs(np.fft.rfft(window, _PERIOD_FFT)) ** 2)[: _PERIOD_WINDOW // 2]
    alike = again / np.maximum(again[:, :1], 1e-9) / (fading / fading[0])
    first, last = (round(ANALYSIS_RATE / pitch) for pitch in reversed(_PITCH))
    part = (alike[:, first:last].max(axis=1) - _VOICED[0]) / (_VOICED[1] - _VOICED[0])
    voiced: FloatMap = part.clip(0, 1).astype(np.float32)
    return voiced


def airy(voiced: FloatMap, loudness: FloatMap) -> NDArray[np.bool_]:
    """Steps of breath, wind and other noise: without a voice, and swelling more slowly than laughter.

    Parameters
    ----------
    voiced : float32 (steps,), `voicing`
    loudness : float32 (steps,), `relative_loudness`
    """
    swing = smooth(np.abs(smooth(loudness, 0.03) - smooth(loudness, 0.1)), 0.15)
    return np.asarray((smooth(voiced, 0.12) < _HARDLY_VOICED) & (swing < _QUICK), np.bool_)


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open ranges in which `flags` is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def pauses(level: FloatMap) -> list[tuple[int, int]]:
    """Steps in which nobody speaks: quiet for SHORTEST_PAUSE or longer, or at an end of the voice.

    Quiet is within 8 dB (or a third of the voice's range, if that is less) of the noise floor, or 38 dB below
    its loudest part; a voice without any pause has no floor to measure, so it never is above 12 dB below.
    What nobody could hear is quiet in any case.
    """
    if len(level) == 0:
        return []
    floor, loud = float(np.percentile(level, 5)), float(np.percentile(level, 95))
    threshold = min(max(floor + min(8.0, 0.35 * (loud - floor)), loud - 38.0), loud - 12.0)
    threshold = max(threshold, _INAUDIBLE)
    quiet = runs(level < threshold)
    shortest = round(SHORTEST_PAUSE * RATE)
    return [(a, b) for a, b in quiet if b - a >= shortest or a == 0 or b == len(level)]


def relative_loudness(level: FloatMap) -> FloatMap:
    """Loudness as a part 0..1 of the voice's own range (its 10th to 95th percentile, 14 to 34 dB).

    Smoothed over about 50 ms, as a jaw is too heavy to follow single periods. Float32 (steps,).
    """
    loud = np.percentile(level, 95)
    span = float(np.clip(loud - np.percentile(level, 10), 14.0, 34.0))
    part = np.clip((level - (loud - span)) / span, 0.0, 1.0)
    return smooth(part.astype(np.float32), 0.025)


def smooth(track: FloatMap, seconds: float) -> FloatMap:
    """Blur a track at 100 Hz with a Gaussian of the given standard deviation; its ends are held."""
    radius = max(1, round(3 * seconds * RATE))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (seconds * RATE)) ** 2)
    held = np.pad(track, radius, mode="edge")
    return np.convolve(held, kernel / kernel.sum(), mode="valid").astype(np.float32)
