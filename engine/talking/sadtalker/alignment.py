"""Where SadTalker's networks look: the crop around a face, and the aligned picture of its reconstruction.

The crop is that of FFHQ without rotation and padding; the alignment fits five standard points of a 3D face
(scaled orthography, POS). Needs no torch.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.arrays import Pixels, Points
from engine.face.alignment import FfhqSquare, extent, ffhq_square, shrink_for
from engine.raster import Raster

SIDE = 256  # px, of the crop whose face is reconstructed
ALIGNED = 224  # px
FACE = 102.0  # scale of the aligned face in units of the standard points
CROP_SIZE = 512  # px; faces of more than four times that are reduced before the crop
NOSE, RIGHT_EYE, LEFT_EYE, MOUTH = 30, (36, 39), (42, 45), (48, 54)  # of the 68 landmarks


@dataclass(frozen=True)
class Crop:
    """A crop of a picture that may have been reduced first.

    Attributes
    ----------
    reduced : width and height of the picture in which the rest is
    outer : left, top, right, bottom of the generous crop (`ext`), px
    inner : the same of the face within `outer`
    """

    reduced: tuple[int, int]
    outer: tuple[int, int, int, int]
    inner: tuple[float, float, float, float]

    def box(self, *, outer: bool) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in the reduced picture of the part that is used."""
        left, top, right, bottom = self.outer
        if outer:
            return self.outer
        a, b, c, d = (int(value) for value in self.inner)
        return left + a, top + b, min(left + c, right), min(top + d, bottom)

    def cut(self, picture: Raster, *, outer: bool = False) -> Raster:
        """That part of the picture."""
        if picture.shape[1::-1] != self.reduced:
            picture = cv2.resize(picture, self.reduced, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        left, top, right, bottom = self.box(outer=outer)
        return picture[top:bottom, left:right]


def crop_of(landmarks_68: Points, width: int, height: int, size: int = CROP_SIZE) -> Crop:
    """Crop around a face in a picture of `width` x `height` px."""
    square = ffhq_square(landmarks_68)
    shrink = shrink_for(square.side, size)
    if shrink > 1:
        width, height = int(np.rint(width / shrink)), int(np.rint(height / shrink))
        square = FfhqSquare(square.quad / shrink, square.side / shrink)
    border = max(int(np.rint(square.side * 0.1)), 3)
    low, high = extent(square.quad)
    left, top = (int(value) for value in np.maximum(low - border, 0))
    right, bottom = (int(value) for value in np.minimum(high + border, (width, height)))
    quad = square.quad
    if right - left < width or bottom - top < height:
        quad = quad - (left, top)
    quad = quad + 0.5
    # the published program holds the lower edge against the picture's width
    inner = (
        max(min(quad[0, 0], quad[1, 0]), 0.0),
        max(min(quad[0, 1], quad[3, 1]), 0.0),
        min(max(quad[2, 0], quad[3, 0]), float(width)),
        min(max(quad[1, 1], quad[2, 1]), float(width)),
    )
    return Crop((width, height), (left, top, right, bottom), inner)


@dataclass(frozen=True)
class Aligned:
    """A face in the place where its reconstruction expects it.

    Attributes
    ----------
    picture : uint8 (224, 224, 3)
    landmarks : (68, 2), px of it, y up
    scale, x, y : how it was moved there
    """

    picture: Pixels
    landmarks: NDArray[np.float64]
    scale: float
    x: float
    y: float


def five_points(landmarks_68: NDArray[np.float64]) -> NDArray[np.float64]:
    """Both eyes, nose, corners of the mouth: (68, n) to (5, n)."""
    points = landmarks_68
    eyes = [points[list(pair)].mean(axis=0) for pair in (RIGHT_EYE, LEFT_EYE)]
    return np.stack([*eyes, points[NOSE], points[MOUTH[0]], points[MOUTH[1]]])


def placement(
    points: NDArray[np.float64], standard: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Scale and shift (2,) that put standard points (5, 3) onto points (5, 2), by least squares."""
    system = np.zeros((2 * len(points), 8))
    system[0::2, :3], system[0::2, 3] = standard, 1
    system[1::2, 4:7], system[1::2, 7] = standard, 1
    k = np.linalg.lstsq(system, points.reshape(-1), rcond=None)[0]
    return float((np.linalg.norm(k[:3]) + np.linalg.norm(k[4:7])) / 2), np.asarray(k[[3, 7]], np.float64)


def align(picture: Pixels, landmarks_68: NDArray[np.float64], standard: NDArray[np.float64]) -> Aligned:
    """Align a face.

    Parameters
    ----------
    picture : uint8 (H, W, 3), usually the crop at 256 px
    landmarks_68 : (68, 2), px of it, y up (H - 1 at its upper edge)
    standard : (5, 3), both eyes, nose, corners of the mouth of the standard face
    """
    height, width = picture.shape[:2]
    face, shift = placement(five_points(landmarks_68), standard)
    scale = FACE / face
    wide, high = int(width * scale), int(height * scale)
    left = int(wide / 2 - ALIGNED / 2 + (shift[0] - width / 2) * scale)
    upper = int(high / 2 - ALIGNED / 2 + (height / 2 - shift[1]) * scale)
    image = Image.fromarray(picture).resize((wide, high), Image.Resampling.BICUBIC)
    image = image.crop((left, upper, left + ALIGNED, upper + ALIGNED))
    moved = (landmarks_68 - shift + (width / 2, height / 2)) * scale
    moved -= (wide / 2 - ALIGNED / 2, high / 2 - ALIGNED / 2)
    return Aligned(np.asarray(image), moved, scale, float(shift[0]), float(shift[1]))


def y_up(landmarks: Points, height: int) -> NDArray[np.float64]:
    """Landmarks (N, 2 or more) of a picture with y upwards: (N, 2)."""
    points = np.array(landmarks[:, :2], np.float64)
    points[:, 1] = height - 1 - points[:, 1]
    return points
