"""The head's movement: yaw, pitch and roll with depth, brows, breathing, and hair that comes after.

One weight carries it all: 1 on the head, falling to 0 down the neck and shoulders, so that the neck bends
and nothing tears. Depth fades to 0 towards the outline, so that the white border keeps its shape.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import smoothstep
from engine.speech.motion import Motion
from engine.talking.fields import Grid
from engine.talking.geometry import CHIN, FACE_OVAL, FOREHEAD, FaceFrame

STEP = 8  # px, cell of the head's grid: its fields are smooth
WEIGHT_FULL, WEIGHT_GONE = -0.15, 0.80  # fh below the chin
PIVOT = 0.45  # fh below the chin: where the neck bends
PARALLAX = 1.9  # exaggerates depth: a flat drawing shows little of it
TURN_SHIFT, NOD_SHIFT = 0.28, 0.48  # fh per unit of sin(yaw), sin(pitch): the whole head goes along
BROW_LIFT = 0.030  # fh
FROWN_DROP, FROWN_IN = 0.026, 0.010  # fh, the inner ends of the brows at frown 1; up and out at -1
BREATH_LIFT = 0.010  # fh
HAIR_DELAY = 3  # frames
FAR = 200.0  # px; distances to the outline are not needed beyond

MOVEMENTS = ("yaw", "yaw_bend", "pitch", "roll_sin", "roll_cos")
LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (336, 296, 334, 293, 300, 276, 283, 282, 295, 285)
LEFT_LID, RIGHT_LID = (246, 161, 160, 159, 158, 157, 173), (398, 384, 385, 386, 387, 388, 466)


@dataclass(frozen=True)
class HeadRig:
    """Basis fields of a head.

    Attributes
    ----------
    grid : covers the whole drawing
    basis : float32 (K, rows, columns, 4), px at coefficient 1, with slopes: the movements, the same for the
        hair (which come later), brows, frown, breath
    """

    grid: Grid
    basis: FloatMap

    def move(self, points: Points, coefficients: FloatMap) -> Points:
        """Move points (N, 2) by coefficients (..., K); float32 (..., N, 2)."""
        away = np.tensordot(coefficients, self.grid.sample_exactly(self.basis[..., :2], points), 1)
        return np.asarray(points + away, np.float32)


def coefficients(motion: Motion) -> FloatMap:
    """Turn a motion into float32 (frames, K), hair delayed by HAIR_DELAY frames."""
    yaw, pitch, roll = (np.deg2rad(track) for track in (motion.yaw, motion.pitch, motion.roll))
    head = np.stack([np.sin(yaw), 1 - np.cos(yaw), np.sin(pitch), np.sin(roll), np.cos(roll) - 1], axis=1)
    hair = head[np.maximum(np.arange(len(head)) - HAIR_DELAY, 0)]
    rest = np.stack([motion.brows, motion.frown, motion.breath], axis=1)
    return np.concatenate([head, hair, rest], axis=1).astype(np.float32)


def rig_head(landmarks: Points, alpha: Pixels, stiffness: float = 0.0) -> HeadRig:
    """Build the basis fields.

    Parameters
    ----------
    landmarks : float32 (478, 3), px
    alpha : uint8 (H, W)
    stiffness : 0 .. 1, how much the brows are held by glasses, which do not bend
    """
    height, width = alpha.shape
    grid = Grid.over(-STEP, -STEP, width + STEP, height + STEP, STEP)
    points = grid.points()
    frame = FaceFrame.of(landmarks, landmarks[CHIN])
    fh = frame.height
    weight = _weight(points, landmarks, fh, alpha)
    inside = Grid(0, 0, 1, width, height).sample(outline_distance(alpha), points)
    depth = _depth(points, landmarks, fh) * smoothstep(0.0, 0.16 * fh, inside)
    pivot = landmarks[CHIN, :2] + frame.down * PIVOT * fh
    away = points - pivot
    zero = np.zeros_like(weight)
    centre = landmarks[[FOREHEAD, CHIN], 0].mean()
    head = np.stack(
        [
            _field(weight * (PARALLAX * depth + TURN_SHIFT * fh), zero),
            _field(-weight * (points[..., 0] - centre) * smoothstep(0.0, 0.16 * fh, inside), zero),
            _field(zero, weight * (0.8 * PARALLAX * depth + NOD_SHIFT * fh)),
            _field(-away[..., 1] * weight, away[..., 0] * weight),
            _field(away[..., 0] * weight, away[..., 1] * weight),
        ]
    )
    loose_hair = _hair(points, landmarks, fh)[None, ..., None]
    brows = _brows(points, landmarks, frame, inside) * np.float32(1 - stiffness)
    bottom = _bottom(alpha)
    lungs = smoothstep(bottom, bottom - 0.45 * fh, points[..., 1])
    breath = _field(zero, -BREATH_LIFT * fh * lungs)
    basis = np.concatenate([head * (1 - loose_hair), head * loose_hair, brows, breath[None]])
    return HeadRig(grid, grid.with_slopes(basis.astype(np.float32)))


def outline_distance(alpha: Pixels) -> FloatMap:
    """Distance from every pixel inside to the outline, px, 0 outside; the frame's edge is no outline."""
    solid = cv2.copyMakeBorder((alpha > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray(np.minimum(cv2.distanceTransform(solid, cv2.DIST_L2, 5)[1:-1, 1:-1], FAR), np.float32)


def _field(x: FloatMap, y: FloatMap) -> FloatMap:
    return np.stack([x, y], axis=-1).astype(np.float32)


def _bottom(alpha: Pixels) -> float:
    return float(np.flatnonzero((alpha > 127).any(axis=1))[-1])


def _weight(points: Points, landmarks: Points, fh: float, alpha: Pixels) -> FloatMap:
    """1 on the head, 0 well below it and at the drawing's lower edge."""
    chin = float(landmarks[CHIN, 1])
    gone = max(min(chin + WEIGHT_GONE * fh, _bottom(alpha) - 4), chin + 0.2 * fh)
    return smoothstep(gone, chin + WEIGHT_FULL * fh, points[..., 1])


def _depth(points: Points, landmarks: Points, fh: float) -> FloatMap:
    """How far the face stands out of the plane of its oval, px; 0 away from the face."""
    face = landmarks[:468]
    out = float(landmarks[list(FACE_OVAL), 2].mean()) - face[:, 2]
    spread = 2 * (0.07 * fh) ** 2
    # A Gaussian around every landmark; it is a product of one along x and one along y.
    near_x = np.exp(-((points[0, :, 0, None] - face[:, 0]) ** 2) / spread)
    near_y = np.exp(-((points[:, 0, 1, None] - face[:, 1]) ** 2) / spread)
    return np.asarray((near_y * out) @ near_x.T / (near_y @ near_x.T + 0.35), np.float32)


def _hair(points: Points, landmarks: Points, fh: float) -> FloatMap:
    """0 on face and skull, up to .8 on hair that hangs away from them."""
    oval = landmarks[list(FACE_OVAL), :2]
    centre = oval.mean(axis=0)
    x = np.abs(points[..., 0] - centre[0]) / (0.62 * fh)
    y = (points[..., 1] - centre[1]) / (0.80 * fh)
    beside = smoothstep(1.0, 1.7, np.sqrt(x * x + y * y))
    return np.asarray(0.8 * beside * smoothstep(-0.5, 0.4, y), np.float32)


def _brows(points: Points, landmarks: Points, frame: FaceFrame, inside: FloatMap) -> FloatMap:
    """Lift both brows, and tilt them, (2, ...): nothing below the lid, nothing at the outline."""
    fh = frame.height
    lift = np.zeros(points.shape[:2], np.float32)
    drop, together = lift.copy(), lift.copy()
    centre = landmarks[[FOREHEAD, CHIN], :2].mean(axis=0)
    for brow, lid in ((LEFT_BROW, LEFT_LID), (RIGHT_BROW, RIGHT_LID)):
        places = landmarks[list(brow), :2]
        middle = places.mean(axis=0)
        half = max(float(np.abs((places - middle) @ frame.across).max()), 0.05 * fh)
        away = points - middle
        u, v = away @ frame.across / half, away @ frame.down
        eye = float(((landmarks[list(lid), :2] - middle) @ frame.down).mean())
        above = smoothstep(-0.26 * fh, -0.03 * fh, v)
        below = smoothstep(eye - 0.005 * fh, max(0.35 * eye, 0.01 * fh) - 0.005 * fh, v)
        window = smoothstep(1.8, 0.7, np.abs(u)) * above * below
        lift = np.maximum(lift, window)
        side = 1.0 if (middle - centre) @ frame.across > 0 else -1.0
        inner = window * smoothstep(0.3, -0.9, u * side)  # 1 at the end that is nearer to the nose
        outer = window * smoothstep(0.2, 1.0, u * side)
        drop += inner - 0.35 * outer
        together -= side * inner
    window = smoothstep(0.05 * fh, 0.16 * fh, inside)
    up = -BROW_LIFT * fh * (lift * window)[..., None] * frame.down
    tilt = (
        fh
        * window[..., None]
        * (FROWN_DROP * drop[..., None] * frame.down + FROWN_IN * together[..., None] * frame.across)
    )
    return np.stack([up, tilt]).astype(np.float32)
