"""Head, brows, lids and breath: the parts of a talk that follow its melody, not its phones.

Chance comes from one `numpy.random.Generator`; the same voice and seed give the same head everywhere.
"""

import numpy as np

from engine.arrays import FloatMap
from engine.speech.acoustics import RATE, smooth
from engine.speech.motion import FPS, Head

BLINK = (0.45, 1.0, 1.0, 0.75, 0.35, 0.1)  # lids per frame
_BLINK_PAUSE = (1.9, 4.2)  # s between blinks
_BLINK_NEAR_PAUSE = 0.5  # s that a blink may move to fall into a pause, where people prefer to blink

YAW, ROLL, PITCH = 4.5, 1.8, 1.5  # degrees, largest sway
NOD = 3.2  # degrees, nod on the strongest stress
TURN, TILT = 1.6, 0.9  # degrees, largest turn and tilt that come with a nod
_SWAY_PERIODS = (2.3, 3.7, 6.1)  # s; no common multiple in a minute, so the sway never repeats
_STRESS_APART = 0.45  # s, least time between two nods
_BREATH = 3.6  # s for one breath
_AT_REST = 0.45  # part of the sway that is left in a long pause


def head_of(loudness: FloatMap, pauses: list[tuple[int, int]], frames: int, seed: int) -> Head:
    """Move the head.

    Parameters
    ----------
    loudness : float32 (steps,) in 0..1 at 100 Hz
    pauses : ranges of steps without speech
    frames : length of the motion
    seed : of chance
    """
    chance = np.random.default_rng(seed)
    speaking = _speaking(len(loudness), pauses)
    seconds = np.arange(frames) / FPS
    stresses = _stresses(loudness * speaking)
    nods = _bumps(stresses, frames, before=0.12, after=0.30)
    turns, tilts = (
        _bumps([(at, strength * chance.uniform(-1, 1)) for at, strength in stresses], frames, 0.25, 0.7)
        for _ in range(2)
    )
    brows = _bumps([s for s in stresses if chance.random() < 0.3 + 0.6 * s[1]], frames, 0.16, 0.40)
    engaged = _AT_REST + (1 - _AT_REST) * np.interp(
        seconds, np.arange(len(speaking)) / RATE, smooth(speaking, 0.25)
    )
    sway = [_sway(chance, seconds) * engaged for _ in range(3)]
    phase = chance.uniform(0, 2 * np.pi)
    return Head(
        lids=_lids(chance, frames, pauses),
        brows=brows,
        frown=np.zeros(frames, np.float32),
        yaw=(YAW * sway[0] + TURN * turns).astype(np.float32),
        pitch=(PITCH * sway[1] + NOD * nods).astype(np.float32),
        roll=(ROLL * sway[2] + TILT * tilts).astype(np.float32),
        breath=(0.5 - 0.5 * np.cos(2 * np.pi * seconds / _BREATH + phase)).astype(np.float32),
    )


def _speaking(steps: int, pauses: list[tuple[int, int]]) -> FloatMap:
    speaking: FloatMap = np.ones(steps, np.float32)
    for start, end in pauses:
        speaking[start:end] = 0
    return speaking


def _sway(chance: np.random.Generator, seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> FloatMap:
    """Slow wandering in -1..1: three sines, the slowest strongest, with chance phases, softly limited."""
    strengths = np.array([0.3, 0.55, 0.7])
    phases = chance.uniform(0, 2 * np.pi, len(_SWAY_PERIODS))
    waves = np.sin(2 * np.pi * seconds[:, None] / np.array(_SWAY_PERIODS) + phases)
    sway: FloatMap = np.tanh(waves @ strengths).astype(np.float32)
    return sway


def _stresses(loudness: FloatMap) -> list[tuple[float, float]]:
    """Stressed syllables: (s, strength 0..1), the loudest first taken, at least _STRESS_APART apart."""
    envelope = smooth(loudness, 0.06)
    rising = envelope - smooth(loudness, 0.4)
    middle = envelope[1:-1]
    peaks = np.flatnonzero((middle >= envelope[:-2]) & (middle > envelope[2:]) & (rising[1:-1] > 0.08)) + 1
    chosen: list[int] = []
    for peak in sorted(peaks.tolist(), key=lambda p: -float(rising[p])):
        if all(abs(peak - other) >= _STRESS_APART * RATE for other in chosen):
            chosen.append(peak)
    strongest = max((float(rising[p]) for p in chosen), default=1.0)
    return [(p / RATE, float(rising[p]) / strongest) for p in sorted(chosen)]


def _bumps(stresses: list[tuple[float, float]], frames: int, before: float, after: float) -> FloatMap:
    """A soft rise to each stress and a slower return; -1..1, float32 (frames,)."""
    seconds = np.arange(frames) / FPS
    track = np.zeros(frames)
    for moment, strength in stresses:
        away = seconds - moment
        part = np.where(away < 0, 1 + away / before, 1 - away / after)
        part = np.clip(part, 0, 1)
        bump = strength * part * part * (3 - 2 * part)
        track = np.where(np.abs(bump) > np.abs(track), bump, track)
    return track.astype(np.float32)


def _lids(chance: np.random.Generator, frames: int, pauses: list[tuple[int, int]]) -> FloatMap:
    """Blinks every few seconds, drawn towards the beginnings of pauses; float32 (frames,)."""
    lids: FloatMap = np.zeros(frames, np.float32)
    inner = [start / RATE for start, _ in pauses if start > 0]
    moment = float(chance.uniform(0.8, 2.4))
    while moment * FPS < frames:
        near = min(inner, key=lambda p: abs(p - moment), default=moment)
        if abs(near - moment) <= _BLINK_NEAR_PAUSE:
            moment = near
        first = round(moment * FPS)
        shown = min(len(BLINK), frames - first)
        if shown == len(BLINK):  # a talk does not end in the middle of a blink
            lids[first : first + shown] = BLINK
        moment += float(chance.uniform(*_BLINK_PAUSE))
    return lids
