"""478 landmarks of one face: MediaPipe's face mesh with irises, on a turned square crop.

The crop follows the published graph (Apache-2.0): a square 1.5 times the face, turned so that the eyes are
level. A second crop from the first landmarks repairs what the detector's box got wrong.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.face.detection import Detection
from engine.face.litert import Model

COUNT = 478
CROP_SCALE = 1.5  # side of the crop / longer side of the face
DETECTION_SCALE = 1.6  # the detector's box leaves out forehead and chin
REFINEMENTS = 2  # crops taken from landmarks; a third moved nothing by 0.1 px
SIDE_SCALES = (
    1.3,
    1.6,
    1.9,
)  # of the detector's box, for faces seen from the side, where one is as good as none

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263  # the person's own right and left
RIGHT_EAR, LEFT_EAR = 234, 454
FOREHEAD, CHIN = 10, 152
NOSE_TIP = 1

# Mesh points at the 68 iBUG landmarks: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, lips 48-67.
IBUG_68 = (
    *(127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    *(168, 197, 5, 4, 98, 97, 2, 326, 327),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
)


@dataclass(frozen=True)
class Mesh:
    """Landmarks float32 (478, 3) in px of the picture; `presence` 0..1: how surely this is a face."""

    landmarks: Points
    presence: float


class LandmarkDetector:
    """The face mesh model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._side = model.input_shape[1]

    def find(self, picture: Pixels, detection: Detection) -> Mesh:
        """Landmarks of a detected face in a picture, uint8 (H, W, 3)."""
        centre = np.asarray((detection.box[:2] + detection.box[2:]) / 2, np.float32)
        eyes = detection.points[1] - detection.points[0]
        mesh = self._on_crop(picture, centre, detection.size * DETECTION_SCALE, eyes)
        for _ in range(REFINEMENTS):
            mesh = self.near(picture, mesh.landmarks)
        return mesh

    def find_from_the_side(self, picture: Pixels, detection: Detection) -> Mesh:
        """Like `find`, of a face that it does not take for one: the best of several crops.

        The mesh model was made for faces seen from the front; from the side small changes of the crop decide.
        """
        centre = np.asarray((detection.box[:2] + detection.box[2:]) / 2, np.float32)
        level = np.array([1, 0], np.float32)
        tries = []
        for scale in SIDE_SCALES:
            first = self._on_crop(picture, centre, detection.size * scale, level)
            tries += [first, self.near(picture, first.landmarks)]
        return max(tries, key=lambda mesh: mesh.presence)

    def follow(self, picture: Pixels, landmarks: Points) -> Mesh:
        """Landmarks of a face that is about where other landmarks (478, 3) say."""
        return self.near(picture, self.near(picture, landmarks).landmarks)

    def near(self, picture: Pixels, landmarks: Points) -> Mesh:
        """Landmarks of a face that is about where `landmarks` are."""
        eyes = (landmarks[LEFT_EYE_OUTER] - landmarks[RIGHT_EYE_OUTER])[:2]
        turn = _rotation(eyes)
        level = landmarks[:, :2] @ turn.T
        low, high = level.min(axis=0), level.max(axis=0)
        centre = (turn.T @ ((low + high) / 2)).astype(np.float32)
        return self._on_crop(picture, centre, float((high - low).max()) * CROP_SCALE, eyes)

    def _on_crop(self, picture: Pixels, centre: FloatMap, side: float, eyes: FloatMap) -> Mesh:
        scale = self._side / side
        linear = _rotation(eyes) * scale
        offset = self._side / 2 - linear @ centre
        matrix = np.column_stack([linear, offset]).astype(np.float32)
        crop = cv2.warpAffine(picture, matrix, (self._side, self._side), flags=_resampling(scale))
        values, presence, _ = self._model(crop.astype(np.float32)[None] / 255.0)
        found = values.reshape(COUNT, 3)
        xy = (found[:, :2] - offset) @ np.linalg.inv(linear).T
        landmarks = np.column_stack([xy, found[:, 2] / scale]).astype(np.float32)
        return Mesh(landmarks, float(1 / (1 + np.exp(-presence.item()))))


def _resampling(scale: float) -> int:
    return cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR


def _rotation(eyes: FloatMap) -> FloatMap:
    """2 x 2 rotation that makes the line between the eyes (right to left) level."""
    angle = np.arctan2(eyes[1], eyes[0])
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]], np.float32)


def ibug_68(landmarks: Points) -> Points:
    """The 68 iBUG landmarks, float32 (68, 3), out of the 478 (478, 3)."""
    return landmarks[list(IBUG_68)]
