"""The shapes of a mouth's movements: for each one, how far every point around the mouth goes.

Lengths are in units of the face height fh; `u` is the horizontal place, -1 and 1 at the corners of the
mouth, measured on each side by itself so that it holds in three-quarter views.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Points
from engine.raster import gaussian, smoothstep
from engine.talking.geometry import (
    CHIN,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    JAW_ANGLES,
    NOSE_BASE,
    OUTER_LOWER_LIP,
    OUTER_UPPER_LIP,
    FaceFrame,
    curve,
)

JAW_DROP = 0.155  # fh, lower lip at jaw 1
CHIN_SHARE = 0.75  # of it: the chin drops less, else faces grow long
BELOW_CHIN = 0.34  # fh below the chin where the jaw's movement is gone
UPPER_SHARE = 0.40  # of a gap at rest that the upper lip closes; the lower lip closes the remainder
SMILING = 0.036  # fh that the corners go up at smile 1, down at -1
FLATTENING = 0.9  # of a smile that rounding takes away
ROUND_WIDTH = 0.150  # fh, width of the roundest mouth: a broad smile comes in farther than thin lips
ROUNDING = (0.40, 0.50)  # of the half width that the corners come in, at least and at most
SPREADING = 0.14  # of the half width that the corners go out

MOVEMENTS = (
    "shut_rest",  # always 1: what the picture shows open is closed first
    "jaw_wide",
    "jaw_round",
    "chin",
    "purse",
    "flatten",
    "protrude",
    "spread",
    "raise",
    "tuck",
    "press",
    "smile",
    "sober",  # takes a drawn smile away
)


@dataclass(frozen=True)
class MouthShape:
    """What the basis movements are made of; all in the mouth's frame, px."""

    frame: FaceFrame
    landmarks: Points
    upper_edge: Points
    lower_edge: Points
    left: float
    right: float
    step: int

    def edges(self, x: FloatMap) -> tuple[FloatMap, FloatMap]:
        """Give the edges of the gap at rest at places x; they meet at the corners."""
        top, bottom = curve(self.upper_edge, x), curve(self.lower_edge, x)
        meet = (top + bottom) / 2
        inside = smoothstep(1.0, 0.93, np.abs(self.across(x)))
        gap = np.maximum(bottom - top, 0) * inside
        return meet - gap / 2, meet + gap / 2

    def across(self, x: FloatMap) -> FloatMap:
        """Give u of places x."""
        return np.where(x < 0, x / self.left, x / self.right).astype(np.float32)

    def line(self, x: FloatMap) -> FloatMap:
        """Give the line on which the closed lips meet."""
        top, bottom = self.edges(x)
        return top + UPPER_SHARE * (bottom - top)

    def below_the_line(self, local: Points) -> NDArray[np.bool_]:
        """Tell which landmarks (478, 2) the lower field moves."""
        below = local[:, 1] > self.line(local[:, 0])
        below[list(INNER_UPPER_LIP)] = False
        below[list(INNER_LOWER_LIP[1:-1])] = True
        return below

    def fields(self, points: Points) -> tuple[FloatMap, FloatMap]:
        """Give the upper and the lower basis fields (K, rows, columns, 2) along the mouth's axes."""
        fh = self.frame.height
        local = self.frame.local(points)
        x, y = local[..., 0], local[..., 1]
        u = self.across(x)
        top, bottom = self.edges(x)
        line = top + UPPER_SHARE * (bottom - top)
        above, below, jaw_side = self._vertical(x, y, line)
        beside_nose = self._beside_nose(u, y, line)
        zero = np.zeros_like(x)
        lens = np.maximum(1 - u * u, 0) ** 0.6
        round_lens = np.maximum(1 - (u / 0.86) ** 2, 0) ** 0.5
        bell = self._bell(x, y)
        lips = below * (1 - jaw_side)  # falls to 0 on the way from lip to chin, where the chin takes over
        chin = bell * jaw_side * self._fade_below_chin(y)
        drop = JAW_DROP * fh

        around = np.where(y < line, beside_nose, smoothstep(0.19 * fh, 0.04 * fh, y - line))
        left_half, right_half = self._cheek(u, -1), self._cheek(u, 1)
        half = np.where(x < 0, self.left, self.right)
        inwards = -np.where(u < 0, left_half, right_half) * half * around
        corner = np.exp(-(((np.abs(u) - 1) / 0.4) ** 2)) * np.exp(-(((y - line) / (0.10 * fh)) ** 2))
        cheerful = np.exp(-(((np.abs(u) - 1.05) / 0.5) ** 2)) * np.exp(-(((y - line) / (0.12 * fh)) ** 2))

        smile = line - self.line(np.zeros_like(x)) - self._lean(x)
        flatten = -FLATTENING * smile * smoothstep(2.0, 0.9, np.abs(u)) * around
        rounding = float(np.clip(1 - ROUND_WIDTH * fh / (self.left + self.right), *ROUNDING))
        # The same on both sides of the line, so it may be blurred: a steep field would fold the cheeks.
        soft = 0.028 * fh / self.step
        purse = (gaussian((rounding * inwards).astype(np.float32), soft), zero)
        flat = (zero, gaussian(flatten.astype(np.float32), soft))
        up = {
            "shut_rest": (zero, UPPER_SHARE * (bottom - top) * above),
            "jaw_wide": (-0.05 * half * np.sign(u) * corner, 0.20 * drop * corner),
            "jaw_round": (zero, -0.22 * drop * round_lens * above),
            "purse": purse,
            "flatten": flat,
            "protrude": (zero, -0.013 * fh * round_lens * above),
            "spread": (-SPREADING * inwards, -0.008 * fh * corner),
            "raise": (zero, -0.024 * fh * lens * above),
            "tuck": (zero, -0.020 * fh * lens * above),
            "press": (zero, 0.006 * fh * lens * above * smoothstep(0.0, 0.03 * fh, top - y)),
            "smile": (0.05 * half * np.sign(u) * corner, -SMILING * fh * cheerful),
            "sober": (zero, 0.7 * flat[1]),
        }
        low = {
            "shut_rest": (zero, -(1 - UPPER_SHARE) * (bottom - top) * below),
            "jaw_wide": (-0.05 * half * np.sign(u) * corner, drop * np.maximum(lens * lips, 0.20 * corner)),
            "jaw_round": (zero, 0.80 * drop * round_lens * lips),
            "chin": (zero, CHIN_SHARE * drop * chin),
            "purse": purse,
            "flatten": flat,
            "protrude": (zero, 0.013 * fh * round_lens * below),
            "spread": up["spread"],
            "tuck": (zero, -0.012 * fh * lens * below),
            "press": (zero, -0.010 * fh * lens * below * smoothstep(0.0, 0.03 * fh, y - bottom)),
            "smile": up["smile"],
            "sober": up["sober"],
        }
        return _stack(up, x.shape), _stack(low, x.shape)

    def _vertical(self, x: FloatMap, y: FloatMap, line: FloatMap) -> tuple[FloatMap, FloatMap, FloatMap]:
        """Windows: 1 on the upper lip to 0 at the nose; 1 on the lower lip to 0 at the chin; chin's own."""
        fh = self.frame.height
        nose = self.landmarks[NOSE_BASE, 1] + 0.012 * fh
        lip_top = curve(self.landmarks[list(OUTER_UPPER_LIP)], x)
        lip_bottom = curve(self.landmarks[list(OUTER_LOWER_LIP)], x)
        plateau = np.clip(line - lip_top, 0, 0.6 * np.maximum(line - nose, 1)) * 0.5
        above = smoothstep(0, 1, (y - nose) / np.maximum(line - plateau - nose, 0.02 * fh))
        chin = self.landmarks[CHIN, 1]
        thick = np.clip(lip_bottom - line, 0.02 * fh, 0.5 * (chin - line))
        way = (y - line - 0.35 * thick) / np.maximum(chin - line - 0.35 * thick, 0.05 * fh)
        below = smoothstep(1.05, 0.12, way)
        return above, below, smoothstep(0.05, 0.85, way)

    def _beside_nose(self, u: FloatMap, y: FloatMap, line: FloatMap) -> FloatMap:
        """Window above the lips that ends at the nose, but reaches up the cheeks beside it.

        The corners of a broad smile lie almost as high as the nose: their way down needs the room.
        """
        fh = self.frame.height
        nose = self.landmarks[NOSE_BASE, 1] + 0.012 * fh - 0.18 * fh * smoothstep(0.5, 1.2, np.abs(u))
        return smoothstep(0, 0.9, (y - nose) / np.maximum(line - nose, 0.02 * fh))

    def _bell(self, x: FloatMap, y: FloatMap) -> FloatMap:
        """1 on the middle of the jaw, 0 at its angles."""
        chin = self.landmarks[CHIN]
        down = np.clip(y / chin[1], 0, 1)
        middle = chin[0] * down
        reach = np.abs(self.landmarks[list(JAW_ANGLES), 0] - chin[0]) * 1.08
        reach = np.maximum(reach, 0.12 * self.frame.height)
        eta = np.where(x < middle, (middle - x) / reach[0], (x - middle) / reach[1])
        return smoothstep(1.0, 0.40, eta)

    def _fade_below_chin(self, y: FloatMap) -> FloatMap:
        fh = self.frame.height
        return smoothstep(BELOW_CHIN * fh, -0.01 * fh, y - self.landmarks[CHIN, 1])

    def _cheek(self, u: FloatMap, side: int) -> FloatMap:
        """u on the lips, back to 0 on the cheek before the edge of the face; signed."""
        oval = self.across(self.landmarks[[234, 454, 132, 361], 0] * 0.94)
        edge = float(np.min(np.abs(oval[oval * side > 0]), initial=2.3))
        edge = max(edge, 1.35)
        soften = min(1.0, (edge - 1) / 0.75)
        return np.asarray(u * smoothstep(edge, 0.75, np.abs(u)) * soften, np.float32)

    def _lean(self, x: FloatMap) -> FloatMap:
        """Straight line through the corners' tilt: what a flat mouth of this head keeps."""
        ends = self.line(np.array([-self.left, self.right], np.float32))
        return np.asarray(x * (ends[1] - ends[0]) / (self.left + self.right), np.float32)


def _stack(parts: dict[str, tuple[FloatMap, FloatMap]], shape: tuple[int, ...]) -> FloatMap:
    fields = np.zeros((len(MOVEMENTS), *shape, 2), np.float32)
    for name, (x, y) in parts.items():
        fields[MOVEMENTS.index(name), ..., 0] = x
        fields[MOVEMENTS.index(name), ..., 1] = y
    return fields
