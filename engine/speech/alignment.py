"""Where each phone begins and ends: the emissions of the recogniser, laid along the sound itself.

The recogniser says which phones come in which order and, with some spread, when. The sound says where its
spectrum changes. One dynamic programme weighs both: boundaries near the expected onsets, durations as in
speech, and each stretch as similar as possible to the other stretches of its manner *in this recording*
(the manners' spectra are estimated from the recording itself and re-estimated, as in Viterbi training).
No model of any speaker or language is stored.
"""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap
from engine.speech.acoustics import RATE, SHORTEST_PAUSE
from engine.speech.ipa import MANNERS, SILENCE, sound_of
from engine.speech.phones import Emission, Phone

LAG = 0.07
"""s that hama names a phone after it began. Medians of 24 voices, one value each: 70 to 75 ms on read speech
with hand-checked phones, 56 to 86 ms on synthetic speech in seven languages (docs/quality/lag.png, made by
`python -m tests.plot_lag`). The steps below make up for the differences: between 60 and 90 ms the agreement
changes by .03 at most; an estimate per recording was tried and gained nothing."""

_SPREAD = 0.035  # s, deviation of an onset from the expected one (measured: .023-.039)
_PAUSE_SPREAD = 0.04  # s, the same for the ends of pauses found by loudness
_REACH = 8  # steps a boundary may move either way
_ITERATIONS = 3
_WEIGHT_OF_SOUND = 0.11  # neighbouring steps say nearly the same: about nine count as one witness
_TYPICAL = MANNERS.index("silence")
_DURATION = np.array([9, 9, 8, 10, 6, 7, 11, 7, 7, 20], np.float32)  # steps, by manner
_DURATION_SPREAD = 0.55  # of the logarithm of the duration
_LONGEST_CONSONANT = 0.16  # s
_LONGEST_VOWEL = 0.45  # s

Ints = NDArray[np.int64]


def align(
    emissions: list[Emission], features: FloatMap, pauses: list[tuple[int, int]], lag: float = LAG
) -> list[Phone]:
    """Give every emission its span.

    Parameters
    ----------
    emissions : in order of time
    features : float32 (steps, n), `acoustics.spectral_shape`
    pauses : ranges of steps without speech, `acoustics.pauses`
    lag : s that emissions are late

    Returns
    -------
    phones in order, not overlapping; pauses are left out, sounds that no phone explains too
    """
    steps = len(features)
    if not emissions or steps < 3:
        return []
    names, expected = _sequence(emissions, pauses, lag, steps)
    sounds = [sound_of(name) for name in names]
    manners = np.array([MANNERS.index(s.manner) for s in sounds if s is not None])
    starts = expected
    for _ in range(_ITERATIONS):
        fit = _fit_of_manners(features, starts, manners)
        starts = _best_starts(expected, manners, fit)
    ends = np.append(starts[1:], steps)
    return [
        Phone(name, a / RATE, min(b, a + _longest(name)) / RATE)
        for name, a, b in zip(names, starts.tolist(), ends.tolist(), strict=True)
        if name != SILENCE and b > a
    ]


def _longest(name: str) -> int:
    """Steps after which a phone is over, whatever follows."""
    sound = sound_of(name)
    vowel = sound is not None and sound.is_vowel
    return round((_LONGEST_VOWEL if vowel else _LONGEST_CONSONANT) * RATE)


def _sequence(
    emissions: list[Emission], pauses: list[tuple[int, int]], lag: float, steps: int
) -> tuple[list[str], Ints]:
    """Interleave phones and pauses: names, and the step at which each is expected to begin."""
    onsets = [max(0, round((e.seconds - lag) * RATE)) for e in emissions]
    kept = _pauses_between(onsets, pauses)
    items = [(start, 0, SILENCE) for start, _ in kept]
    for emission, onset in zip(emissions, onsets, strict=True):
        items.append((_out_of(kept, onset), 1, emission.name))
    # Python's sort is stable: phones that a pause pushed to one step keep their order.
    items.sort(key=lambda item: item[:2])
    if items[0][2] != SILENCE:
        items.insert(0, (0, 0, SILENCE))
    expected = np.array([item[0] for item in items], np.int64)
    for i in range(1, len(expected)):
        expected[i] = max(expected[i], expected[i - 1] + 1)
    return [item[2] for item in items], np.minimum(expected, steps - 1)


