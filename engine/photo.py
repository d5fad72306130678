"""A photo as the engine sees it, and what it must be."""

from dataclasses import dataclass

from engine.arrays import Pixels
from engine.errors import Notice


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Attributes
    ----------
    pixels : uint8 (H, W, 3), RGB, upright by its EXIF orientation
    notices : words about the decoding (first frame of an animation)
    """

    pixels: Pixels
    notices: tuple[Notice, ...] = ()
