"""Halftone: a tone as a grid of round dots that grow with its darkness, as print lays it."""

import numpy as np

from engine.arrays import FloatMap
from engine.raster import smoothstep


def dots(darkness: FloatMap, pitch: float, *, angle: float = 45.0, most: float = 0.70) -> FloatMap:
    """Cover of the dots, float32 (H, W) in [0, 1].

    Parameters
    ----------
    darkness : float32 (H, W) in [0, 1], share of paper to cover; 0 leaves no dot
    pitch : px from dot to dot
    angle : degrees of the grid, 45 as in newspapers
    most : largest radius, as a share of half the pitch times the square root of two; below 1 dots stay apart
    """
    height, width = darkness.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sine, cosine = np.float32(np.sin(np.radians(angle))), np.float32(np.cos(np.radians(angle)))
    along, across = (x * cosine + y * sine) / pitch, (y * cosine - x * sine) / pitch
    along -= np.round(along)
    across -= np.round(across)
    radius = np.sqrt(np.clip(darkness, 0, 1)) * (most * np.sqrt(0.5))
    soft = 0.9 / pitch
    cover = smoothstep(-soft, soft, radius - np.sqrt(along * along + across * across))
    result: FloatMap = cover * np.clip(radius / (1.5 * soft), 0, 1)
    return result
