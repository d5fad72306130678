"""What shows between the parted lips: the dark inside, tongue, teeth, the lips' shade and their line."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.talking.fields import smooth_step
from engine.talking.geometry import FaceFrame
from engine.talking.palette import MouthPalette

UPPER_TEETH = 0.036  # fh, height of the upper teeth below the line where the lips meet
LINE_REACH = 3.0  # px around the opening that the line may touch


@dataclass(frozen=True)
class Opening:
    """The gap between the lips in one frame, as columns along the mouth's axis.

    Attributes
    ----------
    first : px, place of the first column from the mouth's origin
    top, bottom : float32 (n,), px, edges of the gap; columns are 1 / scale px apart
    across : float32 (n,), -1 at the left corner, 1 at the right one, beyond outside
    """

    first: float
    scale: int
    top: FloatMap
    bottom: FloatMap
    across: FloatMap

    @classmethod
    def between(
        cls, frame: FaceFrame, upper: Points, lower: Points, reach: FloatMap, scale: int
    ) -> "Opening":
        """Read the edges (N, 2) in px as columns over reach = (first, last) px along the axis."""
        top_edge, bottom_edge = frame.local(upper), frame.local(lower)
        columns = np.arange(int((reach[1] - reach[0]) * scale) + 2, dtype=np.float32) / scale + reach[0]
        top = np.interp(columns, np.maximum.accumulate(top_edge[:, 0]), top_edge[:, 1])
        bottom = np.interp(columns, np.maximum.accumulate(bottom_edge[:, 0]), bottom_edge[:, 1])
        left, right = top_edge[0, 0], top_edge[-1, 0]
        across = (columns - (left + right) / 2) / max((right - left) / 2, 1.0)
        return cls(
            float(reach[0]),
            scale,
            top.astype(np.float32),
            np.maximum(bottom, top).astype(np.float32),
            across.astype(np.float32),
        )

    @property
    def widest(self) -> float:
        """Largest gap in px."""
        return float((self.bottom - self.top).max())

    def columns_of(self, x: FloatMap) -> np.ndarray:
        """Index of the column of each place x (px from the origin along the axis)."""
        index = np.round((x - self.first) * self.scale).astype(np.int32)
        return np.asarray(np.clip(index, 0, len(self.top) - 1))


@dataclass(frozen=True)
class MouthPose:
    """Numbers of one frame that the inside depends on, each 0..1."""

    tongue: float
    spread: float
    tuck: float
    rounding: float
    lip_raise: float


def paint(
    patch: Pixels,
    x: FloatMap,
    y: FloatMap,
    opening: Opening,
    teeth_line: FloatMap,
    face_height: float,
    pose: MouthPose,
    palette: MouthPalette,
) -> None:
    """Paint the inside of the mouth over `patch`, in place.

    Parameters
    ----------
    patch : uint8 (H, W, 4), opaque
    x, y : float32 (H, W), px along the mouth's axes
    teeth_line : float32 (n,), px, where the closed lips meet, per column of the opening
    """
    fh, scale = face_height, opening.scale
    column = opening.columns_of(x)
    top, bottom, u = opening.top[column], opening.bottom[column], opening.across[column]
    gap = np.maximum(bottom - top, 1e-3)
    from_top, from_bottom = y - top, bottom - y
    widest = max(opening.widest, 1e-3)

    depth = np.clip(from_top / widest, 0, 1)
    inside = _mix(palette.deep, palette.shallow, smooth_step(0.35, 1.1, depth)[..., None])

    height = (0.50 + 0.42 * pose.tongue) * widest
    rise = height * np.sqrt(np.clip(1 - (u / 0.78) ** 2, 0, 1))
    on_tongue = np.clip((from_bottom * -1 + rise) * scale / 2 + 0.5, 0, 1) * smooth_step(
        0.03 * fh, 0.07 * fh, np.float32(widest) + 0.03 * fh * pose.tongue
    )
    light = 0.70 + 0.36 * np.clip(1 - from_bottom / max(height, 1e-3), 0, 1)
    light = light - 0.10 * np.exp(-((u / 0.10) ** 2)) * (1 - 0.6 * pose.tongue)
    tongue = np.array(palette.tongue, np.float32) * light[..., None]
    inside = _lay(inside, tongue, on_tongue)

    low = (0.10 + 0.34 * pose.spread) * widest * np.clip(1 - (u / 0.80) ** 4, 0, 1)
    low = (
        low
        * smooth_step(0.25, 0.6, np.float32(pose.spread))
        * smooth_step(1.0, 0.5, np.float32(pose.rounding))
    )
    on_low = np.clip((low - from_bottom) * scale / 2 + 0.5, 0, 1) * (low > 0.3)
    inside = _lay(inside, _teeth(palette, 0.86, u, 9), on_low)

    high = np.minimum(UPPER_TEETH * fh, (0.46 + 0.10 * pose.spread) * widest + 0.004 * fh)
    edge = teeth_line[column] - (0.10 * UPPER_TEETH * fh)
    edge = edge + high * np.clip(1 - 0.35 * np.abs(u) ** 2 - (u / 0.93) ** 8, -1, 1)
    edge = edge * (1 - pose.tuck) + pose.tuck * np.maximum(edge, bottom + 1)
    on_high = np.clip((edge - y) * scale / 2 + 0.5, 0, 1) * smooth_step(1.0, 0.86, np.abs(u))
    on_high = on_high * smooth_step(1.4, 0.6, np.float32(pose.rounding + 0.3))
    inside = _lay(inside, _teeth(palette, 1.0, u, 8), on_high)

    shade = 0.60 + 0.40 * smooth_step(0.0, 1.0, from_top / np.minimum(0.028 * fh, 0.7 * gap + 0.6))
    shade = shade * (0.55 + 0.45 * smooth_step(1.0, 0.72, np.abs(u)))
    inside = inside * shade[..., None]

    covered = np.clip(from_top * scale + 0.5, 0, 1) * np.clip(from_bottom * scale + 0.5, 0, 1)
    covered = covered * np.clip(gap * scale, 0, 1)
    colour = patch[..., :3].astype(np.float32)
    colour = _lay(colour, inside, covered)
    colour = _lay(
        colour, np.array(palette.line, np.float32), _line(from_top, from_bottom, u, widest, palette)
    )
    patch[..., :3] = np.clip(colour + 0.5, 0, 255).astype(np.uint8)


def _line(
    from_top: FloatMap, from_bottom: FloatMap, u: FloatMap, widest: float, palette: MouthPalette
) -> FloatMap:
    """Opacity of the line around the opening: fuller above and in the corners, tapered at its ends."""
    taper = smooth_step(1.06, 0.85, np.abs(u))
    above = np.exp(-((from_top / palette.line_width) ** 2))
    below = np.exp(-((from_bottom / (0.8 * palette.line_width)) ** 2)) * 0.7
    return np.asarray(palette.line_strength * taper * np.maximum(above, below), np.float32)


def _teeth(palette: MouthPalette, brightness: float, u: FloatMap, count: int) -> FloatMap:
    """Colour of a row of teeth: `count` of them, only hinted at, darker to the sides."""
    seams = 1 - 0.07 * np.exp(-(((np.mod(u * count / 2 + 0.5, 1.0) - 0.5) / 0.06) ** 2))
    round_off = 1 - 0.22 * smooth_step(0.3, 0.95, np.abs(u))
    return np.asarray(
        np.array(palette.teeth, np.float32) * (brightness * seams * round_off)[..., None], np.float32
    )


def _mix(start: tuple[float, float, float], end: tuple[float, float, float], t: FloatMap) -> FloatMap:
    first, last = np.array(start, np.float32), np.array(end, np.float32)
    return np.asarray(first + (last - first) * t, np.float32)


def _lay(under: FloatMap, over: FloatMap, opacity: FloatMap) -> FloatMap:
    return np.asarray(under + (over - under) * opacity[..., None], np.float32)
