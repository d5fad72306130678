"""Head, brows, lids, eyes and breath: the parts of a talk that follow its melody, not its phones.

Chance comes from one `numpy.random.Generator`; the same voice and seed give the same head everywhere.
"""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap
from engine.speech.acoustics import RATE, smooth
from engine.speech.looking import LookAway, gaze_of
from engine.speech.motion import FPS, Head

BLINK = (0.45, 1.0, 1.0, 0.75, 0.35, 0.1)  # lids per frame
_BLINK_PAUSE = (1.9, 4.2)  # s between blinks
_BLINK_NEAR_PAUSE = 0.5  # s that a blink may move to fall into a pause, where people prefer to blink

YAW, ROLL, PITCH = 4.5, 1.8, 1.5  # degrees, largest sway
NOD = 3.2  # degrees, nod on the strongest stress
TURN, TILT = 1.6, 0.9  # degrees, largest turn and tilt that come with a nod
_SWAY_PERIODS = (2.3, 3.7, 6.1)  # s; no common multiple in a minute, so the sway never repeats
_STRESS_APART = 0.45  # s, least time between two nods
_IN, _OUT = 0.45, 1.6  # s, time constants of breathing in (pauses) and out (speech, and after a breath)
_LONG_ENOUGH = 0.25  # s; people breathe in pauses from about this length
GLANCE = 2.4  # degrees, largest look away in a pause
_GLANCES = 0.6  # part of the pauses, from _LONG_GLANCE on, in which the look goes away
_LONG_GLANCE = 0.35  # s
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
    nods = _bumps(stresses, frames, before=0.17, after=0.34)
    turns, tilts = (
        _bumps([(at, strength * chance.uniform(-1, 1)) for at, strength in stresses], frames, 0.25, 0.7)
        for _ in range(2)
    )
    brows = _bumps([s for s in stresses if chance.random() < 0.3 + 0.6 * s[1]], frames, 0.16, 0.40)
    engaged = _AT_REST + (1 - _AT_REST) * np.interp(
        seconds, np.arange(len(speaking)) / RATE, smooth(speaking, 0.25)
    )
    sway = [_sway(chance, seconds) * engaged for _ in range(3)]
    away = _looks_away(chance, pauses, len(loudness))
    yaw = (YAW * sway[0] + TURN * turns + GLANCE * _glances(away, frames)).astype(np.float32)
    pitch = (PITCH * sway[1] + NOD * nods).astype(np.float32)
    lids = _lids(chance, frames, pauses)
    gaze_yaw, gaze_pitch = gaze_of(away, lids, yaw, pitch, seed)
    return Head(
        lids=lids,
        brows=brows,
        frown=np.zeros(frames, np.float32),
        yaw=yaw,
        pitch=pitch,
        roll=(ROLL * sway[2] + TILT * tilts).astype(np.float32),
        breath=_breathing(pauses, len(loudness), seconds),
        gaze_yaw=gaze_yaw,
        gaze_pitch=gaze_pitch,
    )


def _speaking(steps: int, pauses: list[tuple[int, int]]) -> FloatMap:
    speaking: FloatMap = np.ones(steps, np.float32)
    for start, end in pauses:
        speaking[start:end] = 0
    return speaking


def _sway(chance: np.random.Generator, seconds: NDArray[np.float64]) -> FloatMap:
    """Slow wandering in -1..1: three sines, the slowest strongest, with chance phases, softly limited."""
    strengths = np.array([0.3, 0.55, 0.7])
    phases = chance.uniform(0, 2 * np.pi, len(_SWAY_PERIODS))
    waves = np.sin(2 * np.pi * seconds[:, None] / np.array(_SWAY_PERIODS) + phases)
    sway: FloatMap = np.tanh(waves @ strengths).astype(np.float32)
    return sway


def _looks_away(chance: np.random.Generator, pauses: list[tuple[int, int]], steps: int) -> list[LookAway]:
    """Looks away that begin with a pause and come back when speech goes on."""
    looks = []
    for start, end in pauses:
        inner = start > 0 and end < steps
        side, goes = chance.choice((-1, 1)) * chance.uniform(0.6, 1), chance.random() < _GLANCES
        if inner and goes and end - start >= _LONG_GLANCE * RATE:
            looks.append(LookAway(start / RATE, end / RATE, float(side)))
    return looks


def _glances(away: list[LookAway], frames: int) -> FloatMap:
    """The head's part in looks away, -1..1, float32 (frames,)."""
    seconds = np.arange(frames) / FPS
    track = np.zeros(frames)
    for look in away:
        goes, comes = _eased((seconds - look.start) / 0.3), _eased((look.end + 0.25 - seconds) / 0.4)
        track += look.side * goes * comes
    return track.astype(np.float32)


def _eased(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 without a jerk at either end."""
    part = np.clip(part, 0, 1)
    return part**3 * (part * (6 * part - 15) + 10)


def _breathing(pauses: list[tuple[int, int]], steps: int, seconds: NDArray[np.float64]) -> FloatMap:
    """Shoulders: up in pauses, down while speaking, slow breaths where nobody speaks for long; 0..1."""
    resting = np.zeros(steps, np.bool_)
    for start, end in pauses:
        resting[start:end] = end - start >= _LONG_ENOUGH * RATE
    track = np.zeros(steps, np.float32)
    level, drawing = 0.3, False
    for step in range(steps):
        if resting[step] and (step == 0 or not resting[step - 1] or level < 0.15):
            drawing = True
        drawing = drawing and bool(resting[step]) and level < 0.95
        level += (1.1 - level) / (_IN * RATE) if drawing else -level / (_OUT * RATE)
        track[step] = level
    shown: FloatMap = np.interp(seconds, np.arange(steps) / RATE, smooth(track, 0.12)).astype(np.float32)
    return np.clip(shown, 0, 1)


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
    """A soft rise to each stress and a slower return, added where they meet; -1..1, float32 (frames,)."""
    seconds = np.arange(frames) / FPS
    track = np.zeros(frames)
    for moment, strength in stresses:
        away = seconds - moment
        part = np.where(away < 0, 1 + away / before, 1 - away / after)
        track += strength * _eased(part)
    return np.clip(track, -1, 1).astype(np.float32)


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
