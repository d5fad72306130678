"""Progress of a job: stages that the engine reports, and the place where a cancelled job stops."""

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """Stages in the order a job goes through them."""

    DECODE = "decode"
    FACE = "face"
    MATTE = "matte"
    DRAW = "draw"
    SPEECH = "speech"
    RENDER = "render"
    ENCODE = "encode"


class Progress(Protocol):
    """Called by the engine at least every 0.5 s in drawing and rendering, every 10 s of voice in speech."""

    def __call__(self, stage: Stage, fraction: float) -> None:
        """Note that `stage` is done to `fraction` (0..1).

        Raises
        ------
        Cancelled
            when the person has cancelled the job
        """


def silent(stage: Stage, fraction: float) -> None:
    """Report to nobody, never cancel."""
