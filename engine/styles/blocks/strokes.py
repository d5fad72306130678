"""Strokes: smooth curves through landmarks, drawn with a width that swells and tapers."""

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import polygon


def curve(points: Points, samples: int = 8) -> Points:
    """Catmull-Rom curve through (N, 2) points, `samples` points for each piece."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, samples, endpoint=False, dtype=np.float32)[:, None]
    pieces = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            0.5
            * (
                2 * start
                + (end - before) * t
                + (2 * before - 5 * start + 4 * end - after) * t**2
                + (3 * start - before - 3 * end + after) * t**3
            )
        )
    return np.vstack([*pieces, points[-1:]]).astype(np.float32)


def taper(count: int, start: float = 0.0, end: float = 0.0, peak: float = 0.5) -> FloatMap:
    """Widths (count,) in [0, 1]: `start`, then 1 at the share `peak` of the way, then `end`."""
    way = np.linspace(0, 1, count, dtype=np.float32)
    rising = start + (1 - start) * np.sin(np.clip(way / peak, 0, 1) * np.pi / 2)
    falling = end + (1 - end) * np.sin(np.clip((1 - way) / (1 - peak), 0, 1) * np.pi / 2)
    result: FloatMap = np.minimum(rising, falling).astype(np.float32)
    return result


def stroke(points: Points, widths: FloatMap, size: tuple[int, int]) -> Pixels:
    """Cover of one stroke along (N, 2) points with (N,) full widths in px: uint8 of `size`."""
    tangent = np.gradient(points, axis=0)
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-3)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) / length[:, None]
    half = 0.5 * widths[:, None] * normal
    outline = np.vstack([points + half, (points - half)[::-1]]).astype(np.float32)
    return polygon(outline, size)
