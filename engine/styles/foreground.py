"""Foreground colours: what the edge pixels of a person would look like without the ground behind them.

Blur fusion (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021), twice: a wide pass at a
quarter of the size, a narrow one whose means are taken at half the size. This is what removes the halo of
the old background.
"""

from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import box_blur, resized

WIDE, NARROW = 90, 6  # px of the canvas, radii of the two passes
QUARTER = 4
SURE = 0.995  # matte above which a colour is the person's own, and under 1 - SURE the ground's


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
    half = (width // 2, height // 2)
    means = _means(resized(front, *half), resized(back, *half), resized(matte, *half), NARROW // 2)
    near, behind = (resized(cast(Pixels, cv2.convertScaleAbs(mean)), width, height) for mean in means)
    result = near.copy()
    cv2.copyTo(pixels, (matte > SURE).astype(np.uint8), result)
    edge = (matte > 1 - SURE) & (matte <= SURE)  # a few per cent of the canvas
    alpha = matte[edge][:, None]
    mean_front, mean_back = near[edge].astype(np.float32), behind[edge].astype(np.float32)
    rest = pixels[edge] - alpha * mean_front - (1 - alpha) * mean_back
    result[edge] = np.clip(np.rint(mean_front + alpha * rest), 0, 255).astype(np.uint8)
    return result


def _fuse(
    picture: FloatMap, front: FloatMap, back: FloatMap, matte: FloatMap, radius: int
) -> tuple[FloatMap, FloatMap]:
    """One pass: local means of both colours, then what both together leave unexplained."""
    mean_front, mean_back = _means(front, back, matte, radius)
    alpha = matte[..., None]
    rest = picture - alpha * mean_front - (1 - alpha) * mean_back
    return np.clip(mean_front + alpha * rest, 0, 255).astype(np.float32), mean_back


def _means(front: FloatMap, back: FloatMap, matte: FloatMap, radius: int) -> tuple[FloatMap, FloatMap]:
    """Local means of the colours of the person and of the ground."""
    alpha = matte[..., None]
    share = box_blur(matte, radius)[..., None]
    mean_front = box_blur(front * alpha, radius) / (share + np.float32(1e-4))
    mean_back = box_blur(back * (1 - alpha), radius) / (np.float32(1 + 1e-4) - share)
    return mean_front, mean_back
