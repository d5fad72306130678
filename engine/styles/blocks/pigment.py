"""Pigment: how watercolour lies on paper - denser at wet edges and in the valleys of the grain.

A colour of a given density follows Bousseau et al., "Interactive watercolor rendering with temporal coherence
and abstraction" (NPAR 2006): C - (C - C^2)(d - 1) for a colour C in 0..1 and a density d around 1.
"""

from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, resized, rounded_off, unit

SIZES = (5.0, 14.0, 40.0, 110.0)  # px of the clouds in which pigment gathers


def with_density(pixels: Pixels, density: FloatMap) -> Pixels:
    """Colours as `density` (H, W) of their pigment shows them; 1 leaves them."""
    colour = unit(pixels)
    result = colour - (colour - colour * colour) * (density - 1)[..., None]
    return rounded_off((np.clip(result, 0, 1) * 255).astype(np.float32))


def turbulence(side: int, random: np.random.Generator) -> FloatMap:
    """Clouds of several sizes, float32 (side, side), mean 0, deviation 1."""
    clouds = np.zeros((side, side), np.float32)
    for size in SIZES:
        small = max(4, round(side / size))
        noise = random.standard_normal((small, small), dtype=np.float32)
        grown = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
        clouds += cast(FloatMap, grown) * np.float32((size / SIZES[-1]) ** 0.35)
    scaled: FloatMap = (clouds - clouds.mean()) / np.float32(clouds.std())
    return scaled


def trembling(side: int, random: np.random.Generator, reach: float, size: float = 26.0) -> FloatMap:
    """Positions (side, side, 2) that wander by about `reach` px in waves of `size` px."""
    small = max(4, round(side / size))
    noise = random.standard_normal((small, small, 2), dtype=np.float32) * np.float32(reach)
    positions = cast(FloatMap, cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC))
    positions[..., 0] += np.arange(side, dtype=np.float32)
    positions[..., 1] += np.arange(side, dtype=np.float32)[:, None]
    return positions


def wet_edges(pixels: Pixels, width: float = 2.2) -> FloatMap:
    """How much pigment gathers at the borders of washes, float32 (H, W), 0 to about 1; `width` in px."""
    height, across = pixels.shape[:2]
    small = resized(pixels, across // 2, height // 2)
    grey = gaussian(unit(cast(Pixels, cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))), width / 2)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return resized(np.clip(slope * np.float32(3.0), 0, 1).astype(np.float32), across, height)