def _pauses_between(onsets: list[int], pauses: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cut pauses where a phone was named deep inside: that was quiet speech."""
    deep = round(0.08 * RATE)
    kept: list[tuple[int, int]] = []
    for start, end in pauses:
        left = start
        for onset in onsets:
            if start + deep < onset < end - deep:
                kept.append((left, onset - 3))
                left = onset + 6
        kept.append((left, end))
    shortest = round(SHORTEST_PAUSE * RATE)
    whole = set(pauses)
    return [(a, b) for a, b in kept if b - a >= shortest or (a, b) in whole]


def _out_of(pauses: list[tuple[int, int]], onset: int) -> int:
    """Move an onset out of a pause, preferably to its end: an onset is heard late, hardly early."""
    for start, end in pauses:
        if start < onset < end:
            return end if end - onset <= onset - start + 6 else max(0, start - 3)
    return onset


def _fit_of_manners(features: FloatMap, starts: Ints, manners: Ints) -> FloatMap:
    """How well each manner explains the sound up to each step: float32 (steps + 1, manners), summed.

    Gaussians with a common diagonal covariance; the mean of a manner with few steps shrinks to that of the
    recording.
    """
    steps = len(features)
    label = np.full(steps, _TYPICAL)
    for manner, start, end in zip(manners, starts, np.append(starts[1:], steps), strict=True):
        label[start:end] = manner
    members = np.eye(len(MANNERS), dtype=np.float32)[label]
    means = (members.T @ features) / (members.sum(axis=0)[:, None] + 8)
    variance = 0.7 * ((features - means[label]) ** 2).mean(axis=0) + 0.3
    scaled, centres = features / np.sqrt(variance), means / np.sqrt(variance)
    likelihood = scaled @ centres.T - 0.5 * (centres**2).sum(axis=1)
    likelihood -= likelihood.mean(axis=1, keepdims=True)
    summed: FloatMap = np.zeros((steps + 1, len(MANNERS)), np.float32)
    summed[1:] = np.cumsum(likelihood * _WEIGHT_OF_SOUND, axis=0)
    return summed


def _best_starts(expected: Ints, manners: Ints, fit: FloatMap) -> Ints:
    """The likeliest beginnings of all phones together."""
    offsets = np.arange(-_REACH, _REACH + 1)
    candidates = np.clip(expected[:, None] + offsets, 0, len(fit) - 2)
    spread = np.where(manners == _TYPICAL, _PAUSE_SPREAD, _SPREAD) * RATE
    prior = -0.5 * ((candidates - expected[:, None]) / spread[:, None]) ** 2
    score = prior[0]
    came_from: list[Ints] = []
    for i in range(1, len(expected)):
        before, here, manner = candidates[i - 1], candidates[i], manners[i - 1]
        length = here[None, :] - before[:, None]
        gain = fit[here, manner][None, :] - fit[before, manner][:, None]
        if manner != _TYPICAL:
            stretch = np.log(np.maximum(length, 1) / _DURATION[manner]) / _DURATION_SPREAD
            gain = gain - 0.5 * stretch**2
        shortest = 2 if i > 1 else 0
        total = score[:, None] + np.where(length >= shortest, gain, -1e6)
        came_from.append(total.argmax(axis=0))
        score = total.max(axis=0) + prior[i]
    chosen = [int(score.argmax())]
    for back in reversed(came_from):
        chosen.append(int(back[chosen[-1]]))
    starts: Ints = candidates[np.arange(len(expected)), chosen[::-1]]
    return starts
