"""The face's own frame: its axes, its size, and curves of landmarks as functions of the horizontal axis."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Points

# MediaPipe face mesh, from the picture's left to its right.
INNER_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOWER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
FOREHEAD, CHIN, NOSE_BASE = 10, 152, 2
JAW_ANGLES = (172, 397)


@dataclass(frozen=True)
class FaceFrame:
    """Axes and size of a face in the drawing.

    Attributes
    ----------
    origin : float32 (2,), px
    across, down : float32 (2,), unit vectors
    height : px from the top of the forehead to the chin (landmarks 10 and 152), "fh" in comments
    """

    origin: Points
    across: Points
    down: Points
    height: float

    @classmethod
    def of(cls, landmarks: Points, origin: Points, across: Points | None = None) -> "FaceFrame":
        """Take the vertical from forehead to chin, or from `across` (2,) where it is given."""
        axis = landmarks[CHIN, :2] - landmarks[FOREHEAD, :2]
        height = float(np.linalg.norm(axis))
        down = axis / height
        if across is not None:
            unit = across / np.linalg.norm(across)
            down = np.array([-unit[1], unit[0]])
        return cls(
            np.asarray(origin[:2], np.float32),
            np.array([down[1], -down[0]], np.float32),
            np.asarray(down, np.float32),
            height,
        )

    def local(self, points: Points) -> Points:
        """Turn px (..., 2) into (across, down) px from the origin."""
        away = points[..., :2] - self.origin
        return np.stack([away @ self.across, away @ self.down], axis=-1).astype(np.float32)

    def vectors(self, local: Points) -> Points:
        """Turn displacements (..., 2) along the axes into displacements in the picture."""
        return np.asarray(local[..., :1] * self.across + local[..., 1:] * self.down, np.float32)


def curve(points: Points, at: FloatMap) -> FloatMap:
    """Read a polyline (N, 2) as y(x) at `at`, level beyond its ends; points that go back are left out."""
    order = np.argsort(points[:, 0], kind="stable")
    return np.asarray(np.interp(at, points[order, 0], points[order, 1]), np.float32)
