"""The lips as they were drawn: where exactly they meet, and a picture of them without teeth and lip line.

When the mouth opens, the edges of the lips are seen where the drawing shows teeth or the line between the
lips. `without_gap` paints lip colour there, else a fringe of the old teeth or a second lip line would show.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import gaussian, looked_up
from engine.talking.geometry import INNER_LOWER_LIP, INNER_UPPER_LIP, FaceFrame, curve

OPEN_FROM = 0.035  # gap over width from which a mouth counts as open in the drawing
SEARCH = 0.016  # fh that the line between closed lips may lie away from the landmarks
BAND = 0.011  # fh around a gap at rest that is searched for teeth
LINE_HALF = 0.008  # fh, half the width of the painted-over line between closed lips


@dataclass(frozen=True)
class RestLips:
    """Inner edges of the lips in the drawing, float32 (N, 2), px, and whether they are apart."""

    upper: Points
    lower: Points
    apart: bool


def find_lips(drawing: Pixels, landmarks: Points) -> RestLips:
    """Take the lips from the landmarks; a closed mouth's line is moved onto the darkest path nearby."""
    flat = landmarks[:, :2]
    upper, lower = flat[list(INNER_UPPER_LIP)], flat[list(INNER_LOWER_LIP)]
    frame = FaceFrame.of(landmarks, (flat[13] + flat[14]) / 2)
    width = float(np.linalg.norm(flat[308] - flat[78]))
    gap = float((frame.local(lower) - frame.local(upper))[3:8, 1].mean())
    if gap > OPEN_FROM * width:
        return RestLips(upper, lower, apart=True)
    line = _darkest_line(drawing, frame, upper, lower)
    return RestLips(line, line.copy(), apart=False)


def _darkest_line(drawing: Pixels, frame: FaceFrame, upper: Points, lower: Points) -> Points:
    """Follow the dark line between closed lips, never farther than SEARCH from the landmarks."""
    top, bottom = frame.local(upper), frame.local(lower)
    left, right = float(top[0, 0]), float(top[-1, 0])
    x = np.linspace(left, right, 49).astype(np.float32)
    middle = (curve(top, x) + curve(bottom, x)) / 2
    reach = SEARCH * frame.height
    away = np.linspace(-reach, reach, 25).astype(np.float32)
    local = np.stack(np.broadcast_arrays(x[None], middle[None] + away[:, None]), axis=-1)
    places = (frame.origin + frame.vectors(local)).astype(np.float32)
    grey = cv2.cvtColor(np.ascontiguousarray(drawing[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = looked_up(gaussian(grey, 0.8), places)
    contrast = max(float(light.std()), 4.0)
    u = np.abs(np.linspace(-1, 1, 49))
    # Pulled to the landmarks everywhere, and firmly so at the corners.
    cost = (light - light.min(axis=0)) / contrast + 0.5 * (away[:, None] / reach) ** 2 * (1 + 4 * u**4)
    offset = away[_cheapest_path(cost.astype(np.float32))]
    smooth = cv2.GaussianBlur(offset[None].astype(np.float32), (0, 0), 2.0, borderType=cv2.BORDER_REPLICATE)[
        0
    ]
    settled = np.stack([x, middle + smooth], axis=-1)
    return np.asarray(frame.origin + frame.vectors(settled), np.float32)


def _cheapest_path(cost: FloatMap) -> np.ndarray:
    """Row per column of the path from left to right with the least cost, at most one row a column."""
    rows, columns = cost.shape
    total = cost.copy()
    for j in range(1, columns):
        before = np.pad(total[:, j - 1], 1, constant_values=np.inf)
        total[:, j] += np.minimum(before[1:-1], np.minimum(before[:-2], before[2:]) + 0.15)
    path = np.empty(columns, np.int64)
    path[-1] = int(total[:, -1].argmin())
    for j in range(columns - 2, -1, -1):
        low, high = max(path[j + 1] - 1, 0), min(path[j + 1] + 2, rows)
        near = total[low:high, j] + 0.15 * (np.arange(low, high) != path[j + 1])
        path[j] = low + int(near.argmin())
    return path


def without_gap(texture: Pixels, landmarks: Points, lips: RestLips, scale: int) -> Pixels:
    """Paint lip colour over teeth and lip line.

    Parameters
    ----------
    texture : uint8 (H, W, 3), RGB at `scale` samples a px
    landmarks : float32 (478, 3), px
    """
    frame = FaceFrame.of(landmarks, lips.upper.mean(axis=0))
    edges = [(points * scale + (scale - 1) / 2) for points in (lips.upper, lips.lower)]
    outline = np.round(np.concatenate([edges[0], edges[1][::-1]]) * 16).astype(np.int32)
    mask = np.zeros(texture.shape[:2], np.uint8)
    if lips.apart:
        cv2.fillPoly(mask, [outline], 255, cv2.LINE_8, 4)
        reach = BAND * frame.height * scale
        near = _box(mask, margin=round(3 * reach) + 4)
        mask[near] = _with_teeth_nearby(np.ascontiguousarray(texture[near]), mask[near].copy(), reach)
    else:
        width = max(2, round(2 * LINE_HALF * frame.height * scale))
        cv2.polylines(mask, [np.round(edges[0] * 16).astype(np.int32)], False, 255, width, cv2.LINE_8, 4)
    box = _box(mask, margin=8 * scale)
    healed = texture.copy()
    healed[box] = cv2.inpaint(np.ascontiguousarray(texture[box]), mask[box], 3 * scale, cv2.INPAINT_TELEA)
    return healed


def _with_teeth_nearby(texture: Pixels, gap: Pixels, reach: float) -> Pixels:
    """Widen the gap by what looks more like its inside than like the lips around it."""
    size = 2 * max(1, round(reach)) + 1
    near = cv2.dilate(gap, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    far = cv2.dilate(near, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size + 4, size + 4)))
    lab = cv2.cvtColor(texture, cv2.COLOR_RGB2LAB).astype(np.float32)
    inside, lips = lab[gap > 0], lab[(far > 0) & (near == 0)]
    wider = cv2.dilate(gap, np.ones((3, 3), np.uint8))
    if len(inside) and len(lips):
        to_inside = np.linalg.norm(lab - np.median(inside, axis=0), axis=-1)
        to_lips = np.linalg.norm(lab - np.median(lips, axis=0), axis=-1)
        wider[(near > 0) & (to_inside < to_lips)] = 255
    closed = cv2.morphologyEx(wider, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(closed, np.uint8)


def _box(mask: Pixels, margin: int) -> tuple[slice, slice]:
    x, y, width, height = cv2.boundingRect(mask)
    return (
        slice(max(y - margin, 0), min(y + height + margin, mask.shape[0])),
        slice(max(x - margin, 0), min(x + width + margin, mask.shape[1])),
    )
