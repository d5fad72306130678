"""The face is found however the photo is held, and what cannot be drawn is refused with its own reason."""

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.errors import PhotoProblem
from engine.face.finder import FaceBlurred, FaceTooSmall, FaceTurned, NoFace
from engine.face.landmarks import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from engine.photo import Photo


def eye_distance(landmarks: np.ndarray) -> float:
    return float(np.linalg.norm((landmarks[LEFT_EYE_OUTER] - landmarks[RIGHT_EYE_OUTER])[:2]))


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turned_photo_gives_the_same_landmarks(finder, astronaut, quarter_turns):
    upright = finder.find(Photo(astronaut))
    turned = finder.find(Photo(np.rot90(astronaut, quarter_turns)))
    error = np.linalg.norm((turned.landmarks - upright.landmarks)[:, :2], axis=1)
    assert error.max() < 0.02 * eye_distance(upright.landmarks)
    assert [notice.message_id for notice in turned.notices] == ["photo-turned"]
    assert upright.notices == ()


def test_landmarks_lie_on_the_eyes(finder, astronaut):
    """The irises of the sample photo: darker than the whites beside them."""
    found = finder.find(Photo(astronaut))
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY).astype(int)
    for iris, corners in ((468, (33, 133)), (473, (362, 263))):
        x, y = found.landmarks[iris, :2].round().astype(int)
        inner, outer = found.landmarks[list(corners), :2]
        assert min(inner[0], outer[0]) < x < max(inner[0], outer[0])
        assert grey[y - 1 : y + 2, x - 1 : x + 2].mean() < 90


def test_two_faces_the_larger_is_drawn_with_a_word(finder, astronaut):
    half = cv2.resize(astronaut, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    together = np.zeros((512, 512 + half.shape[1], 3), np.uint8)
    together[: half.shape[0], : half.shape[1]] = half
    together[:, half.shape[1] :] = astronaut
    found = finder.find(Photo(together))
    assert found.box[0] > half.shape[1]
    assert [notice.message_id for notice in found.notices] == ["several-faces"]


def test_a_small_face_in_a_large_photo_is_found(finder, astronaut):
    large = np.full((1200, 1280, 3), 90, np.uint8)
    large[500:756, 900:1156] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    with pytest.raises(FaceTooSmall):  # found, and measured: about 50 px from ear to ear
        finder.find(Photo(large))


def test_refusals(finder, astronaut):
    with pytest.raises(NoFace):
        finder.find(Photo(np.full((400, 300, 3), 120, np.uint8)))
    with pytest.raises(NoFace):
        noise = np.random.default_rng(1).integers(0, 255, (400, 300, 3), dtype=np.uint8)
        finder.find(Photo(noise))
    with pytest.raises(FaceBlurred):
        finder.find(Photo(cv2.GaussianBlur(astronaut, (0, 0), 5)))
    with pytest.raises(FaceTooSmall):
        finder.find(Photo(cv2.resize(astronaut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)))


def test_full_profiles_are_refused_and_everyone_else_is_found(finder, shared_media):
    """Of the shared photos: one profile, one face behind a camera, in colour and in grey."""
    refused = {"real_003.jpg": NoFace, "real_012.jpg": FaceTurned}
    for path in sorted((shared_media / "photos").glob("*.jpg")):
        with Image.open(path) as image:
            photo = Photo(np.asarray(image.convert("RGB")))
        try:
            finder.find(photo)
        except PhotoProblem as problem:
            assert refused.get(path.name) is type(problem), path.name
        else:
            assert path.name not in refused
