"""Foreground colours: what the edge pixels of a person would look like without the ground behind them.

Blur fusion (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021), twice: a wide pass at a
quarter of the size, a narrow one at the full size. This is what removes the halo of the old background.
"""

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import box_blur, resized

WIDE, NARROW = 90, 6  # px of the canvas, radii of the two passes
QUARTER = 4


def foreground_colours(pixels: Pixels, matte: FloatMap) -> Pixels:
    """Colours of the person alone.

    Parameters
    ----------
    pixels : uint8 (H, W, 3), RGB
    matte : float32 (H, W) in [0, 1]

    Returns
    -------
    uint8 (H, W, 3), RGB; equal to `pixels` where the matte is 1, continued into the ground where it is 0
    """
    height, width = matte.shape
    size = (width // QUARTER, height // QUARTER)
    small, small_matte = resized(pixels, *size).astype(np.float32), resized(matte, *size)
    front, back = _fuse(small, small, small, small_matte, WIDE // QUARTER)
    front, back = resized(front, width, height), resized(back, width, height)
    front, _ = _fuse(pixels.astype(np.float32), front, back, matte, NARROW)
    return np.where(matte[..., None] > 0.995, pixels, cv2.convertScaleAbs(front))


def _fuse(
    picture: FloatMap, front: FloatMap, back: FloatMap, matte: FloatMap, radius: int
) -> tuple[FloatMap, FloatMap]:
    """One pass: local means of both colours, then what both together leave unexplained."""
    alpha = matte[..., None]
    share = box_blur(matte, radius)[..., None]
    mean_front: FloatMap = box_blur(front * alpha, radius) / (share + 1e-4)
    mean_back: FloatMap = box_blur(back * (1 - alpha), radius) / (1 - share + 1e-4)
    rest = picture - alpha * mean_front - (1 - alpha) * mean_back
    fused: FloatMap = np.clip(mean_front + alpha * rest, 0, 255)
    return fused, mean_back
