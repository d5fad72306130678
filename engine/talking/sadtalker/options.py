"""What can be asked of SadTalker, under the names that its users know. Needs no torch."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.errors import PersonProblem


class OptionUnknown(PersonProblem):
    """An option of SadTalker has a name or a value that there is not."""

    message_id = "sadtalker-option"


class Preprocess(StrEnum):
    """What of the drawing is moved, and what is shown.

    The crop of the face (`crop`, and with more around it `extcrop`) or the whole drawing (`resize`) is moved
    and shown; `full` and `extfull` move the crop and show the whole drawing.
    """

    CROP = "crop"
    EXTCROP = "extcrop"
    RESIZE = "resize"
    FULL = "full"
    EXTFULL = "extfull"

    @property
    def is_full(self) -> bool:
        """Whether the moved crop goes back into the whole drawing."""
        return self in {Preprocess.FULL, Preprocess.EXTFULL}


class Precision(StrEnum):
    """Numbers that the convolutions are computed in; key points and coordinates are always float32."""

    AUTO = "auto"  # bfloat16 on a GPU that computes with it, float32 elsewhere
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True)
class Options:
    """Options of a talk.

    Attributes
    ----------
    still : the head keeps its pose; eyes and mouth move as ever
    pose_style : 0 .. 45
    expression_scale : 0 .. 3, 1 is as heard
    ref_eyeblink, ref_pose : videos whose eyes, or whose head, the character follows
    yaw, pitch, roll : degrees that the head visits one after the other at an even speed; None as heard
    size : px, of the pictures that the networks draw: 256 or 512
    batch_size : frames drawn at once; 0 leaves it to the machine
    enhancer : file of a face restoration model that the package spandrel can read (GFPGAN, RestoreFormer)
    """

    preprocess: Preprocess = Preprocess.FULL
    still: bool = False
    pose_style: int = 0
    expression_scale: float = 1.0
    ref_eyeblink: Path | None = None
    ref_pose: Path | None = None
    yaw: tuple[float, ...] | None = None
    pitch: tuple[float, ...] | None = None
    roll: tuple[float, ...] | None = None
    size: int = 256
    batch_size: int = 0
    enhancer: Path | None = None
    precision: Precision = Precision.AUTO

    def __post_init__(self) -> None:
        checks = {
            "pose_style is 0 to 45": 0 <= self.pose_style <= 45,
            "expression_scale is 0 to 3": 0 <= self.expression_scale <= 3,
            "size is 256 or 512": self.size in {256, 512},
            "batch_size is 0 to 64": 0 <= self.batch_size <= 64,
            "angles are -90 to 90": all(
                abs(angle) <= 90 for path in (self.yaw, self.pitch, self.roll) for angle in path or ()
            ),
        }
        for rule, kept in checks.items():
            if not kept:
                raise OptionUnknown(rule, found=rule)


def _truth(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise ValueError("is true or false")
    return value.lower() == "true"


def _angles(value: str) -> tuple[float, ...]:
    return tuple(float(angle) for angle in value.split(":"))


READERS: Mapping[str, Callable[[str], object]] = {
    "preprocess": Preprocess,
    "still": _truth,
    "pose_style": int,
    "expression_scale": float,
    "ref_eyeblink": Path,
    "ref_pose": Path,
    "yaw": _angles,
    "pitch": _angles,
    "roll": _angles,
    "size": int,
    "batch_size": int,
    "enhancer": Path,
    "precision": Precision,
}


def _items(text: str) -> list[str]:
    try:
        return [item for row in csv.reader([text], skipinitialspace=True, strict=True) for item in row]
    except csv.Error as error:
        raise OptionUnknown(f"{text}: {error}", found=text) from error


def parsed(text: str) -> Options:
    """Read options such as `still,pose_style=3,yaw=-20:20`; nothing is all as it is by default.

    Parameters
    ----------
    text : names with `=` and values, with commas between; a name alone switches on; angles of a list have
        colons between; an option with a comma in it stands in double quotes: `still,"ref_pose=a, b.mp4"`

    Raises
    ------
    OptionUnknown
    """
    values: dict[str, object] = {}
    for item in filter(None, map(str.strip, _items(text))):
        name, given, value = item.partition("=")
        name = name.strip().removeprefix("--")
        if name not in READERS:
            raise OptionUnknown(f"no option {name!r}", found=name)
        try:
            values[name] = READERS[name](value.strip() if given else "true")
        except ValueError as error:
            raise OptionUnknown(f"{item}: {error}", found=item) from error
    return Options(**values)  # type: ignore[arg-type]
