"""The kinds of work that the engine can be asked for."""

from enum import StrEnum


class JobKind(StrEnum):
    """Kind of a job."""

    PREVIEW = "preview"  # one's own face in every style
    DRAW = "draw"  # a character
    SPEAK = "speak"  # a talk
