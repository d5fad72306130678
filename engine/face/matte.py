"""Matte: which pixels of a photo belong to the person whose face was found.

The selfie model sees 256 x 256 px. It is asked three times: about the whole picture, where it tells the
person from other things, and about two squares around the face, where hair and hat fill its view. What it
takes for the person by mistake differs from view to view, so the middle one of the three answers counts.
Everything that does not hang together with the face is dropped, then the edge is pulled to the photo's own
edges by a guided filter (He et al., "Guided Image Filtering", TPAMI 2013), whose coefficients are computed at
a working size and applied to the full one.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.face.litert import Model
from engine.face.parts import Parts
from engine.raster import (
    Matrix,
    box_blur,
    components,
    grey,
    grown,
    opened,
    polygon,
    resized,
    smoothstep,
    unit,
    warped,
)

TOP, CHIN = 10, 152  # landmarks
MODEL_SIDE = 256  # px, what the selfie model sees
# Outline of the face, in order, as numbered by the MediaPipe face mesh.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip


@dataclass(frozen=True)
class MatteShape:
    """How the matte is made; lengths in face heights (landmark 10 to landmark 152) unless said otherwise."""

    wide: float = 1.9  # half a side of the larger square around the face
    close: float = 1.3  # half a side of the smaller one
    square_weight: float = 0.65  # of the larger square, where the smaller one does not reach
    working_side: int = 640  # px, longest side while components and filter coefficients are computed
    sure: float = 0.75  # likelihood of what the rest of the person must hang together with
    opening: float = 0.10  # what is thinner than this and leads away from the person is cut off
    regrow: float = 0.30  # how far hair strands and hat brims may reach beyond the opened person
    finest: float = 440.0  # px of a face height: finer than this nothing is drawn
    guide_radius: int = 10  # px of the working size
    guide_eps: float = 1e-3  # of a picture in [0, 1]
    edge: tuple[float, float] = (0.30, 0.75)  # filtered values that become 0 and 1
    hole: float = 0.16  # what is narrower than this and enclosed by the person is filled
    parsed: float = 0.5  # weight of the parser, where it looked
    beside: float = 0.6  # how far the middle of another face lies to the side, if it is a neighbour's
    shared: float = 0.05  # half the width of the line between neighbours, in faces
    blurred: float = 0.45  # of the face's sharpness: what rises beside the head and has less is somebody else


class Matting:
    """Runs the selfie model, which is not safe for two threads at once."""

    def __init__(self, model: Path, shape: MatteShape | None = None) -> None:
        self._model = Model(model)
        self._shape = shape or MatteShape()

    def matte(
        self, photo: Pixels, landmarks: Points, parts: Parts | None = None, others: Points | None = None
    ) -> FloatMap:
        """Say how much of each pixel belongs to the person.

        Parameters
        ----------
        photo : uint8 (H, W, 3), RGB
        landmarks : float32 (478, 2 or 3), px of the photo
        parts : what a parser saw in it, where there is one
        others : float32 (n, 3), x and y of the middle and height of other faces in it, px

        Returns
        -------
        float32 (H, W) in [0, 1]
        """
        shape = self._shape
        height, width = photo.shape[:2]
        scale = min(1.0, shape.working_side / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = resized(photo, *size)
        points = np.ascontiguousarray(landmarks[:, :2] * scale, dtype=np.float32)
        face_height = float(np.linalg.norm(points[152] - points[10]))
        likely = self._ask_thrice(small, points, face_height)
        if parts is not None:
            trust = shape.parsed * resized(parts.seen, *size)
            likely += trust * (resized(parts.person, *size) - likely)
        if others is not None:
            likely *= _nearer_than(others * np.float32(scale), likely, points, face_height, shape)
        person = _person_of_the_face(likely, points, face_height, shape)
        person *= 1 - _somebody_else(person, grey(small), points, face_height, shape)
        person = _without_holes(_add_face(person, points), shape.hole * face_height)
        return _guided(person, small, photo, face_height / scale, shape)

    def _ask_thrice(self, small: Pixels, points: Points, face_height: float) -> FloatMap:
        height, width = small.shape[:2]
        shape = self._shape
        everything = _view(0, 0, MODEL_SIDE / width, MODEL_SIDE / height)
        whole = self._ask(small, everything)
        centre = (points[CHIN] + points[TOP]) / 2
        answers, seen = [], []
        for reach in (shape.wide * face_height, shape.close * face_height):
            # within the photo: the model takes a repeated edge for a wall behind which nobody stands
            left, top = np.maximum(centre - reach, 0)
            right, bottom = np.minimum(centre + reach, (width, height))
            square = _view(left, top, MODEL_SIDE / max(1, right - left), MODEL_SIDE / max(1, bottom - top))
            # a close-up's square is the whole picture, whose answer is known
            answers.append(whole if np.allclose(square, everything) else self._ask(small, square))
            inside = np.zeros((height, width), np.float32)
            inside[int(top) : round(bottom), int(left) : round(right)] = 1
            seen.append(box_blur(inside, 7))
        wide, close = answers
        two: FloatMap = whole + shape.square_weight * seen[0] * (wide - whole)
        middle = np.maximum(np.minimum(whole, wide), np.minimum(np.maximum(whole, wide), close))
        share = seen[0] * seen[1]
        mixed: FloatMap = two * (1 - share) + middle * share
        return mixed

    def _ask(self, small: Pixels, view: Matrix) -> FloatMap:
        """Answer of the model about one view; `view` goes from `small` to the model's input."""
        height, width = small.shape[:2]
        source, matrix = small, view
        if min(view[0, 0], view[1, 1]) < 0.6:  # warping does not average: halve first, or thin hair flickers
            source = resized(small, max(1, width // 2), max(1, height // 2))
            matrix = view.copy()
            matrix[:, 0] *= width / source.shape[1]
            matrix[:, 1] *= height / source.shape[0]
        seen = warped(source, matrix, MODEL_SIDE, MODEL_SIDE, border=cv2.BORDER_REPLICATE)
        answer = self._model(unit(seen)[None])[0][0, :, :, 0]
        return _back(answer, view, width, height)


def _view(left: float, top: float, zoom_x: float, zoom_y: float) -> Matrix:
    """Matrix that takes the corner (left, top) to the origin and scales."""
    return np.array([[zoom_x, 0, -zoom_x * left], [0, zoom_y, -zoom_y * top]], np.float32)


def _back(answer: FloatMap, view: Matrix, width: int, height: int) -> FloatMap:
    return warped(answer, view, width, height, method=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _person_of_the_face(likely: FloatMap, points: Points, face_height: float, shape: MatteShape) -> FloatMap:
    """Keep what hangs together with the face; thin bridges to somebody or something else are cut."""
    solid = (likely > 0.5).astype(np.uint8)
    face = polygon(points[list(FACE_OVAL)], likely.shape[:2], value=1)
    sure = (likely > shape.sure).astype(np.uint8)
    body = max(0, round(float(points[CHIN, 1]) + face_height))
    sure[body:] = solid[body:]  # far from the face nothing is sure, not even the person
    core = opened(sure, shape.opening * face_height) | face
    _, labels = components(core, connectivity=4)
    inside = labels[face > 0]
    label = int(np.bincount(inside).argmax()) if inside.size else 0
    kept = (labels == label).astype(np.uint8) if label else face
    near = grown(kept, shape.regrow * face_height) & solid
    _, labels = components(near)
    wanted = np.unique(labels[(kept > 0) & (near > 0)])
    near = np.isin(labels, wanted[wanted > 0]).astype(np.uint8)
    allowed = grown(near, 0.06 * face_height).astype(np.float32)
    return likely * box_blur(allowed, 2)


def _nearer_than(
    others: Points, likely: FloatMap, points: Points, face_height: float, shape: MatteShape
) -> FloatMap:
    """1 where the person is nearer than their neighbours, 0 where one of those is, soft between.

    The model takes people who stand side by side for one. Nearness is measured to the head and to the line
    down from it, in heights of each face: the larger face has the larger body.
    """
    height, width = likely.shape
    x, y = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]

    def away(middle_x: float, middle_y: float, size: float) -> FloatMap:
        return np.asarray(np.hypot((x - middle_x) / size, np.minimum(y - middle_y, 0) / size), np.float32)

    middle = (points[TOP] + points[CHIN]) / 2
    own = away(float(middle[0]), float(middle[1]), face_height)
    nearest = np.ones_like(likely)
    for other in others:
        if abs(float(other[0] - middle[0])) > shape.beside * max(face_height, float(other[2])):
            gap = away(*(float(value) for value in other)) - own
            np.minimum(nearest, smoothstep(-shape.shared, shape.shared, gap), out=nearest)
    return nearest


def _somebody_else(
    person: FloatMap, luma: Pixels, points: Points, face_height: float, shape: MatteShape
) -> FloatMap:
    """What rises beside the head without touching it and is out of focus while the face is not, soft.

    Behind a sharp person there are blurred people, whose arms the model takes for the person's own.
    """
    solid = (person > 0.8).astype(np.uint8)  # doubtful bridges do not count
    fine = np.abs(cv2.Laplacian(luma, cv2.CV_32F, ksize=3))
    face = polygon(points[list(FACE_OVAL)], person.shape) > 127
    if not face.any():
        return np.zeros_like(person)
    sharp = float(fine[face].mean())
    foreign = np.zeros(person.shape, np.uint8)
    for below in (0.0, 0.15, 0.30, 0.45):  # face heights under the chin: as far down as the two are apart
        row = round(float(points[CHIN, 1]) + below * face_height)
        count, labels = components(solid[: max(1, row)], connectivity=4)
        own = np.unique(labels[face[: max(1, row)]])
        for label in range(1, count):
            part = labels == label
            if label in own or part.sum() < (0.08 * face_height) ** 2:
                continue
            if float(fine[: len(part)][part].mean()) < shape.blurred * sharp:
                foreign[: len(part)][part] = 1
    return box_blur(grown(foreign, 0.20 * face_height).astype(np.float32), 2)


def _without_holes(person: FloatMap, width: float) -> FloatMap:
    """Fill narrow gaps that the person encloses, between braids or arm and hair: white there looks torn."""
    ground = (person < 0.5).astype(np.uint8)
    count, labels = components(ground, connectivity=4)
    # open ground touches the photo's edge; a body that the photo cuts off encloses nothing there
    edges = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
    holes = np.isin(labels, np.setdiff1d(np.arange(1, count), edges)).astype(np.uint8)
    if not holes.any():
        return person
    wide = np.unique(labels[opened(holes, width) > 0])
    holes[np.isin(labels, wide)] = 0
    return np.maximum(person, grown(holes, 3).astype(np.float32))


def _add_face(person: FloatMap, points: Points) -> FloatMap:
    oval = polygon(points[list(FACE_OVAL)], person.shape[:2])
    return np.maximum(person, unit(oval))


def _guided(
    person: FloatMap, small: Pixels, photo: Pixels, face_height: float, shape: MatteShape
) -> FloatMap:
    """Pull the edge of `person` to the edges of the photo; `face_height` in px of the photo."""
    radius = shape.guide_radius
    guide = unit(grey(small))
    mean_guide, mean = box_blur(guide, radius), box_blur(person, radius)
    covariance: FloatMap = box_blur(guide * person, radius) - mean_guide * mean
    variance: FloatMap = box_blur(guide * guide, radius) - mean_guide * mean_guide
    slope: FloatMap = covariance / (variance + shape.guide_eps)
    offset = box_blur(mean - slope * mean_guide, radius)
    slope = box_blur(slope, radius)
    height, width = photo.shape[:2]
    finest = min(1.0, shape.finest / face_height)
    size = max(small.shape[1], round(width * finest)), max(small.shape[0], round(height * finest))
    if size != small.shape[1::-1]:
        slope, offset = resized(slope, *size), resized(offset, *size)
        guide = unit(resized(grey(photo), *size))
    slope *= guide
    slope += offset
    return resized(smoothstep(*shape.edge, slope), width, height)
