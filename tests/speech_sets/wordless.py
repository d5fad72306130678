"""Sounds of people that are no words: laughter, breath, singing. Source and filter, made from nothing."""

import numpy as np

from engine.arrays import Samples
from engine.voice import ANALYSIS_RATE

VOWELS = {"a": (800, 1200, 2600), "o": (450, 850, 2500), "i": (300, 2200, 2900), "u": (330, 800, 2300)}
"""First three formants of an adult's vowels, Hz."""


def _resonator(sound: Samples, hertz: float, width: float) -> Samples:
    """One formant: the response of a two-pole resonance, as a short convolution."""
    moment = np.arange(int(0.03 * ANALYSIS_RATE)) / ANALYSIS_RATE
    ring = np.exp(-np.pi * width * moment) * np.sin(2 * np.pi * hertz * moment)
    return np.convolve(sound, ring)[: len(sound)].astype(np.float32)


def sung(vowel: str, pitch: Samples, chance: np.random.Generator) -> Samples:
    """A vowel on a pitch track (Hz at each sample); float32, peak 1."""
    phase = np.cumsum(pitch) / ANALYSIS_RATE
    source = (np.diff(np.floor(phase), prepend=0) > 0).astype(np.float32)
    source += 0.02 * chance.normal(size=len(pitch)).astype(np.float32)
    sound = np.zeros(len(pitch), np.float32)
    for hertz, part in zip(VOWELS[vowel], (1, 0.5, 0.25), strict=True):
        sound += part * _resonator(source, hertz, 60 + 0.05 * hertz)
    return (sound / np.abs(sound).max()).astype(np.float32)


def silence(seconds: float) -> Samples:
    """The hiss of a quiet room."""
    chance = np.random.default_rng(1)
    return chance.normal(0, 2e-4, int(seconds * ANALYSIS_RATE)).astype(np.float32)


def laughter(bursts: int = 7) -> Samples:
    """Ha-ha-ha: voiced bursts of 110 ms, 4.8 a second, falling and fading, each begun by breath."""
    chance = np.random.default_rng(5)
    sound = silence(bursts / 4.8 + 0.3)
    for number in range(bursts):
        length = int(0.11 * ANALYSIS_RATE)
        pitch = np.linspace(330 - 12 * number, 280 - 12 * number, length)
        shape = np.hanning(length) ** 0.7 * 0.6 * 0.92**number
        start = int((number / 4.8 + 0.1) * ANALYSIS_RATE)
        sound[start : start + length] += (sung("a", pitch, chance) * shape).astype(np.float32)
        puff = int(0.06 * ANALYSIS_RATE)
        sound[start - puff : start] += (0.03 * chance.normal(size=puff) * np.hanning(puff)).astype(np.float32)
    return sound


def breath(seconds: float = 0.7, level: float = 0.012) -> Samples:
    """Air drawn in through the nose or barely open lips: soft noise that swells and stops."""
    chance = np.random.default_rng(6)
    noise = chance.normal(size=int(seconds * ANALYSIS_RATE)).astype(np.float32)
    drawn = _resonator(noise, 1100, 900) + 0.5 * _resonator(noise, 2600, 1500)
    swell = np.sin(np.linspace(0, np.pi, len(noise)) ** 0.8) ** 1.5
    return (level * drawn / drawn.std() * swell).astype(np.float32)


def song() -> Samples:
    """Six long notes on vowels, with vibrato, without consonants."""
    chance = np.random.default_rng(4)
    notes = []
    for hertz, vowel in ((220, "a"), (247, "o"), (262, "i"), (294, "a"), (330, "u"), (262, "a")):
        moment = np.arange(int(0.7 * ANALYSIS_RATE)) / ANALYSIS_RATE
        pitch = hertz * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * moment))
        ends = np.minimum(1, np.minimum(moment, moment[::-1]) / 0.05)
        notes += [0.5 * sung(vowel, pitch, chance) * ends, silence(0.08)]
    return np.concatenate(notes).astype(np.float32)
