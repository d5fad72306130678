"""Music without a voice, made from tones and noise, at 16 kHz, about as loud as can be."""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from engine.arrays import Samples
from engine.voice import ANALYSIS_RATE

RATE = ANALYSIS_RATE


def _note(hertz: float, seconds: float, decay: float, harmonics: int, attack: float = 0.005) -> Samples:
    """A string: harmonics that fade, the high ones sooner."""
    moment = np.arange(int(seconds * RATE)) / RATE
    orders = [k for k in range(1, harmonics + 1) if k * hertz < 7500]
    sound = sum(
        np.sin(2 * np.pi * hertz * k * moment) / k * np.exp(-decay * (1 + 0.3 * k) * moment) for k in orders
    )
    ends = np.minimum(1, np.minimum(moment / attack, moment[::-1] / 0.02))
    return np.asarray(sound * ends, np.float32)


def _laid_out(seconds: float, notes: list[tuple[float, Samples]]) -> Samples:
    sound = np.zeros(int(seconds * RATE), np.float32)
    for start, note in notes:
        first = min(len(sound), int(start * RATE))
        last = min(len(sound), first + len(note))
        sound[first:last] += note[: last - first]
    return (sound / np.abs(sound).max()).astype(np.float32)


def keys(seconds: float = 5) -> Samples:
    """A piano: two notes at a time, three or four times a second."""
    chance = np.random.default_rng(0)
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    starts = np.cumsum(chance.choice([0.25, 0.35], int(4 * seconds)))
    return _laid_out(seconds, [(s, _note(f, 1.2, 3, 8)) for s in starts for f in chance.choice(scale, 2)])


def chords(seconds: float = 5) -> Samples:
    """Three slow tones together, another chord each second."""
    roots = np.resize([220, 174.6, 261.6, 196], int(seconds))
    notes = [(i, _note(r * part, 1.1, 0.1, 10, 0.2)) for i, r in enumerate(roots) for part in (1, 1.26, 1.5)]
    return _laid_out(seconds, notes)


def drums(seconds: float = 5) -> Samples:
    """A bass drum and a snare in turns, twice a second each, and a cymbal."""
    chance = np.random.default_rng(3)
    moment = np.arange(int(0.3 * RATE)) / RATE
    kick = 2 * np.sin(2 * np.pi * (50 * moment + 8 * (1 - np.exp(-30 * moment)))) * np.exp(-12 * moment)
    snare = 0.7 * chance.normal(size=len(moment)) * np.exp(-18 * moment)
    cymbal = 0.2 * chance.normal(size=len(moment)) * np.exp(-60 * moment)
    beats = range(int(4 * seconds))
    return _laid_out(seconds, [(i / 4, cymbal + (kick, 0 * kick, snare, 0 * kick)[i % 4]) for i in beats])


def band(seconds: float = 5) -> Samples:
    """Keys, drums and a bass."""
    bass = [(i / 2, _note([55, 49, 73.4, 65.4][i // 4 % 4], 0.5, 3, 6)) for i in range(int(2 * seconds))]
    parts = (keys(seconds), drums(seconds), _laid_out(seconds, bass))
    return (sum(part / part.std() for part in parts) / 8).astype(np.float32)


INSTRUMENTS: MappingProxyType[str, Callable[[], Samples]] = MappingProxyType(
    {"keys": keys, "chords": chords, "drums": drums, "band": band}
)
