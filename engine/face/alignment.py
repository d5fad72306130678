"""The crop of FFHQ: an upright square around the face, as StyleGAN2, e4e and pSp expect it.

Source of the arithmetic: Karras et al. 2019, appendix C (the oriented square); sizes, padding and blending as
in NVIDIA's FFHQ preparation and encoder4editing, checked against tests/golden/ffhq_alignment.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.arrays import Pixels, Points


@dataclass(frozen=True)
class FfhqSquare:
    """The oriented square of a face.

    Attributes
    ----------
    quad : float64 (4, 2), corners upper left, lower left, lower right, upper right, px of the photo
    side : px
    """

    quad: NDArray[np.float64]
    side: float


def ffhq_square(landmarks_68: Points) -> FfhqSquare:
    """Square around the face from 68 iBUG landmarks (68, 2 or more), px."""
    points = landmarks_68[:, :2].astype(np.float64)
    eye_left, eye_right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    eye_to_eye = eye_right - eye_left
    eye_to_mouth = (points[48] + points[54]) / 2 - (eye_left + eye_right) / 2
    x = eye_to_eye - _turned(eye_to_mouth)
    x *= max(np.hypot(*eye_to_eye) * 2.0, np.hypot(*eye_to_mouth) * 1.8) / np.hypot(*x)
    y = _turned(x)
    centre = (eye_left + eye_right) / 2 + eye_to_mouth * 0.1
    return FfhqSquare(
        np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y]), float(np.hypot(*x) * 2)
    )


def _turned(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """A quarter turn clockwise as seen."""
    return np.array([-vector[1], vector[0]])


def align_ffhq(picture: Pixels, landmarks_68: Points, size: int = 1024, transform_size: int = 4096) -> Pixels:
    """Cut the FFHQ square out of a picture.

    Parameters
    ----------
    picture : uint8 (H, W, 3), RGB
    landmarks_68 : float (68, 2 or more), px of the picture
    size : px, side of the result. FFHQ and Toonify use 1024 with `transform_size` 4096; e4e and pSp use 256
        with 256
    transform_size : px, side at which the square is sampled before it is reduced to `size`

    Returns
    -------
    uint8 (size, size, 3); what lies outside the photo is its blurred mirror image
    """
    square = ffhq_square(landmarks_68)
    image, quad, side = shrunk(Image.fromarray(picture), square, size)
    image, quad = cropped(image, quad, side)
    image, quad = padded(image, quad, side)
    corners = tuple(float(value) for value in (quad + 0.5).ravel())
    aligned = image.transform(
        (transform_size, transform_size), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR
    )
    if size < transform_size:
        aligned = aligned.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(aligned)


def shrink_for(side: float, size: int) -> int:
    """By how much a picture is reduced before a square of `side` px becomes one of `size` px; from 2 on."""
    return int(np.floor(side / size * 0.5))


def shrunk(
    image: Image.Image, square: FfhqSquare, size: int
) -> tuple[Image.Image, NDArray[np.float64], float]:
    """First step: reduce a large picture; gives it, the square's corners and its side in it."""
    shrink = shrink_for(square.side, size)
    if shrink <= 1:
        return image, square.quad, square.side
    reduced = (int(np.rint(image.width / shrink)), int(np.rint(image.height / shrink)))
    return image.resize(reduced, Image.Resampling.LANCZOS), square.quad / shrink, square.side / shrink


def _border(side: float) -> int:
    return max(int(np.rint(side * 0.1)), 3)


def extent(quad: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Smallest and largest x, y around a square's corners (4, 2), whole px."""
    return np.floor(quad.min(axis=0)).astype(np.int64), np.ceil(quad.max(axis=0)).astype(np.int64)


def cropped(
    image: Image.Image, quad: NDArray[np.float64], side: float
) -> tuple[Image.Image, NDArray[np.float64]]:
    """Second step: cut off what is far from the square."""
    border = _border(side)
    low, high = extent(quad)
    left, top = np.maximum(low - border, 0)
    right, bottom = np.minimum(high + border, image.size)
    if right - left >= image.width and bottom - top >= image.height:
        return image, quad
    return image.crop((int(left), int(top), int(right), int(bottom))), quad - (left, top)


def padded(
    image: Image.Image, quad: NDArray[np.float64], side: float
) -> tuple[Image.Image, NDArray[np.float64]]:
    """Third step: mirror the picture where the square leaves it, and let the mirror image blur out."""
    border = _border(side)
    low, high = extent(quad)
    pad = np.maximum([*(border - low), *(high - image.size + border)], 0)
    if pad.max() <= border - 4:
        return image, quad
    pad = np.maximum(pad, int(np.rint(side * 0.3)))
    left, top, right, bottom = (int(value) for value in pad)
    mirrored = np.pad(np.asarray(image, np.float32), ((top, bottom), (left, right), (0, 0)), "reflect")
    height, width = mirrored.shape[:2]
    y, x = np.ogrid[:height, :width]
    depth_x = np.minimum(np.float32(x) / left, np.float32(width - 1 - x) / right)
    depth_y = np.minimum(np.float32(y) / top, np.float32(height - 1 - y) / bottom)
    outside = np.maximum(1.0 - depth_x, 1.0 - depth_y)[:, :, None]
    mirrored += (_gaussian(mirrored, side * 0.02) - mirrored) * np.clip(outside * 3.0 + 1.0, 0.0, 1.0)
    mirrored += (np.median(mirrored, axis=(0, 1)) - mirrored) * np.clip(outside, 0.0, 1.0)
    return Image.fromarray(np.uint8(np.clip(np.rint(mirrored), 0, 255))), quad + pad[:2]


def _gaussian(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    width = 2 * int(4.0 * sigma + 0.5) + 1  # cut off at four sigma
    return np.asarray(
        cv2.GaussianBlur(picture, (width, width), sigma, borderType=cv2.BORDER_REFLECT), np.float32
    )
