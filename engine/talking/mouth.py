"""The mouth's movement: two displacement fields, one above the line between the lips and one below it.

Both are sums of the same basis movements (mouth_shape.py) with coefficients that come from the motion. They
agree beyond the corners of the mouth, so nothing tears; between the corners they part: that is the opening.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Points
from engine.character import SIZE
from engine.raster import smoothstep
from engine.speech.motion import Motion
from engine.talking.fields import Grid
from engine.talking.geometry import (
    CHIN,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    FaceFrame,
)
from engine.talking.mouth_shape import BELOW_CHIN, MOVEMENTS, MouthShape

STEEPEST = 0.74  # px of movement lost per px; 1 would fold the skin
EXAGGERATION = 0.25  # of half-open mouths: on a phone (240 px) they are to be seen too
STILL = 0.05  # px; what moves less is seen nowhere
STEP = 3  # px, cell of the mouth's grid: the lips part within a few px
CURVE_SAMPLES = 41  # points along each inner lip


@dataclass(frozen=True)
class MouthRig:
    """Basis fields of one face.

    Attributes
    ----------
    frame : axes of the mouth; the origin is the middle between the lips
    grid : where the basis fields are known
    upper, lower : float32 (len(MOVEMENTS), rows, columns, 4), px at coefficient 1, with slopes
    upper_lip, lower_lip : float32 (CURVE_SAMPLES, 2), px, edges of the gap at rest, left to right
    is_lower : bool (N,), which landmarks the lower field moves
    size : px, side of the drawing
    """

    frame: FaceFrame
    grid: Grid
    upper: FloatMap
    lower: FloatMap
    upper_lip: Points
    lower_lip: Points
    is_lower: NDArray[np.bool_]
    size: int

    def move(self, landmarks: Points, coefficients: FloatMap) -> Points:
        """Move landmarks (N, 2) by coefficients (..., K); float32 (..., N, 2)."""
        up = _away(self.grid, self.upper, landmarks, coefficients)
        low = _away(self.grid, self.lower, landmarks, coefficients)
        return np.asarray(landmarks[:, :2] + np.where(self.is_lower[:, None], low, up), np.float32)

    def moved_lips(self, coefficients: FloatMap) -> FloatMap:
        """Inner edges of the lips at coefficients (..., K); float32 (2, ..., CURVE_SAMPLES, 2), px."""
        upper = self.upper_lip + _away(self.grid, self.upper, self.upper_lip, coefficients)
        lower = self.lower_lip + _away(self.grid, self.lower, self.lower_lip, coefficients)
        return np.stack([upper, lower])


def _away(grid: Grid, basis: FloatMap, points: Points, coefficients: FloatMap) -> FloatMap:
    return np.tensordot(coefficients, grid.sample_exactly(basis[..., :2], points[:, :2]), 1)


def coefficients(motion: Motion) -> FloatMap:
    """Turn a motion into float32 (frames, len(MOVEMENTS))."""
    free = 1 - motion.closure
    jaw = motion.jaw * (1 + EXAGGERATION * (1 - motion.jaw) * smoothstep(0.05, 0.25, motion.jaw))
    rounding = np.clip(motion.rounding, 0, 1)
    return np.stack(
        [
            np.ones_like(jaw),
            jaw * (1 - rounding) * free,
            jaw * rounding * free,
            jaw * (1 - 0.75 * motion.closure),
            rounding,
            smoothstep(0.0, 0.6, rounding),
            rounding * free * smoothstep(0.02, 0.2, jaw),
            motion.spread,
            motion.lip_raise * free,
            motion.tuck * free,
            motion.closure * smoothstep(0.0, 0.3, jaw),
            motion.smile,
            np.maximum(0, -motion.smile) * (1 - rounding),
        ],
        axis=1,
    ).astype(np.float32)


def rig_mouth(
    landmarks: Points, lips: tuple[Points, Points] | None = None, loose: FloatMap | None = None
) -> MouthRig:
    """Build the basis fields.

    Parameters
    ----------
    landmarks : float32 (478, 3), px
    lips : inner edges of the upper and the lower lip at rest, float32 (N, 2), px, when they are known better
        than by the landmarks
    loose : float32 (H, W), 1 where the picture may move, 0 at its outline
    """
    flat = landmarks[:, :2]
    corners, centre = flat[[78, 308]], (flat[13] + flat[14]) / 2
    frame = FaceFrame.of(landmarks, centre)
    fh = frame.height
    upper_edge, lower_edge = lips or (flat[list(INNER_UPPER_LIP)], flat[list(INNER_LOWER_LIP)])
    left, right = frame.local(corners)[:, 0]
    left, right = min(left, -0.02 * fh), max(right, 0.02 * fh)
    shape = MouthShape(
        frame=frame,
        landmarks=frame.local(flat),
        upper_edge=frame.local(upper_edge),
        lower_edge=frame.local(lower_edge),
        left=float(-left),
        right=float(right),
        step=STEP,
    )
    reach = frame.local(flat[[CHIN]])[0, 1] + (BELOW_CHIN + 0.07) * fh
    left_edge, top_edge = np.maximum(centre - np.array([0.56 * fh, 0.30 * fh]), 0)
    within = SIZE - SIZE % STEP  # whole cells inside the drawing
    right_edge, bottom_edge = np.minimum(centre + np.array([0.56 * fh, reach]), within)
    grid = Grid.over(left_edge, top_edge, right_edge, bottom_edge, STEP)
    points = grid.points()
    upper, lower = shape.fields(points)
    window = _edge_window(grid)
    if loose is not None:
        whole = Grid(0, 0, 1, loose.shape[1], loose.shape[0])
        window = window * whole.sample(loose, points)
    upper, lower = upper * window[None, ..., None], _gentle(lower * window[None, ..., None])
    grid, upper, lower = _where_something_moves(grid, upper, lower)
    upper, lower = (grid.with_slopes(frame.vectors(part)) for part in (upper, lower))
    u = np.linspace(-1, 1, CURVE_SAMPLES)
    x = np.where(u < 0, u * shape.left, u * shape.right).astype(np.float32)
    top, bottom = shape.edges(x)
    return MouthRig(
        frame,
        grid,
        upper,
        lower,
        _to_picture(frame, x, top),
        _to_picture(frame, x, bottom),
        shape.below_the_line(shape.landmarks),
        SIZE,
    )


def _where_something_moves(grid: Grid, upper: FloatMap, lower: FloatMap) -> tuple[Grid, FloatMap, FloatMap]:
    """Cut a grid and its fields (K, rows, columns, 2) to what moves: every cell costs time in every frame."""
    moves = (np.abs(upper).max(axis=(0, 3)) > STILL) | (np.abs(lower).max(axis=(0, 3)) > STILL)
    rows, columns = np.flatnonzero(moves.any(axis=1)), np.flatnonzero(moves.any(axis=0))
    top, bottom = max(rows[0] - 1, 0), min(rows[-1] + 2, grid.rows)
    left, right = max(columns[0] - 1, 0), min(columns[-1] + 2, grid.columns)
    smaller = Grid(
        grid.left + int(left) * grid.step,
        grid.top + int(top) * grid.step,
        grid.step,
        int(right - left),
        int(bottom - top),
    )
    cut = (slice(None), slice(top, bottom), slice(left, right))
    return smaller, upper[cut], lower[cut]


def _gentle(lower: FloatMap) -> FloatMap:
    """Let the chin, then the whole jaw drop less where its way would be too short and the skin would fold.

    That is so where the chin is close to the outline: heads seen from below or from the side.

    Parameters
    ----------
    lower : float32 (K, rows, columns, 2), px along the mouth's axes
    """
    chin = MOVEMENTS.index("chin")
    jaw = [MOVEMENTS.index(name) for name in ("jaw_wide", "jaw_round", "chin")]
    lower = lower.copy()
    lower[chin] *= max(_room(lower), 0.55)
    lower[jaw] *= _room(lower)
    return lower


def _room(lower: FloatMap) -> float:
    """Share of the widest opening at which no slope is steeper than STEEPEST."""
    drop = lower[MOVEMENTS.index("jaw_wide"), ..., 1] + lower[MOVEMENTS.index("chin"), ..., 1]
    steepest = float(np.diff(drop, axis=0).min(initial=-1e-3)) / STEP
    return min(1.0, -STEEPEST / steepest)


def _to_picture(frame: FaceFrame, x: FloatMap, y: FloatMap) -> Points:
    return np.asarray(frame.origin + frame.vectors(np.stack([x, y], axis=-1)), np.float32)


def _edge_window(grid: Grid) -> FloatMap:
    """Fade to 0 at the border of the grid, so that the patch joins the picture."""
    rows = np.arange(grid.rows, dtype=np.float32)[:, None]
    columns = np.arange(grid.columns, dtype=np.float32)[None]
    near = np.minimum(np.minimum(rows, grid.rows - 1 - rows), np.minimum(columns, grid.columns - 1 - columns))
    return smoothstep(0, 5, near)
