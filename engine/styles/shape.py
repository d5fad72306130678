"""Shape change: larger eyes, a slimmer jaw, a larger head; the landmarks move along.

Each part is a smooth local scaling about a centre. Their sum moves points forward; pictures need the way
back, which is found by fixed-point iteration on a coarse grid.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Points
from engine.raster import resized, smoothstep
from engine.styles.composition import CANVAS, CHIN, LEFT_EYE, RIGHT_EYE, TOP
from engine.styles.skin import LEFT_EYE_RING, RIGHT_EYE_RING

GRID = 8  # px between the points at which the way back is computed
ROUNDS = 14  # of the fixed point; the largest step left is then under 0.1 px
STRIDE = np.float32(0.68)  # of a whole step: where sizes double, whole steps would swing ever wider
NASAL = 0.75  # of an eye's growth that is missing at its inner corner
NECK = 0.25  # face heights under the chin: what keeps its place
NOSE_TIP, NOSE_BRIDGE = 4, 6


@dataclass(frozen=True)
class ShapeChange:
    """Factors of local size; 1 leaves the person as they are."""

    eyes: float = 1.0
    eye_reach: float = 0.17  # face heights around an eye over which its growth ends
    nose: float = 1.0
    jaw: float = 1.0  # width of the lower face
    head: float = 1.0  # the whole head, held at the base of the neck
    body: float = 1.0  # what is under the neck
    drop: float = 0.0  # face heights by which everything moves down, to leave room for a large head
    shift: float = 0.0  # and to the right


Displacement = Callable[[Points], Points]


def displacement(landmarks: Points, face_height: float, change: ShapeChange) -> Displacement:
    """Forward displacement in px of points (N, 2) on the canvas."""
    flat = landmarks[:, :2]
    eyes = [flat[list(ring)].mean(axis=0) for ring in (RIGHT_EYE_RING, LEFT_EYE_RING)]
    widths = [float(np.ptp(flat[list(ring)], axis=0).max()) for ring in (RIGHT_EYE_RING, LEFT_EYE_RING)]
    between = max(float(np.linalg.norm(eyes[0] - eyes[1])), 1.0)
    nose = flat[NOSE_TIP] * 0.7 + flat[NOSE_BRIDGE] * 0.3
    chin, top = flat[CHIN], flat[TOP]
    down = (chin - top) / max(face_height, 1.0)
    side = np.array([down[1], -down[0]], np.float32)
    eye_line = float((((flat[RIGHT_EYE] + flat[LEFT_EYE]) / 2 - top) @ down) / face_height)
    neck = chin + NECK * face_height * down

    def move(points: Points) -> Points:
        moved = np.zeros_like(points)
        for centre, width in zip(eyes, widths, strict=True):
            away = points - centre
            inner = min(0.62 * width, 0.13 * face_height)
            near = smoothstep(inner + change.eye_reach * face_height, inner, np.hypot(away[:, 0], away[:, 1]))
            # towards the other eye it grows less: brows must not meet over the nose
            nasal = away @ (eyes[0] + eyes[1] - 2 * centre) / between
            near = near * (1 - NASAL * smoothstep(0.30 * width, 0.70 * width, nasal))
            moved += (change.eyes - 1) * near[:, None] * away
        away = points - nose
        near = smoothstep(0.26 * face_height, 0.08 * face_height, np.hypot(away[:, 0], away[:, 1]))
        moved += (change.nose - 1) * near[:, None] * away
        across = (points - chin) @ side
        height = ((points - top) @ down) / face_height
        low = smoothstep(eye_line + 0.05, 0.86, height) * smoothstep(1.35, 1.02, height)
        low = low * smoothstep(0.75 * face_height, 0.40 * face_height, np.abs(across))
        moved += (change.jaw - 1) * (low * across)[:, None] * side
        held = smoothstep(1.50, 1.0, height)
        moved += (change.head - 1) * held[:, None] * (points - neck)
        moved += (change.body - 1) * (1 - held)[:, None] * (points - neck)
        moved += face_height * (change.drop * down + change.shift * side)
        return moved.astype(np.float32)

    return move


def way_back(move: Displacement) -> FloatMap:
    """Where each pixel of the changed canvas comes from: float32 (768, 768, 2), x and y in px."""
    ticks = np.arange(GRID / 2 - 0.5, CANVAS, GRID, dtype=np.float32)
    goal = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2).astype(np.float32)
    source = goal.copy()
    for _ in range(ROUNDS):
        source += STRIDE * (goal - source - move(source))
    offset = resized((source - goal).reshape(len(ticks), len(ticks), 2).astype(np.float32), CANVAS, CANVAS)
    offset[..., 0] += np.arange(CANVAS, dtype=np.float32)
    offset[..., 1] += np.arange(CANVAS, dtype=np.float32)[:, None]
    return offset


def moved_landmarks(landmarks: Points, move: Displacement) -> Points:
    """Landmarks (478, 3) after the shape change; z stays."""
    moved = landmarks.copy()
    moved[:, :2] += move(np.ascontiguousarray(landmarks[:, :2]))
    return moved
