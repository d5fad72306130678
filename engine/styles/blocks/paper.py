"""Paper: the grain on which graphite catches."""

import numpy as np

from engine.arrays import FloatMap
from engine.raster import gaussian


def paper_grain(side: int, random: np.random.Generator, *, size: float = 1.1) -> FloatMap:
    """Height of the paper, float32 (side, side), mean 0, deviation 1; `size` in px of the finest bumps."""
    noise = random.standard_normal((side, side), dtype=np.float32)
    fine, coarse = gaussian(noise, size), gaussian(noise, 2.6 * size)
    grain = fine / fine.std() + 0.6 * coarse / coarse.std()
    scaled: FloatMap = grain / np.float32(grain.std())
    return scaled
