"""What shows between the parted lips: the dark inside, tongue, teeth, the lips' shade and their line.

Nearly everything depends on the place along the mouth alone, so it is worked out once per column and then
looked up for the pixels of the column.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import smoothstep
from engine.talking.geometry import FaceFrame
from engine.talking.palette import Colour, MouthPalette

UPPER_TEETH = 0.031  # fh, height of the upper teeth below the line where the lips meet
TUCKED_FULL, TUCKED_GONE = (
    1.2,
    2.0,
)  # gaps over that height: how long the teeth stay on a lip that leaves them
UPPER_COUNT = 8  # teeth that can be told apart
TONGUE_WIDTH = 0.80  # of the half width of the mouth
LINE_REACH = 4.0  # px around the opening that the line may touch


@dataclass(frozen=True)
class Columns:
    """Columns along the mouth's axis, 1 / scale px apart.

    Attributes
    ----------
    places : float32 (n,), px from the mouth's origin
    scale : columns a px
    """

    places: FloatMap
    scale: int

    @classmethod
    def over(cls, first: float, last: float, scale: int) -> "Columns":
        """Cover a stretch of the axis, px."""
        count = int((last - first) * scale) + 2
        return cls((np.arange(count) / scale + first).astype(np.float32), scale)

    def of(self, x: FloatMap) -> NDArray[np.intp]:
        """Index of the column of each place (px from the origin along the axis)."""
        index = np.round((x - self.places[0]) * self.scale).astype(np.intp)
        return np.asarray(np.clip(index, 0, len(self.places) - 1), np.intp)


@dataclass(frozen=True)
class Opening:
    """The gap between the lips in one frame; all float32 (n,), one value a column.

    Attributes
    ----------
    top, bottom : px along the mouth's vertical axis
    across : -1 at the left corner, 1 at the right one, beyond outside
    """

    top: FloatMap
    bottom: FloatMap
    across: FloatMap

    @classmethod
    def between(cls, frame: FaceFrame, upper: Points, lower: Points, columns: Columns) -> "Opening":
        """Read the edges of the lips, (N, 2) px, left to right, at the columns."""
        top_edge, bottom_edge = frame.local(upper), frame.local(lower)
        top = np.interp(columns.places, np.maximum.accumulate(top_edge[:, 0]), top_edge[:, 1])
        bottom = np.interp(columns.places, np.maximum.accumulate(bottom_edge[:, 0]), bottom_edge[:, 1])
        left, right = float(top_edge[0, 0]), float(top_edge[-1, 0])
        across = (columns.places - (left + right) / 2) / max((right - left) / 2, 1.0)
        top32 = top.astype(np.float32)
        return cls(top32, np.maximum(bottom.astype(np.float32), top32), across.astype(np.float32))

    @property
    def widest(self) -> float:
        """Largest gap in px."""
        return float((self.bottom - self.top).max())

    @property
    def middle(self) -> FloatMap:
        """Line between the lips: above it the upper lip's field holds, below it the lower lip's."""
        return np.asarray((self.top + self.bottom) / 2, np.float32)


@dataclass(frozen=True)
class MouthPose:
    """Numbers of one frame that the inside depends on, each 0..1."""

    tongue: float
    spread: float
    tuck: float
    rounding: float


@dataclass(frozen=True)
class Place:
    """Where the pixels of a patch lie.

    Attributes
    ----------
    column : int (H, W), index of the column
    y : float32 (H, W), px along the mouth's vertical axis
    scale : pixels of the patch a px
    """

    column: NDArray[np.intp]
    y: FloatMap
    scale: int


def paint(
    patch: Pixels,
    place: Place,
    opening: Opening,
    *,
    teeth_line: FloatMap,
    face_height: float,
    pose: MouthPose,
    palette: MouthPalette,
) -> None:
    """Paint the inside of the mouth over `patch`, in place.

    Parameters
    ----------
    patch : uint8 (H, W, 4), opaque
    teeth_line : float32 (n,), px, where the closed lips meet, per column
    face_height : px, fh
    """
    profile = _profile(opening, teeth_line, face_height, pose)
    here = profile[place.column]  # (H, W, 9)
    top, bottom, tongue_top, low_edge, high_edge, shade_reach, sides, teeth_light, taper = np.moveaxis(
        here, -1, 0
    )
    y, soft = place.y, place.scale
    from_top, from_bottom = y - top, bottom - y
    widest = max(opening.widest, 1e-3)

    depth = smoothstep(0.25, 1.05, from_top * (1 / widest))
    inside = _between(palette.deep, palette.shallow, depth)

    below_tip = y - tongue_top
    light = 0.56 + 0.38 * smoothstep(0.0, 0.34 * widest, below_tip)
    _lay(inside, _shaded(palette.tongue, light), _edge(below_tip, soft * 0.6))
    _lay(inside, _shaded(palette.teeth, 0.90 * teeth_light), _edge(y - low_edge, soft * 0.7))
    _lay(inside, _shaded(palette.teeth, teeth_light), _edge(high_edge - y, soft * 0.7))

    shade = (0.74 + 0.26 * smoothstep(0.0, 1.0, from_top / shade_reach)) * sides
    inside *= shade[..., None]

    covered = _edge(from_top, soft) * _edge(from_bottom, soft) * np.clip((bottom - top) * soft, 0, 1)
    colour = patch[..., :3].astype(np.float32)
    _lay(colour, inside, covered)
    above = np.exp(-((from_top * (1 / palette.line_width)) ** 2))
    below = 0.7 * np.exp(-((from_bottom * (1 / (0.8 * palette.line_width))) ** 2))
    line = palette.line_strength * taper * np.maximum(above, below)
    _lay(colour, np.array(palette.line, np.float32), line)
    patch[..., :3] = np.clip(colour + 0.5, 0, 255).astype(np.uint8)


def _profile(opening: Opening, teeth_line: FloatMap, fh: float, pose: MouthPose) -> FloatMap:
    """Work out per column what `paint` looks up, float32 (n, 9)."""
    top, bottom, u = opening.top, opening.bottom, opening.across
    gap, far = bottom - top, np.abs(u)
    widest = opening.widest
    floor = float(bottom[np.argmax(gap)])

    height = (
        (0.38 + 0.40 * pose.tongue) * widest * _ramp(0.02 * fh, 0.06 * fh, widest + 0.03 * fh * pose.tongue)
    )
    tongue_top = floor - height * np.sqrt(np.clip(1 - (u / TONGUE_WIDTH) ** 2, 0, 1)) + 0.5
    tongue_top = np.where(far < TONGUE_WIDTH, tongue_top, floor + 9)

    shown = _ramp(0.2, 0.7, pose.spread) * _ramp(0.9, 0.4, pose.rounding)
    low_edge = bottom - shown * 0.23 * gap * np.clip(1 - (u / 0.84) ** 4, 0, 1) + (1 - shown)

    high = min(UPPER_TEETH * fh, (0.40 + 0.08 * pose.spread) * widest) * (1 - 0.95 * pose.rounding)
    high_edge = teeth_line - 0.004 * fh + high * np.clip(1 - 0.30 * u**2 - (u / 0.94) ** 8, -2, 1)
    high_edge += _ramp(0.2, 0.7, pose.spread) * (top + 0.42 * gap - high_edge)
    high_edge = high_edge - 3 * _ramp(0.6, 1.0, pose.rounding)
    bitten = pose.tuck * _ramp(TUCKED_GONE * UPPER_TEETH * fh, TUCKED_FULL * UPPER_TEETH * fh, widest)
    high_edge = high_edge + bitten * np.maximum(bottom + 1 - high_edge, 0)

    shade_reach = np.minimum(0.020 * fh, 0.5 * gap + 0.6)
    sides = 0.62 + 0.38 * smoothstep(1.0, 0.80, far)
    seams = np.exp(-(((np.mod(u * UPPER_COUNT / 2, 1.0) - 0.5) / 0.07) ** 2))
    teeth_light = (1 - 0.06 * seams) * (1 - 0.14 * smoothstep(0.4, 0.95, far))
    taper = smoothstep(1.06, 0.85, far) * (1 - 0.5 * pose.rounding * smoothstep(1.5, 0.5, gap))
    parts = (top, bottom, tongue_top, low_edge, high_edge, shade_reach, sides, teeth_light, taper)
    return np.stack(parts, axis=-1).astype(np.float32)


def _ramp(low: float, high: float, value: float) -> float:
    """Smooth step of a single number."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _edge(distance: FloatMap, scale: float) -> FloatMap:
    """Opacity of what begins at distance 0, one pixel soft."""
    return np.asarray(np.clip(distance * np.float32(scale) + np.float32(0.5), 0, 1), np.float32)


def _between(start: Colour, end: Colour, t: FloatMap) -> FloatMap:
    first, last = np.array(start, np.float32), np.array(end, np.float32)
    return first + (last - first) * t[..., None]


def _shaded(colour: Colour, light: FloatMap) -> FloatMap:
    return np.array(colour, np.float32) * light[..., None]


def _lay(under: FloatMap, over: FloatMap, opacity: FloatMap) -> None:
    """Lay a colour over a picture, in place."""
    under += (over - under) * opacity[..., None]
