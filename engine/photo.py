"""A photo as the engine sees it, and what it must be."""

from dataclasses import dataclass

from engine.arrays import Pixels
from engine.errors import Notice, PhotoProblem

MAX_BYTES = 20_000_000  # of the file
MAX_PIXELS = 50_000_000  # of the picture, by its header, before anything is decoded
MIN_SIDE = 64  # px
LONG_SIDE = 2560  # px; larger photos are made smaller by the decoder: four times the 640 px a face needs

FIRST_FRAME = "first-frame"  # Notice: an animation, of which the first frame was taken


class PhotoUnknown(PhotoProblem):
    """The file is not a photo of a kind that we read, whatever its name says."""

    message_id = "photo-unknown"


class PhotoDamaged(PhotoProblem):
    """The file begins as a photo but cannot be decoded to its end."""

    message_id = "photo-damaged"


class PhotoTooSmall(PhotoProblem):
    """A side is shorter than `needed` px."""

    message_id = "photo-too-small"


class PhotoTooLarge(PhotoProblem):
    """The picture has more than `megapixels` million pixels."""

    message_id = "photo-too-large"


class PhotoTooHeavy(PhotoProblem):
    """The file is larger than `megabytes`."""

    message_id = "photo-too-heavy"


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
