"""Flow: the direction in which hair, folds and edges run, and averaging along it.

The direction comes from the smoothed structure tensor; averaging along it is line integral convolution
(Cabral and Leedom, SIGGRAPH 1993) with steps that triple: each pass averages three samples of the last one,
so that three passes reach along 27 samples of the curve.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap
from engine.raster import Raster, gaussian, looked_up, resized


@dataclass(frozen=True)
class Flow:
    """Positions ahead of and behind each pixel along the flow, at distances that triple.

    Attributes
    ----------
    ahead, behind : per distance float32 (H, W, 2), positions in px
    coherence : float32 (H, W) in [0, 1]; 0 where no direction is clear
    along : float32 (H/2, W/2, 2), unit vectors of the direction
    """

    ahead: tuple[FloatMap, ...]
    behind: tuple[FloatMap, ...]
    coherence: FloatMap
    along: FloatMap


def find_flow(lightness: FloatMap, sigma: float = 3.0, step: float = 1.1, levels: int = 3) -> Flow:
    """Find the flow of a picture.

    Parameters
    ----------
    lightness : float32 (H, W), any scale
    sigma : px, smoothing of the structure tensor
    step : px, first distance
    levels : how often the distance grows by three
    """
    height, width = lightness.shape
    smooth = gaussian(resized(lightness, width // 2, height // 2), 0.6)
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = (gaussian(product, sigma / 2) for product in (dx * dx, dy * dy, dx * dy))
    spread = cv2.magnitude(xx - yy, 2 * xy)
    coherence: FloatMap = spread / (xx + yy + 1.0)
    # Along an edge: at right angles to the tensor's main axis.
    angle = 0.5 * cv2.phase(xx - yy + 1e-6, 2 * xy) + np.float32(np.pi / 2)
    half_step = np.full(angle.shape, step / 2, np.float32)
    along: FloatMap = np.dstack(cv2.polarToCart(half_step, angle)).astype(np.float32, copy=False)
    ticks = np.arange(width // 2, dtype=np.float32), np.arange(height // 2, dtype=np.float32)
    grid: FloatMap = np.dstack(np.meshgrid(*ticks))
    forward, backward = along, -along
    ahead, behind = [], []
    for level in range(levels):
        ahead.append(_positions(forward))
        behind.append(_positions(backward))
        if level < levels - 1:
            forward, backward = _three_times(forward, backward, grid), _three_times(backward, forward, grid)
    return Flow(tuple(ahead), tuple(behind), resized(coherence, width, height), along * np.float32(2 / step))


def _positions(displacement: FloatMap) -> FloatMap:
    """Full-size positions from half-size displacements; nearest, as a direction's sign may flip anywhere."""
    height, width = displacement.shape[:2]
    full = cv2.resize(displacement, (2 * width, 2 * height), interpolation=cv2.INTER_NEAREST) * np.float32(2)
    full[..., 0] += np.arange(2 * width, dtype=np.float32)
    full[..., 1] += np.arange(2 * height, dtype=np.float32)[:, None]
    return full


def along_flow(picture: Raster, flow: Flow, levels: int | None = None) -> Raster:
    """Average a picture along the flow; uint8 stays uint8."""
    for ahead, behind in list(zip(flow.ahead, flow.behind, strict=True))[:levels]:
        front, back = looked_up(picture, ahead), looked_up(picture, behind)
        ends = cv2.addWeighted(front, 0.5, back, 0.5, 0)
        picture = cast(Raster, cv2.addWeighted(ends, 2 / 3, picture, 1 / 3, 0))
    return picture


def _three_times(this: FloatMap, other: FloatMap, grid: FloatMap) -> FloatMap:
    """Displacement three times as far along the curve, by the direction half-way of the rest.

    A direction has no sign, so the one that goes on is taken.
    """
    at = grid + this * np.float32(1.5)
    on = looked_up(this, at, cv2.INTER_NEAREST)
    back = looked_up(other, at, cv2.INTER_NEAREST)
    agrees = (on * this).sum(axis=2, keepdims=True) >= (back * this).sum(axis=2, keepdims=True)
    further: FloatMap = this + 2 * np.where(agrees, on, back)
    return further
