"""Whether something stands before the face: a hand, a cup, a phone.

The mesh puts eyes and lips where they would be, whether it sees them or not. Lips have lines across that
the skin around them has not; an iris is darker than the white beside it and the lid below it. What covers
them has neither at that very place.
"""

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import dilated, gaussian, grey, polygon, resized

FACE_HEIGHT = 160  # px, at which the face is looked at
USUAL_RANGE = 150.0  # of 255, between the darkest and the lightest 2 % around a face
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
EYES = ((468, 33, 133), (473, 362, 263))  # iris and corners
# Set on 22 uncovered faces and the same with hands, cloth and phones laid over them: lips at least 1.66
# uncovered and at most 1.48 (90 %) covered; no uncovered iris failed both tests, 83 % of the covered did.
LEAST_LIPS = 1.5  # lines across the lips over those around them
LEAST_WHITE = 1.0  # of 255: by how much an eye's corners are lighter than its iris
LEAST_LID = 50.0  # of 255: by how much the lower lid is; closed and shaded eyes still have this
MAX_YAW = 40  # degrees; of a face turned further the far eye may be hidden by the nose


def covered(photo: Pixels, landmarks: Points, yaw: float) -> bool:
    """Whether a hand or an object hides the mouth or an eye.

    Parameters
    ----------
    photo : uint8 (H, W, 3), RGB
    landmarks : float32 (478, 3), px of the photo
    yaw : degrees of the head
    """
    luma, points = _seen(photo, landmarks)
    if _lines_of_lips(luma, points) < LEAST_LIPS:
        return True
    return abs(yaw) < MAX_YAW and any(_hidden(luma, points, *eye) for eye in EYES)


def _seen(photo: Pixels, landmarks: Points) -> tuple[FloatMap, Points]:
    """Luma of the face at FACE_HEIGHT, and the landmarks on it; dark ones brought to the usual range."""
    height, width = photo.shape[:2]
    low = np.clip(landmarks[:, :2].min(axis=0).astype(int) - 4, 0, (width - 2, height - 2))
    high = np.clip(landmarks[:, :2].max(axis=0).astype(int) + 5, low + 2, (width, height))
    face = np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]])
    scale = FACE_HEIGHT / max(1.0, float(np.linalg.norm(landmarks[10, :2] - landmarks[152, :2])))
    size = max(2, round(face.shape[1] * scale)), max(2, round(face.shape[0] * scale))
    points = ((landmarks[:, :2] - low) * np.float32(scale)).astype(np.float32)
    luma = gaussian(grey(resized(face, *size)).astype(np.float32), 1.1)
    dark, light = np.percentile(luma, (2, 98))
    return luma * np.float32(max(1.0, USUAL_RANGE / max(float(light - dark), 8.0))), points


def _lines_of_lips(luma: FloatMap, points: Points) -> float:
    """Strength of horizontal edges on the lips over that around them."""
    lips = polygon(points[list(LIPS)], luma.shape)
    inside = dilated(lips, 5) > 127
    around = (dilated(lips, 32) > 127) & ~inside
    edges = np.abs(cv2.Sobel(luma, cv2.CV_32F, 0, 1))
    if not inside.any() or not around.any():
        return np.inf
    return float(edges[inside].mean() / max(0.5, float(edges[around].mean())))


def _hidden(luma: FloatMap, points: Points, iris: int, corner: int, other: int) -> bool:
    width = float(np.linalg.norm(points[corner] - points[other]))
    centre = points[iris]
    radius = max(1.0, 0.14 * width)
    dark = _median(luma, centre, radius)
    corner_step = np.array([0.33 * width, 0], np.float32)
    sides = [_median(luma, centre + side * corner_step, 1) for side in (-1, 1)]
    lid = _median(luma, centre + np.array([0, 0.52 * width], np.float32), 0.2 * width)
    return sum(sides) / 2 - dark < LEAST_WHITE and lid - dark < LEAST_LID


def _median(luma: FloatMap, centre: Points, radius: float) -> float:
    low = np.clip(np.floor(centre - radius).astype(int), 0, np.array(luma.shape[::-1]) - 1)
    high = np.ceil(centre + radius).astype(int) + 1
    return float(np.median(luma[low[1] : max(high[1], low[1] + 1), low[0] : max(high[0], low[0] + 1)]))
