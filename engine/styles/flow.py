"""Flow: the direction in which hair, folds and edges run, and averaging along it.

The direction comes from the smoothed structure tensor; averaging along it is line integral convolution
(Cabral and Leedom, SIGGRAPH 1993) with steps that triple: each pass averages three samples of the last one,
so that three passes reach along 27 samples of the curve.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap
from engine.raster import Raster, gaussian, looked_up, resized


@dataclass(frozen=True)
class Reach:
    """Where each pixel is led along the flow at one distance.

    Attributes
    ----------
    forward, backward : float32 (H/2, W/2, 2), displacements in px of the half size
    ahead, behind : float32 (H, W, 2), positions in px
    """

    forward: FloatMap
    backward: FloatMap
    ahead: FloatMap
    behind: FloatMap


@dataclass(frozen=True)
class Flow:
    """Where each pixel is led along the flow, at distances that triple; the far one only if it is asked for.

    Attributes
    ----------
    coherence : float32 (H, W) in [0, 1]; 0 where no direction is clear
    along : float32 (H/2, W/2, 2), unit vectors of the direction
    step : px, first distance
    """

    coherence: FloatMap
    along: FloatMap
    step: float

    @cached_property
    def near(self) -> Reach:
        """At the first distance."""
        forward: FloatMap = self.along * np.float32(self.step / 2)
        return _reach(forward, -forward)

    @cached_property
    def middle(self) -> Reach:
        """At three times the first distance."""
        return _three_times(self.near)

    @cached_property
    def far(self) -> Reach:
        """At nine times the first distance."""
        return _three_times(self.middle)

    def reach(self, level: int) -> Reach:
        """By level: 0 is near, 1 middle, 2 far."""
        if level == 0:
            return self.near
        return self.middle if level == 1 else self.far


def find_flow(lightness: FloatMap, sigma: float = 3.0, step: float = 1.1) -> Flow:
    """Find the flow of a picture.

    Parameters
    ----------
    lightness : float32 (H, W), any scale
    sigma : px, smoothing of the structure tensor
    step : px, first distance
    """
    height, width = lightness.shape
    smooth = gaussian(resized(lightness, width // 2, height // 2), 0.6)
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = (gaussian(product, sigma / 2) for product in (dx * dx, dy * dy, dx * dy))
    spread = cv2.magnitude(xx - yy, 2 * xy)
    coherence: FloatMap = spread / (xx + yy + 1.0)
    # Along an edge: at right angles to the tensor's main axis.
    angle = 0.5 * cv2.phase(xx - yy + 1e-6, 2 * xy) + np.float32(np.pi / 2)
    along = cv2.merge(cv2.polarToCart(np.ones(angle.shape, np.float32), angle.astype(np.float32, copy=False)))
    return Flow(resized(coherence, width, height), cast(FloatMap, along), step)


def _reach(forward: FloatMap, backward: FloatMap) -> Reach:
    return Reach(forward, backward, _positions(forward), _positions(backward))


def _positions(displacement: FloatMap) -> FloatMap:
    """Full-size positions from half-size displacements; nearest, as a direction's sign may flip anywhere."""
    height, width = displacement.shape[:2]
    full = cv2.resize(2 * displacement, (2 * width, 2 * height), interpolation=cv2.INTER_NEAREST)
    full[..., 0] += np.arange(2 * width, dtype=np.float32)
    full[..., 1] += np.arange(2 * height, dtype=np.float32)[:, None]
    return cast(FloatMap, full)


def along_flow(picture: Raster, flow: Flow, levels: int = 3) -> Raster:
    """Average a picture along the flow, over the first `levels` of its three distances; uint8 stays uint8."""
    for level in range(levels):
        reach = flow.reach(level)
        front, back = looked_up(picture, reach.ahead), looked_up(picture, reach.behind)
        ends = cv2.addWeighted(front, 0.5, back, 0.5, 0)
        picture = cast(Raster, cv2.addWeighted(ends, 2 / 3, picture, 1 / 3, 0))
    return picture


def _three_times(reach: Reach) -> Reach:
    """Three times as far along the curve, by the direction half-way of the rest."""
    height, width = reach.forward.shape[:2]
    ticks = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    grid = cast(FloatMap, cv2.merge(np.meshgrid(*ticks)))
    forward = _further(reach.forward, reach.backward, grid)
    return _reach(forward, _further(reach.backward, reach.forward, grid))


def _further(this: FloatMap, other: FloatMap, grid: FloatMap) -> FloatMap:
    """A direction has no sign, so of the two at the half-way point the one that goes on is taken."""
    at = grid + this * np.float32(1.5)
    on = looked_up(this, at, cv2.INTER_NEAREST)
    back = looked_up(other, at, cv2.INTER_NEAREST)
    difference = on - back
    agrees = difference[..., 0] * this[..., 0] + difference[..., 1] * this[..., 1] >= 0
    np.copyto(back, on, where=agrees[..., None])
    back *= 2
    back += this
    return back
