"""A public face descriptor that judges likeness: dlib's, which knows nothing of our drawings.

128 numbers a face; photos of one person lie within about 0.6 of each other (Euclidean; dlib's own documents).
Faces are found by dlib's HOG detector and put upright by its five-point predictor, in photos and drawings.
dlib and the package that carries the weights belong to the development packages and are loaded here only.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Pixels
from engine.errors import PersonProblem

Descriptor = NDArray[np.float64]
"""dlib's face descriptor, (128,)."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in px."""

_PACKAGE = "face_recognition_models"
_RESNET = "dlib_face_recognition_resnet_model_v1.dat"
_FIVE_POINTS = "shape_predictor_5_face_landmarks.dat"
_SAME_PLACE = 0.2  # intersection over union above which dlib and we mean the same face
_ENOUGH = 400  # px: pictures with a shorter side are doubled before the search, which needs faces of 80 px


class JudgeMissing(PersonProblem):
    """The packages that judge likeness are not installed."""

    message_id = "judge-missing"


@dataclass(frozen=True)
class Described:
    """A face as dlib sees it.

    Attributes
    ----------
    numbers : float64 (128,)
    found : whether dlib's frontal detector found it by itself
    """

    numbers: Descriptor
    found: bool


class FaceJudge:
    """dlib's detector, predictor and descriptor.

    Raises
    ------
    JudgeMissing
        when dlib or the weights' package is not installed
    """

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise JudgeMissing(str(error)) from error
        folder = _weights_folder()
        self._dlib: Any = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(folder / _FIVE_POINTS))
        self._resnet = dlib.face_recognition_model_v1(str(folder / _RESNET))

    def describe(self, picture: Pixels, near: Box | None = None) -> Described | None:
        """Describe the face of a picture.

        Parameters
        ----------
        picture : uint8 (H, W, 3), RGB
        near : where the face is known to be; it is then described even where dlib's detector sees none.
            Without it the largest face is taken

        Returns
        -------
        None where no face is found
        """
        picture = np.ascontiguousarray(picture)
        found = self._detector(picture, 1 if min(picture.shape[:2]) < _ENOUGH else 0)
        if not found and min(picture.shape[:2]) >= _ENOUGH:
            found = self._detector(picture, 1)
        boxes = [self._box(face) for face in found]
        if near is not None:
            square = _as_dlib_frames(near)
            boxes = [box for box in boxes if _overlap(box, square) > _SAME_PLACE]
        if boxes:
            return Described(self._numbers(picture, max(boxes, key=_area)), True)
        return Described(self._numbers(picture, square), False) if near is not None else None

    @staticmethod
    def _box(face: Any) -> Box:
        return float(face.left()), float(face.top()), float(face.right()), float(face.bottom())

    def _numbers(self, picture: Pixels, box: Box) -> Descriptor:
        place = self._dlib.rectangle(*(round(side) for side in box))
        shape = self._predictor(picture, place)
        return cast(Descriptor, np.array(self._resnet.compute_face_descriptor(picture, shape)))


def _weights_folder() -> Path:
    """Folder of dlib's weight files; the package is not imported: it needs the old pkg_resources."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise JudgeMissing(f"{_PACKAGE} is not installed")
    return Path(spec.submodule_search_locations[0]) / "models"


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _overlap(first: Box, second: Box) -> float:
    """Intersection over union."""
    shared = _area(
        (
            max(first[0], second[0]),
            max(first[1], second[1]),
            min(first[2], second[2]),
            min(first[3], second[3]),
        )
    )
    return shared / max(1e-6, _area(first) + _area(second) - shared)


def _as_dlib_frames(mesh: Box) -> Box:
    """Square from the brows to the chin, as dlib frames a face, from the box of the whole mesh."""
    left, top, right, bottom = mesh
    side = 0.9 * (bottom - top)
    middle = (left + right) / 2
    return middle - side / 2, bottom - side, middle + side / 2, bottom
