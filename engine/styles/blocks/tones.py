"""Tones: few steps of lightness with soft ramps between them, as a brush lays them."""

import numpy as np

from engine.arrays import FloatMap
from engine.raster import smoothstep

BROWN = 0.40  # a for one unit of b


def stepped(values: FloatMap, step: float, ramp: float, origin: float = 0.0) -> FloatMap:
    """Quantise to multiples of `step` around `origin`; `ramp` (0..1) is the share of a step that blends.

    0 gives hard steps, 1 gives the values back.
    """
    scaled = (values - origin) / step
    floor = np.floor(scaled)
    rest = np.clip((scaled - floor - 0.5) / max(ramp, 1e-3) + 0.5, 0, 1)
    quantised: FloatMap = (floor + rest * rest * (3 - 2 * rest)) * step + origin
    return quantised


def without_olive(lab: FloatMap) -> FloatMap:
    """Dark yellows turned to brown: in flat colours fair hair in the shade would look green.

    What is green (a under 0) and what is light stays; `lab` (..., 3).
    """
    lightness, a, b = (lab[..., band] for band in range(3))
    dark = smoothstep(65, 35, lightness) * smoothstep(-6, 0, a)
    result = lab.copy()
    result[..., 1] = np.maximum(a, a + dark * (BROWN * b - a))
    return result
