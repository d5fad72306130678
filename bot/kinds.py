"""The kinds of work that the engine can be asked for, and the feelings that a character can show."""

from enum import StrEnum


class JobKind(StrEnum):
    """Kind of a job."""

    PREVIEW = "preview"  # one's own face in every style
    DRAW = "draw"  # a character
    SPEAK = "speak"  # a talk


class Feeling(StrEnum):
    """How a character looks while it speaks; the engine calls it an expression."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    SURPRISED = "surprised"
