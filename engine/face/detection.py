"""Faces in a picture: BlazeFace, short and full range, tried in the four quarter turns.

Model facts (anchors, scaling, order of the outputs): MediaPipe's face_detection_short_range and
face_detection_full_range graphs, Apache-2.0. Both take RGB in [-1, 1] and give, per anchor, box centre,
box size and six key points in px of the model's input, relative to the anchor's centre, and a logit.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.face.litert import Model

MIN_SCORE = 0.5
FAINT_SCORE = 0.3  # second try, when nothing reaches MIN_SCORE
SAME_FACE = 0.3  # intersection over union above which two boxes are one face
LOGIT_LIMIT = 80.0  # keeps exp() finite, as the published graph does


@dataclass(frozen=True)
class Detection:
    """One face.

    Attributes
    ----------
    box : float32 (4,), left, top, right, bottom in px of the picture
    points : float32 (6, 2): right eye, left eye, nose tip, mouth, right ear, left ear (the person's own
        right and left), px
    score : 0..1
    """

    box: FloatMap
    points: Points
    score: float

    @property
    def size(self) -> float:
        """Side of the box in px."""
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))

    def moved(self, offset: Points) -> "Detection":
        """The same face `offset` (2,) px further right and down."""
        return Detection(self.box + np.tile(offset, 2), self.points + offset, self.score)


def short_range_anchors() -> Points:
    """Centres (896, 2) in [0, 1]: two a cell on a 16 x 16 grid, six a cell on 8 x 8."""
    return np.concatenate([_grid(16, 2), _grid(8, 6)])


def full_range_anchors() -> Points:
    """Centres (2304, 2) in [0, 1]: one a cell on a 48 x 48 grid."""
    return _grid(48, 1)


def _grid(cells: int, repeat: int) -> Points:
    centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    x, y = np.meshgrid(centres, centres)
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeat, axis=0)


class FaceDetector:
    """One BlazeFace model with its anchors."""

    def __init__(self, model: Model, anchors: Points) -> None:
        self._model = model
        self._anchors = anchors
        self._side = model.input_shape[1]

    def detect(self, picture: Pixels, min_score: float) -> list[Detection]:
        """Faces of a picture, uint8 (H, W, 3), best first; overlapping ones are merged."""
        height, width = picture.shape[:2]
        scale = self._side / max(height, width)
        square = _letterbox(picture, self._side, scale)
        regressors, logits = self._model(square.astype(np.float32)[None] / 127.5 - 1.0)
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits.ravel(), -LOGIT_LIMIT, LOGIT_LIMIT)))
        chosen = np.flatnonzero(scores >= min_score)
        if not len(chosen):
            return []
        values = regressors.reshape(-1, 16)[chosen]
        pairs = values.reshape(-1, 8, 2)  # centre, size, six key points
        centres = self._anchors[chosen] * self._side
        points = (pairs[:, [0, 2, 3, 4, 5, 6, 7]] + centres[:, None]) / scale
        half = pairs[:, 1] / 2 / scale
        boxes = np.concatenate([points[:, 0] - half, points[:, 0] + half], axis=1)
        return merge_detections(
            [
                Detection(box.astype(np.float32), point.astype(np.float32), float(score))
                for box, point, score in zip(boxes, points[:, 1:], scores[chosen], strict=True)
            ]
        )


def _letterbox(picture: Pixels, side: int, scale: float) -> Pixels:
    height, width = picture.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.zeros((side, side, 3), np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return square


def merge_detections(found: list[Detection]) -> list[Detection]:
    """Merge overlapping boxes into their mean weighted by score (BlazeFace, section 3.3); best first."""
    left = sorted(found, key=lambda face: -face.score)
    merged = []
    while left:
        overlap = _overlap(left[0].box, np.stack([face.box for face in left]))
        overlap[0] = 1.0  # a box without area overlaps nothing, not even itself
        same = [face for face, shared in zip(left, overlap, strict=True) if shared > SAME_FACE]
        left = [face for face, shared in zip(left, overlap, strict=True) if shared <= SAME_FACE]
        weights = np.array([face.score for face in same], np.float32)
        weights /= weights.sum()
        box = np.tensordot(weights, np.stack([face.box for face in same]), 1)
        points = np.tensordot(weights, np.stack([face.points for face in same]), 1)
        merged.append(Detection(box, points, same[0].score))
    return merged


def _overlap(box: FloatMap, boxes: FloatMap) -> FloatMap:
    """Intersection over union of a box (4,) with boxes (N, 4)."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    area = np.prod(np.clip(box[2:] - box[:2], 0, None))
    areas = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
    overlap: FloatMap = (shared / np.maximum(area + areas - shared, 1e-6)).astype(np.float32)
    return overlap
