"""The kinds of work that the engine can be asked for, and how a talk can look and sound."""

from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    """Kind of a job."""

    PREVIEW = "preview"  # one's own face in every style
    DRAW = "draw"  # a character
    SPEAK = "speak"  # a talk
    BACKGROUND = "background"  # a picture of one's own, to lie behind a character


class Feeling(StrEnum):
    """How a character looks while it speaks; the engine calls it an expression."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    SURPRISED = "surprised"


class Effect(StrEnum):
    """What is done with the sound of a voice; the engine has the same names."""

    NONE = "none"
    HIGHER = "higher"
    DEEPER = "deeper"
    ROBOT = "robot"
    ECHO = "echo"


class Background(StrEnum):
    """Colours behind a character; bot/artist.py says which they are."""

    WARM = "warm"
    WHITE = "white"
    ROSE = "rose"
    LILAC = "lilac"
    SKY = "sky"
    MINT = "mint"
    NIGHT = "night"


@dataclass(frozen=True)
class Manner:
    """How a talk is to look and sound.

    Attributes
    ----------
    background : colour behind the character, unless there is a picture of one's own
    caption : the person's own words over the video; "" for none
    """

    feeling: Feeling = Feeling.NEUTRAL
    effect: Effect = Effect.NONE
    background: Background = Background.WARM
    caption: str = ""


PLAIN = Manner()
