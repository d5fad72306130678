"""What happens to a voice between a mouth and us: rooms, noise, music, telephones, bad microphones.

Each is a function of the sound at 16 kHz and a random generator; none moves the voice in time.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from engine.arrays import Samples
from engine.voice import ANALYSIS_RATE

Condition = Callable[[Samples, np.random.Generator], Samples]


def _at_ratio(voice: Samples, other: Samples, decibels: float) -> Samples:
    """Add `other` so many dB below the voice."""
    level = float(np.sqrt((voice**2).mean() / max(1e-12, float((other**2).mean()))))
    mixed: Samples = (voice + other * level * 10 ** (-decibels / 20)).astype(np.float32)
    return mixed


def _coloured(length: int, chance: np.random.Generator) -> Samples:
    """Noise whose power falls with frequency, as of rooms and streets."""
    spectrum = np.fft.rfft(chance.normal(size=length))
    hertz = np.fft.rfftfreq(length, 1 / ANALYSIS_RATE)
    noise: Samples = np.fft.irfft(spectrum / np.sqrt(1 + (hertz / 200) ** 2), length).astype(np.float32)
    return noise


def noise_20(voice: Samples, chance: np.random.Generator) -> Samples:
    """Noise 20 dB below the voice."""
    return _at_ratio(voice, _coloured(len(voice), chance), 20)


def noise_10(voice: Samples, chance: np.random.Generator) -> Samples:
    """Noise 10 dB below the voice."""
    return _at_ratio(voice, _coloured(len(voice), chance), 10)


def room(voice: Samples, chance: np.random.Generator) -> Samples:
    """A room of 0.4 s reverberation, two metres from the microphone."""
    length = int(0.4 * ANALYSIS_RATE)
    tail = chance.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= 0.7 / np.sqrt((tail**2).sum())
    tail[:80] = 0
    tail[0] = 1
    size = len(voice) + length
    heard = np.fft.irfft(np.fft.rfft(voice, size) * np.fft.rfft(tail, size), size)[: len(voice)]
    return heard.astype(np.float32)


def telephone(voice: Samples, chance: np.random.Generator) -> Samples:
    """300 to 3,400 Hz, as at 8 kHz."""
    spectrum = np.fft.rfft(voice)
    hertz = np.fft.rfftfreq(len(voice), 1 / ANALYSIS_RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, len(voice)).astype(np.float32)


def clipped(voice: Samples, chance: np.random.Generator) -> Samples:
    """Recorded 18 dB too loud."""
    return np.clip(8 * voice / np.abs(voice).max(), -1, 1).astype(np.float32)


def music(voice: Samples, chance: np.random.Generator) -> Samples:
    """A band 12 dB below the voice: chords, a bass and a drum, two beats a second."""
    seconds = np.arange(len(voice)) / ANALYSIS_RATE
    beat = np.floor(seconds * 2).astype(int)
    since = seconds * 2 - beat
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(beat // 4) % 4]
    chord = sum(np.sin(2 * np.pi * np.cumsum(roots * part) / ANALYSIS_RATE) for part in (1, 1.26, 1.5, 2))
    bass = np.sin(2 * np.pi * np.cumsum(roots / 4) / ANALYSIS_RATE) * np.exp(-3 * since)
    drum = chance.normal(size=len(voice)) * np.exp(-25 * since)
    return _at_ratio(voice, (0.3 * chord * np.exp(-since) + bass + 0.8 * drum).astype(np.float32), 12)


def loud(voice: Samples, chance: np.random.Generator) -> Samples:
    """As loud as a file can be."""
    return (voice / np.abs(voice).max()).astype(np.float32)


def soft(voice: Samples, chance: np.random.Generator) -> Samples:
    """30 dB softer, with the hiss of the microphone."""
    return (voice * 0.03 + chance.normal(0, 1e-4, len(voice))).astype(np.float32)


CONDITIONS: MappingProxyType[str, Condition] = MappingProxyType(
    {
        "noise-20dB": noise_20,
        "noise-10dB": noise_10,
        "room": room,
        "telephone": telephone,
        "clipped": clipped,
        "music": music,
        "loud": loud,
        "soft": soft,
    }
)
