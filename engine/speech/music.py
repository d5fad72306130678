"""Music behind a voice, or instead of one: which sound is no voice and should not move a mouth.

Strings, keys and pipes hold their pitch to a fraction of a per cent; voices do not, not even when they sing.
So the fine structure of a spectrum stays as it is from one moment to the next in music and moves on in
voices. Drums and basses add what no voice has: power below 72 Hz. And the recogniser hears hardly any phones
in music. All is averaged over two seconds: people need about that long, too.

Correlations 100 ms apart, means of 8 s: speech .08 to .20, speech over a band as loud as itself .36, vowels
sung with vibrato .45, hummed with .2 to 1 % of unsteadiness .56 to .44; four recorded pieces and nine made
of tones .39 (with a third of its power in the bass) to 1; drums alone .1, with a tenth in the bass.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Samples
from engine.speech.acoustics import RATE, smooth
from engine.speech.phones import Phone
from engine.voice import ANALYSIS_RATE

_HOP = ANALYSIS_RATE // 20  # samples: 50 ms
_LATER = 2  # hops: 100 ms, in which a voice has moved on
_FFT = 2048  # samples: 128 ms, resolves the harmonics of low voices
_TONES = (300.0, 4000.0)  # Hz
_ENVELOPE = 15  # bins: formants and timbre, which are taken off
_BASS = (25.0, 72.0)  # Hz, below the lowest voice
_MOST_BASS = 0.2  # of the power; more says no more
_PER_PHONE = 0.03  # what a phone a second says against music
_MOST_PHONES = 6.0  # a second
_NO_VOICE = 0.60  # the sum from which there is no voice
_DRUM_BASS, _DRUM_STEADY = 0.07, 0.30  # drums alone: bass, and nothing that lasts
_DRUM_PHONES = 0.5  # a second, at most
_AROUND = 0.8  # s, of the Gaussian over which all of it is averaged
_AUDIBLE = 0.3  # relative loudness from which a moment counts
_WORDS = 3.5  # phones a second that are words, whatever music there is


def music(samples: Samples, loudness: FloatMap, phones: list[Phone]) -> NDArray[np.bool_]:
    """Tell where there is music without a voice.

    Parameters
    ----------
    samples : at 16 kHz
    loudness : float32 (steps,), `acoustics.relative_loudness`
    phones : what the recogniser heard

    Returns
    -------
    bool (steps,) at 100 Hz
    """
    steps = len(loudness)
    if steps == 0:
        return np.zeros(0, np.bool_)
    every = _HOP * RATE // ANALYSIS_RATE
    spectra = _spectra(samples)[: -(-steps // every)]
    weight = np.clip(loudness[::every] - _AUDIBLE, 0, None)[: len(spectra)].astype(np.float32) + 1e-4
    steady = _mean(_steadiness(np.sqrt(spectra)), weight)
    bass = _bass(spectra)
    rate = _rate(phones, steps)[::every][: len(spectra)]
    tonal = steady + np.minimum(bass, _MOST_BASS) - _PER_PHONE * np.minimum(rate, _MOST_PHONES) > _NO_VOICE
    drums = (bass > _DRUM_BASS) & (steady < _DRUM_STEADY) & (rate < _DRUM_PHONES)
    return np.asarray(np.repeat(tonal | drums, every)[:steps], np.bool_)


def without_strays(phones: list[Phone], musical: NDArray[np.bool_]) -> list[Phone]:
    """Leave out the few phones that a recogniser hears in music."""
    rate = _rate(phones, len(musical))
    middles = [min(round((phone.start + phone.end) / 2 * RATE), len(musical) - 1) for phone in phones]
    return [p for p, at in zip(phones, middles, strict=True) if not musical[at] or rate[at] >= _WORDS]


def _spectra(samples: Samples) -> FloatMap:
    """Power, float32 (hops, bins)."""
    padded = np.pad(samples.astype(np.float32), (_FFT // 2, _FFT))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][: len(samples) // _HOP + 1]
    window = np.hanning(_FFT).astype(np.float32)
    return np.asarray(np.abs(np.fft.rfft(frames * window)) ** 2, np.float32)


def _band(low: float, high: float) -> slice:
    hertz_a_bin = ANALYSIS_RATE / _FFT
    return slice(round(low / hertz_a_bin), round(high / hertz_a_bin))


def _steadiness(amplitudes: FloatMap) -> FloatMap:
    """How much the fine structure of each spectrum is found again _LATER, -1 .. 1, float32 (hops,)."""
    tones = np.sqrt(amplitudes[:, _band(*_TONES)])  # weak harmonics count, too
    fine = tones - cv2.blur(tones, (_ENVELOPE, 1))
    fine /= np.sqrt((fine**2).sum(axis=1, keepdims=True)) + np.float32(1e-6)
    later = np.concatenate([fine[_LATER:], np.repeat(fine[-1:], min(_LATER, len(fine)), axis=0)])
    return np.asarray((fine * later[: len(fine)]).sum(axis=1), np.float32)


def _bass(spectra: FloatMap) -> FloatMap:
    """Share of the power below voices, float32 (hops,)."""
    sigma = _AROUND * ANALYSIS_RATE / _HOP / RATE
    low, all_of_it = spectra[:, _band(*_BASS)].sum(axis=1), spectra[:, _band(_BASS[0], 8000)].sum(axis=1)
    return np.asarray(smooth(low, sigma) / np.maximum(smooth(all_of_it, sigma), 1e-9), np.float32)


def _mean(values: FloatMap, weight: FloatMap) -> FloatMap:
    sigma = _AROUND * ANALYSIS_RATE / _HOP / RATE  # smooth() counts in steps of 10 ms
    return np.asarray(smooth(values * weight, sigma) / smooth(weight, sigma), np.float32)


def _rate(phones: list[Phone], steps: int) -> FloatMap:
    """Phones a second around each step, float32 (steps,)."""
    begun = np.zeros(steps, np.float32)
    for phone in phones:
        begun[min(round(phone.start * RATE), steps - 1)] += RATE
    return smooth(begun, _AROUND)
