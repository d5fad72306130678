"""From the beginnings that a synthesiser names to reference phones.

Three things that synthesisers do not say are read from their sound: whether a nameless stretch is a pause,
where the closure of a stop begins, which they name at its burst, and where a phone dies away before a pause.
"""

import re

import numpy as np

from engine.arrays import Samples
from engine.evaluate.lips import Spoken
from engine.speech.ipa import sound_of

QUIET = -40.0  # dB below the loudest 10 ms: nobody speaks
CLOSED = -18.0  # dB below the loudest 10 ms of the phone before: the mouth has closed
LONGEST_CLOSURE = 0.09  # s
LONGEST_ECHO = 0.06  # s of quiet at an end of a phone; more is a pause
STEP = 0.005  # s

_MARKS = re.compile("[ˈˌːˑ\u0329\u032a\u031e\u0308\u031a\u0361\\-.;˞0-9ʲʰ↓→↗↘ ]")
_AFFRICATES = (
    ("tʃ", "t͡ʃ"),
    ("dʒ", "d͡ʒ"),
    ("tɕ", "t͡ɕ"),
    ("dʑ", "d͡ʑ"),
    ("ʧ", "t͡ʃ"),
    ("ʤ", "d͡ʒ"),
    ("ʨ", "t͡ɕ"),
    ("ʥ", "d͡ʑ"),
)
_SAME = {
    "ᵻ": "ɪ",
    "q": "k",
    "g": "ɡ",
    "A": "eɪ",
    "I": "aɪ",
    "O": "oʊ",
    "W": "aʊ",
    "Y": "ɔɪ",
    "ʦ": "s",
    "ʣ": "z",
}


def plain(name: str) -> str:
    """A phone's name as engine/speech/ipa.py writes it; empty for signs that are no phone."""
    bare = _MARKS.sub("", name)
    for written, tied in _AFFRICATES:
        if bare.startswith(written):
            return "t͡ʃ" if tied.startswith("t") else "d͡ʒ"
    bare = _SAME.get(bare, bare)
    return bare if sound_of(bare) is not None else ""


def spans_of(begins: list[tuple[float, str]], samples: Samples, rate: int) -> list[Spoken]:
    """Phones without gaps from (s, name) in order; nameless stretches are "sil" where it is quiet."""
    power = _decibels(samples, rate)
    phones: list[Spoken] = []
    ends = [start for start, _ in begins[1:]] + [len(samples) / rate]
    for (start, name), end in zip(begins, ends, strict=True):
        if end <= start:
            continue
        known = plain(name)
        pause = end - start > LONGEST_CLOSURE and _level(power, start, end) < QUIET
        if known or pause or not phones:
            phones.append(Spoken(known or "sil", start, end))
        else:
            phones[-1] = Spoken(phones[-1].name, phones[-1].start, end)
    return _without_silence(_with_closures(phones, power), power)


def _with_closures(phones: list[Spoken], power: Samples) -> list[Spoken]:
    """Begin a stop where the sound before its burst falls away."""
    moved = list(phones)
    for number in range(1, len(moved)):
        before, stop = moved[number - 1], moved[number]
        sound = sound_of(stop.name)
        if sound is None or (sound.manner != "stop" and "͡" not in stop.name) or before.name == "sil":
            continue
        first = max(before.start + 0.03, stop.start - LONGEST_CLOSURE)
        loudest = power[int(before.start / STEP) : int(stop.start / STEP) + 1].max(initial=-90)
        start = stop.start
        while start - STEP >= first and power[int((start - STEP) / STEP)] < loudest + CLOSED:
            start -= STEP
        moved[number - 1] = Spoken(before.name, before.start, start)
        moved[number] = Spoken(stop.name, start, stop.end)
    return moved


def _without_silence(phones: list[Spoken], power: Samples) -> list[Spoken]:
    """Cut long quiet from both ends of each phone."""
    cut: list[Spoken] = []
    for phone in phones:
        first, last = int(phone.start / STEP), int(phone.end / STEP)
        heard = np.flatnonzero(power[first:last] >= QUIET)
        if phone.name == "sil" or len(heard) == 0:
            cut.append(
                Spoken("sil" if last - first > LONGEST_ECHO / STEP else phone.name, phone.start, phone.end)
            )
            continue
        begin, end = (first + heard[0]) * STEP, (first + heard[-1] + 1) * STEP
        begin = begin if begin - phone.start > max(LONGEST_ECHO, LONGEST_CLOSURE) else phone.start
        end = end if phone.end - end > LONGEST_ECHO else phone.end
        parts = (
            Spoken("sil", phone.start, begin),
            Spoken(phone.name, begin, end),
            Spoken("sil", end, phone.end),
        )
        cut += [part for part in parts if part.end - part.start > 1e-6]
    return cut


def _decibels(samples: Samples, rate: int) -> Samples:
    """Power each STEP in 10 ms windows, dB below the loudest."""
    size = round(0.01 * rate)
    total = np.concatenate([[0.0], np.cumsum(np.pad(samples.astype(np.float64) ** 2, (size // 2, size)))])
    at = (np.arange(int(len(samples) / rate / STEP) + 1) * STEP * rate).astype(int)
    power = 10 * np.log10((total[at + size] - total[at]) / size + 1e-9)
    decibels: Samples = (power - power.max()).astype(np.float32)
    return decibels


def _level(power: Samples, start: float, end: float) -> float:
    return float(np.median(power[int(start / STEP) : max(int(start / STEP) + 1, int(end / STEP))]))
