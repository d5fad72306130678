"""Models and the sample photo, loaded once for all tests of the engine."""

import numpy as np
import pytest
from PIL import Image

from engine.face.finder import FaceFinder
from engine.face.matte import Matting
from engine.weights import locate


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    return FaceFinder(locate("face_landmarker.task"), locate("face_detection_full_range_sparse.tflite"))


@pytest.fixture(scope="session")
def matting() -> Matting:
    return Matting(locate("selfie_segmentation.tflite"))


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """The sample photo, 512 x 512 px; the face is 130 px high."""
    with Image.open(locate("astronaut.png")) as image:
        return np.asarray(image.convert("RGB"))
