"""The mouth's movement: two displacement fields, one above the line between the lips and one below it.

Both are sums of the same basis movements with coefficients that come from the motion. They agree beyond the
corners of the mouth, so nothing tears; between the corners they part, and that is the opening. Lengths are
in units of the face height fh; `u` is the horizontal place, -1 and 1 at the corners, measured on each side
by itself so that it holds in three-quarter views.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Points
from engine.speech.motion import Motion
from engine.talking.fields import Grid, smooth_step
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

JAW_DROP = 0.135  # fh, lower lip and chin at jaw 1
BELOW_CHIN = 0.28  # fh below the chin where the jaw's movement is gone
UPPER_SHARE = 0.40  # of a gap at rest that the upper lip closes; the lower lip closes the remainder
ROUNDING = 0.36  # of the half width that the corners come in
SPREADING = 0.14  # of the half width that the corners go out
STEP = 2  # px, cell of the mouth's grid: the lips part within a few px
CURVE_SAMPLES = 41  # points along each inner lip

MOVEMENTS = (
    "shut_rest",  # always 1: what the picture shows open is closed first
    "jaw_wide",
    "jaw_round",
    "chin",
    "corners_drop",
    "purse",
    "flatten",
    "protrude",
    "spread",
    "raise",
    "tuck",
    "press",
)


@dataclass(frozen=True)
class MouthRig:
    """Basis fields of one face.

    Attributes
    ----------
    frame : axes of the mouth; the origin is the middle between the lips
    grid : where the basis fields are known
    upper, lower : float32 (len(MOVEMENTS), rows, columns, 2), px at coefficient 1
    upper_lip, lower_lip : float32 (CURVE_SAMPLES, 2), px, edges of the gap at rest, left to right
    is_lower : bool (N,), which landmarks the lower field moves
    half_widths : px from the origin to the left and the right corner
    """

    frame: FaceFrame
    grid: Grid
    upper: FloatMap
    lower: FloatMap
    upper_lip: Points
    lower_lip: Points
    is_lower: np.ndarray
    half_widths: tuple[float, float]

    def move(self, landmarks: Points, coefficients: FloatMap) -> Points:
        """Move landmarks (N, 2) by coefficients (..., K); float32 (..., N, 2)."""
        up = np.tensordot(coefficients, self.grid.sample_exactly(self.upper, landmarks[:, :2]), 1)
        low = np.tensordot(coefficients, self.grid.sample_exactly(self.lower, landmarks[:, :2]), 1)
        return np.asarray(landmarks[:, :2] + np.where(self.is_lower[:, None], low, up), np.float32)


def coefficients(motion: Motion) -> FloatMap:
    """Turn a motion into float32 (frames, len(MOVEMENTS))."""
    free = 1 - motion.closure
    jaw, rounding = motion.jaw, np.clip(motion.rounding, 0, 1)
    return np.stack(
        [
            np.ones_like(jaw),
            jaw * (1 - rounding) * free,
            jaw * rounding * free,
            jaw * (1 - 0.75 * motion.closure),
            jaw * (1 - rounding) * free,
            rounding,
            rounding,
            rounding * free * smooth_step(0.02, 0.2, jaw),
            motion.spread,
            motion.lip_raise * free,
            motion.tuck * free,
            motion.closure * smooth_step(0.0, 0.3, jaw),
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
    shape = _Shape(
        frame=frame,
        landmarks=frame.local(flat),
        upper_edge=frame.local(upper_edge),
        lower_edge=frame.local(lower_edge),
        left=float(-left),
        right=float(right),
    )
    reach = frame.local(flat[[CHIN]])[0, 1] + (BELOW_CHIN + 0.06) * fh
    box = centre + np.array([[-0.56 * fh, -0.22 * fh], [0.56 * fh, reach]])
    grid = Grid.over(*(box[0]), *(box[1]), step=STEP)
    points = grid.points()
    upper, lower = shape.fields(points)
    window = _edge_window(grid)
    if loose is not None:
        whole = Grid(0, 0, 1, loose.shape[1], loose.shape[0])
        window = window * whole.sample(loose, points)
    upper, lower = (frame.vectors(part) * window[None, ..., None] for part in (upper, lower))
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
        (shape.left, shape.right),
    )


def _to_picture(frame: FaceFrame, x: FloatMap, y: FloatMap) -> Points:
    return np.asarray(frame.origin + frame.vectors(np.stack([x, y], axis=-1)), np.float32)


def _edge_window(grid: Grid) -> FloatMap:
    """Fade to 0 at the border of the grid, so that the patch joins the picture."""
    rows = np.arange(grid.rows, dtype=np.float32)[:, None]
    columns = np.arange(grid.columns, dtype=np.float32)[None]
    near = np.minimum(np.minimum(rows, grid.rows - 1 - rows), np.minimum(columns, grid.columns - 1 - columns))
    return smooth_step(1, 8, near)


@dataclass(frozen=True)
class _Shape:
    """What the basis movements are made of; all in the mouth's frame, px."""

    frame: FaceFrame
    landmarks: Points
    upper_edge: Points
    lower_edge: Points
    left: float
    right: float

    def edges(self, x: FloatMap) -> tuple[FloatMap, FloatMap]:
        """Give the edges of the gap at rest at places x; they meet at the corners."""
        top, bottom = curve(self.upper_edge, x), curve(self.lower_edge, x)
        meet = (top + bottom) / 2
        inside = smooth_step(1.0, 0.93, np.abs(self.across(x)))
        gap = np.maximum(bottom - top, 0) * inside
        return meet - gap / 2, meet + gap / 2

    def across(self, x: FloatMap) -> FloatMap:
        """Give u of places x."""
        return np.where(x < 0, x / self.left, x / self.right).astype(np.float32)

    def line(self, x: FloatMap) -> FloatMap:
        """Give the line on which the closed lips meet."""
        top, bottom = self.edges(x)
        return top + UPPER_SHARE * (bottom - top)

    def below_the_line(self, local: Points) -> np.ndarray:
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
        zero = np.zeros_like(x)
        lens = np.maximum(1 - u * u, 0) ** 0.7
        round_lens = np.maximum(1 - (u / 0.74) ** 2, 0) ** 0.55
        bell = self._bell(x, y)
        lips = below * (1 - jaw_side)  # falls to 0 on the way from lip to chin, where the chin takes over
        chin = bell * jaw_side * self._fade_below_chin(x, y)
        drop = JAW_DROP * fh

        around = np.where(y < line, above, self._fade(y - line, 0.10 * fh, 0.26 * fh))
        left_half, right_half = self._cheek(u, -1), self._cheek(u, 1)
        half = np.where(x < 0, self.left, self.right)
        inwards = -np.where(u < 0, left_half, right_half) * half * around
        corner = np.exp(-(((np.abs(u) - 1) / 0.4) ** 2)) * np.exp(-(((y - line) / (0.10 * fh)) ** 2))

        smile = line - self.line(np.zeros_like(x)) - self._lean(x)
        flatten = -0.85 * smile * smooth_step(1.9, 1.0, np.abs(u)) * around
        up = {
            "shut_rest": (zero, UPPER_SHARE * (bottom - top) * above),
            "corners_drop": (-0.05 * half * np.sign(u) * corner, 0.20 * drop * corner),
            "purse": (ROUNDING * inwards, zero),
            "flatten": (zero, flatten),
            "protrude": (zero, -0.020 * fh * round_lens * above),
            "spread": (-SPREADING * inwards, -0.008 * fh * corner),
            "raise": (zero, -0.024 * fh * lens * above),
            "tuck": (zero, -0.020 * fh * lens * above),
            "press": (zero, 0.006 * fh * lens * above * smooth_step(0.0, 0.03 * fh, line - y)),
        }
        low = {
            "shut_rest": (zero, -(1 - UPPER_SHARE) * (bottom - top) * below),
            "jaw_wide": (zero, drop * lens * lips),
            "jaw_round": (zero, drop * round_lens * lips),
            "chin": (zero, drop * chin),
            "corners_drop": up["corners_drop"],
            "purse": up["purse"],
            "flatten": up["flatten"],
            "protrude": (zero, 0.020 * fh * round_lens * below),
            "spread": up["spread"],
            "tuck": (zero, -0.012 * fh * lens * below),
            "press": (zero, -0.010 * fh * lens * below * smooth_step(0.0, 0.03 * fh, y - line)),
        }
        return _stack(up, x.shape), _stack(low, x.shape)

    def _vertical(self, x: FloatMap, y: FloatMap, line: FloatMap) -> tuple[FloatMap, FloatMap, FloatMap]:
        """Windows: 1 on the upper lip to 0 at the nose; 1 on the lower lip to 0 at the chin; chin's own."""
        fh = self.frame.height
        nose = self.landmarks[NOSE_BASE, 1] + 0.012 * fh
        lip_top = curve(self.landmarks[list(OUTER_UPPER_LIP)], x)
        lip_bottom = curve(self.landmarks[list(OUTER_LOWER_LIP)], x)
        plateau = np.clip(line - lip_top, 0, 0.6 * np.maximum(line - nose, 1)) * 0.5
        above = smooth_step(0, 1, (y - nose) / np.maximum(line - plateau - nose, 0.02 * fh))
        chin = self.landmarks[CHIN, 1]
        thick = np.clip(lip_bottom - line, 0.02 * fh, 0.5 * (chin - line))
        way = (y - line - 0.35 * thick) / np.maximum(chin - line - 0.35 * thick, 0.05 * fh)
        below = smooth_step(1.05, 0.12, way)
        return above, below, smooth_step(0.05, 0.85, way)

    def _bell(self, x: FloatMap, y: FloatMap) -> FloatMap:
        """1 on the middle of the jaw, 0 at its angles."""
        chin = self.landmarks[CHIN]
        down = np.clip(y / chin[1], 0, 1)
        middle = chin[0] * down
        reach = np.abs(self.landmarks[list(JAW_ANGLES), 0] - chin[0]) * 1.08
        reach = np.maximum(reach, 0.12 * self.frame.height)
        eta = np.where(x < middle, (middle - x) / reach[0], (x - middle) / reach[1])
        return smooth_step(1.0, 0.12, eta)

    def _fade_below_chin(self, x: FloatMap, y: FloatMap) -> FloatMap:
        fh = self.frame.height
        return self._fade(y - self.landmarks[CHIN, 1], -0.01 * fh, BELOW_CHIN * fh)

    def _fade(self, x: FloatMap, full: float, gone: float) -> FloatMap:
        return smooth_step(gone, full, x)

    def _cheek(self, u: FloatMap, side: int) -> FloatMap:
        """u on the lips, back to 0 on the cheek before the edge of the face; signed."""
        oval = self.across(self.landmarks[[234, 454, 132, 361], 0] * 0.94)
        edge = float(np.min(np.abs(oval[oval * side > 0]), initial=2.3))
        edge = max(edge, 1.35)
        soften = min(1.0, (edge - 1) / 0.75)
        return np.asarray(u * smooth_step(edge, 0.75, np.abs(u)) * soften, np.float32)

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
