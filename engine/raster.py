"""OpenCV's picture operations under our array types: what goes in as uint8 or float32 comes out as such.

OpenCV's own stubs promise no more than "some array"; the names here say what an operation does to a picture
and take radii and factors where OpenCV takes odd window sides.
"""

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points

Raster = TypeVar("Raster", NDArray[np.uint8], NDArray[np.float32])
_NO_MAP = cast(NDArray[np.float32], None)  # OpenCV takes None here, its stubs do not know
Matrix = NDArray[np.float32]
"""Affine matrix (2, 3) that takes points (x, y, 1) of a source picture to points of the result."""


def smoothstep(low: float, high: float, value: FloatMap) -> FloatMap:
    """0 below `low`, 1 above `high`, smooth between; falls instead of rising when `low` > `high`."""
    ramp = np.asarray(value - np.float32(low), np.float32)
    ramp *= np.float32(1 / (high - low))
    np.clip(ramp, 0, 1, out=ramp)
    result: FloatMap = np.multiply(
        ramp, np.float32(-2)
    )  # ramp^2 (3 - 2 ramp), in place: it is memory that costs
    result += np.float32(3)
    result *= ramp
    result *= ramp
    return result


def unit(picture: Pixels) -> FloatMap:
    """Return uint8 0..255 as float32 0..1."""
    return cast(FloatMap, picture.astype(np.float32) * np.float32(1 / 255))


def rounded_off(picture: FloatMap) -> Pixels:
    """Return float32 0..255 as uint8; what lies beyond is clipped."""
    return cast(Pixels, cv2.convertScaleAbs(np.maximum(picture, 0)))


def mean_of(first: Pixels, second: Pixels, share: float = 0.5) -> Pixels:
    """`share` of the first picture, the rest of the second."""
    return cast(Pixels, cv2.addWeighted(first, share, second, 1 - share, 0))


def box_blur(picture: Raster, radius: int) -> Raster:
    """Mean over a square of side 2 `radius` + 1 px."""
    side = 2 * max(0, radius) + 1
    return cast(Raster, cv2.blur(picture, (side, side)))


def gaussian(picture: Raster, sigma: float) -> Raster:
    """Gaussian blur; `sigma` in px."""
    return cast(Raster, cv2.GaussianBlur(picture, (0, 0), sigma))


def wide_gaussian(picture: Raster, sigma: float) -> Raster:
    """Gaussian blur of a large `sigma` (px), computed at a fraction of the size."""
    factor = max(1, int(sigma // 3))
    if factor == 1:
        return gaussian(picture, sigma)
    height, width = picture.shape[:2]
    size = (max(2, width // factor), max(2, height // factor))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
    return cast(Raster, cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def resized(picture: Raster, width: int, height: int) -> Raster:
    """Picture of another size: by area when it shrinks, bilinear when it grows."""
    if picture.shape[:2] == (height, width):
        return picture
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(Raster, cv2.resize(picture, (width, height), interpolation=method))


def warped(
    picture: Raster,
    matrix: Matrix,
    width: int,
    height: int,
    *,
    method: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_CONSTANT,
) -> Raster:
    """Picture moved by `matrix` onto a canvas of `width` x `height` px; 0 where there is none."""
    return cast(Raster, cv2.warpAffine(picture, matrix, (width, height), flags=method, borderMode=border))


def shrink_factor(matrix: Matrix) -> float:
    """By how much `matrix` scales lengths (square root of its determinant)."""
    return float(np.sqrt(abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])))


def blended(below: Pixels, above: Pixels, cover: FloatMap) -> Pixels:
    """`above` laid over `below` with `cover` (H, W) in [0, 1]."""
    return cast(Pixels, cv2.blendLinear(above, below, cover, 1 - cover))


def looked_up(
    picture: Raster, positions: FloatMap, method: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_REPLICATE
) -> Raster:
    """`picture` at `positions` (H, W, 2), x and y in px."""
    return cast(Raster, cv2.remap(picture, positions, _NO_MAP, method, borderMode=border))


def disc(diameter: float) -> Pixels:
    """Round structuring element, `diameter` in px, at least 1."""
    side = max(1, round(diameter)) | 1
    return cast(Pixels, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def dilated(picture: Raster, diameter: float) -> Raster:
    """Maximum over a disc of `diameter` px."""
    return cast(Raster, cv2.dilate(picture, disc(diameter)))


def eroded(picture: Raster, diameter: float) -> Raster:
    """Minimum over a disc of `diameter` px; nothing is taken away at the picture's own edges."""
    return cast(Raster, cv2.erode(picture, disc(diameter)))


def grown(mask: Pixels, diameter: float) -> Pixels:
    """Mask of 0 and 1 dilated by a disc of `diameter` px; unlike `dilated` no slower for large discs."""
    return (_distance(1 - mask) <= _reach(diameter)).astype(np.uint8)


def opened(mask: Pixels, diameter: float) -> Pixels:
    """Mask of 0 and 1 without what is thinner than `diameter` px."""
    return grown((_distance(mask) > _reach(diameter)).astype(np.uint8), diameter)


def _distance(mask: Pixels) -> FloatMap:
    """Px from each pixel to the nearest 0."""
    return cast(FloatMap, cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def _reach(diameter: float) -> float:
    """Radius of the disc of `diameter` px as `disc` rounds it."""
    return max(1, round(diameter)) // 2 + 0.25


def components(mask: Pixels, connectivity: int = 8) -> tuple[int, NDArray[np.int32]]:
    """Count of labels (0 is the ground) and the (H, W) label map of a mask."""
    count, labels = cv2.connectedComponents(mask, connectivity=connectivity)
    return count, cast(NDArray[np.int32], labels)


def polygon(points: Points, size: tuple[int, int], value: int = 255) -> Pixels:
    """Filled polygon (N, 2), anti-aliased, in an empty uint8 picture of `size` (height, width)."""
    picture = np.zeros(size, np.uint8)
    # four fractional bits: polygons then move by less than a tenth of a pixel
    corners = np.round(points[:, :2] * 16).astype(np.int32)
    cv2.fillPoly(picture, [corners], (value,), lineType=cv2.LINE_AA, shift=4)
    return picture


def rgb_to_lab(picture: Pixels) -> FloatMap:
    """Return uint8 RGB as float32 CIE Lab (D65): L 0..100, a and b about -100..100."""
    return cast(FloatMap, cv2.cvtColor(unit(picture), cv2.COLOR_RGB2Lab))


def lab_to_rgb(lab: FloatMap) -> Pixels:
    """Return float32 CIE Lab as uint8 RGB; what no screen can show is clipped."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return cast(Pixels, cv2.convertScaleAbs(np.clip(rgb, 0, 1), alpha=255))


def grey(picture: Pixels) -> Pixels:
    """Luma of an RGB picture."""
    return cast(Pixels, cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def premultiplied(picture: Pixels) -> Pixels:
    """Colours (H, W, 4) multiplied with their alpha."""
    alpha = cv2.extractChannel(picture, 3)
    return cast(Pixels, cv2.multiply(picture, _light(alpha), scale=1 / 255))


def straight(picture: Pixels) -> Pixels:
    """Colours (H, W, 4) that were multiplied with their alpha, divided by it; 0 where nothing is seen."""
    alpha = cv2.extractChannel(picture, 3)
    return cast(Pixels, cv2.divide(picture, _light(alpha), scale=255))


def _light(alpha: cv2.typing.MatLike) -> cv2.typing.MatLike:
    """Alpha for each colour, and 255 for itself."""
    return cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)])
