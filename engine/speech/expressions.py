"""Expressions: what a face shows all the while it speaks, laid over the motion of the voice.

Smile and frown are tracks of their own; brows, lids and the carriage of the head are offsets. Nothing touches
jaw and closure: lips close and open as the voice says, whatever the mood.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from engine.arrays import FloatMap
from engine.speech.acoustics import RATE, smooth
from engine.speech.motion import FPS, Head, Motion, Mouth


class Expression(StrEnum):
    """How somebody feels while speaking."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    SURPRISED = "surprised"


@dataclass(frozen=True)
class Look:
    """Offsets of an expression; the tracks are `motion.Motion`'s.

    Attributes
    ----------
    smile, frown, brows, lids, lip_raise : added
    pitch, roll : degrees, added
    energy : of the head's own movement
    """

    smile: float = 0.0
    frown: float = 0.0
    brows: float = 0.0
    lids: float = 0.0
    lip_raise: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    energy: float = 1.0


LOOKS = MappingProxyType(
    {
        Expression.NEUTRAL: Look(),
        Expression.HAPPY: Look(smile=1.0, brows=0.25, lids=0.06, lip_raise=0.10, pitch=-0.8, energy=1.15),
        Expression.SAD: Look(smile=-1.0, frown=-1.0, lids=0.10, pitch=2.6, roll=1.6, energy=0.65),
        Expression.ANGRY: Look(smile=-0.5, frown=1.0, brows=-0.45, lids=0.06, pitch=1.4, energy=1.2),
        Expression.SURPRISED: Look(frown=-0.3, brows=1.0, pitch=-1.4, energy=0.9),
    }
)

_SPOKEN_SMILE = 0.6  # part of a smile that the roundest lips leave
_STIR = 0.12  # a mood swells and fades by so much with the voice: a face that holds still is a mask
_STIR_SECONDS = 0.7  # s, how slowly


def motion_with(expression: Expression, mouth: Mouth, head: Head, loudness: FloatMap) -> Motion:
    """Put a mouth and a head together under an expression.

    Parameters
    ----------
    loudness : float32 (steps,) in 0..1 at 100 Hz, `acoustics.relative_loudness`
    """
    look = LOOKS[expression]
    frames = len(mouth.viseme)
    seconds = np.arange(frames) / FPS
    stir = smooth(loudness, _STIR_SECONDS)
    strength = 1 - _STIR + 2 * _STIR * np.interp(seconds, np.arange(len(stir)) / RATE, stir)
    smile = look.smile * strength * (1 - (1 - _SPOKEN_SMILE) * mouth.rounding)
    felt_mouth = replace(
        mouth,
        smile=_limited(smile),
        lip_raise=_limited(mouth.lip_raise + look.lip_raise * mouth.jaw, low=0),
    )
    felt_head = replace(
        head,
        lids=_limited(head.lids + (1 - head.lids) * look.lids, low=0),
        # raised brows have less way to go up on a stress
        brows=_limited(head.brows * (1 - 0.6 * abs(look.brows)) + look.brows * strength),
        frown=_limited(look.frown * strength),
        yaw=(head.yaw * look.energy).astype(np.float32),
        pitch=(head.pitch * look.energy + look.pitch).astype(np.float32),
        roll=(head.roll * look.energy + look.roll).astype(np.float32),
    )
    return Motion(**vars(felt_mouth), **vars(felt_head))


def _limited(track: np.ndarray, low: float = -1) -> FloatMap:
    limited: FloatMap = np.clip(track, low, 1).astype(np.float32)
    return limited
