"""The shapes a mouth takes, and the stretch of time in which it takes them.

Jaw and width come from a trial that was looked at on drawn faces; attack and release follow the usual
observation that lips prepare for rounding and closing earlier than the tongue prepares for its part.
"""

from dataclasses import dataclass
from types import MappingProxyType

from engine.speech.ipa import SILENCE, sound_of
from engine.speech.phones import Phone

_FIRST_OF_TWO = 0.55  # part of a diphthong that belongs to its first vowel


@dataclass(frozen=True)
class Viseme:
    """A target of the mouth and how strongly and how early it asks for it.

    Attributes
    ----------
    jaw : 0 shut .. 1 widest
    width : -1 lips drawn together and forward .. 1 corners drawn apart
    lip_raise : 0 .. 1 upper lip off the teeth
    tongue : 0 .. 1 tip raised
    jaw_weight, lip_weight : how strongly jaw and lips obey beside their neighbours'
    attack, release : s, width of the dominance before and after
    tuck : 0 .. 1 lower lip under the upper teeth
    closes : lips pressed together
    """

    jaw: float
    width: float
    lip_raise: float = 0.0
    tongue: float = 0.0
    jaw_weight: float = 1.0
    lip_weight: float = 1.0
    attack: float = 0.08
    release: float = 0.08
    tuck: float = 0.0
    closes: bool = False


VISEMES = MappingProxyType(
    {
        SILENCE: Viseme(0.0, 0.0, jaw_weight=1.2, lip_weight=0.7, attack=0.09, release=0.07),
        "A": Viseme(1.0, 0.05, 0.25, attack=0.1, release=0.1),
        "AE": Viseme(0.86, 0.35, 0.35, attack=0.1, release=0.1),
        "UH": Viseme(0.52, 0.0, 0.1, jaw_weight=0.8, lip_weight=0.5),
        "E": Viseme(0.58, 0.45, 0.3),
        "ER": Viseme(0.42, -0.25, 0.15, 0.3),
        "I": Viseme(0.30, 0.75, 0.25, attack=0.09, release=0.09),
        "O": Viseme(0.62, -0.65, 0.0, attack=0.11, release=0.1, lip_weight=1.3),
        "U": Viseme(0.26, -1.0, 0.0, attack=0.12, release=0.1, lip_weight=1.5),
        "W": Viseme(0.20, -1.0, 0.0, attack=0.1, release=0.07, jaw_weight=1.2, lip_weight=1.6),
        "L": Viseme(0.40, 0.12, 0.1, 1.0, jaw_weight=0.7, lip_weight=0.25, attack=0.06, release=0.06),
        "S": Viseme(0.14, 0.4, 0.3, 0.4, jaw_weight=1.3, lip_weight=0.5, attack=0.06, release=0.06),
        "SH": Viseme(0.20, -0.6, 0.35, 0.3, jaw_weight=1.3, lip_weight=1.2, attack=0.08, release=0.07),
        "TH": Viseme(0.24, 0.1, 0.2, 0.9, lip_weight=0.3, attack=0.06, release=0.06),
        "R": Viseme(0.26, -0.45, 0.1, 0.3, lip_weight=0.7, attack=0.08, release=0.06),
        "T": Viseme(0.22, 0.15, 0.2, 0.8, jaw_weight=0.9, lip_weight=0.25, attack=0.05, release=0.05),
        "K": Viseme(0.34, 0.05, 0.1, 0.1, jaw_weight=0.6, lip_weight=0.15, attack=0.06, release=0.06),
        "H": Viseme(0.40, 0.0, 0.05, 0.0, jaw_weight=0.3, lip_weight=0.05, attack=0.06, release=0.06),
        "F": Viseme(0.13, 0.1, 0.45, jaw_weight=1.6, attack=0.06, release=0.05, tuck=1.0),
        "P": Viseme(0.10, 0.0, jaw_weight=1.1, lip_weight=0.3, attack=0.06, release=0.05, closes=True),
    }
)


@dataclass(frozen=True)
class Pose:
    """A viseme with its span in the voice, in s."""

    viseme: Viseme
    start: float
    end: float


def poses_of(phones: list[Phone]) -> list[Pose]:
    """Lay out the visemes of phones; diphthongs go through two."""
    poses: list[Pose] = []
    for phone in phones:
        sound = sound_of(phone.name)
        if sound is None:
            continue
        cuts = [phone.start, phone.end]
        if len(sound.visemes) == 2:
            cuts.insert(1, phone.start + _FIRST_OF_TWO * (phone.end - phone.start))
        poses += [Pose(VISEMES[v], a, b) for v, a, b in zip(sound.visemes, cuts, cuts[1:], strict=False)]
    return poses
