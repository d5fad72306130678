"""Photos as people send them: each kind finds its face in the right place and gives a sticker to be proud of.

The kinds are made of the sample photo, so that they are tried everywhere; profiles need the shared photos.
"""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from engine.evaluate.skin import skin_colour
from engine.face.finder import FaceCut, FaceTurned, NoFace
from engine.face.landmarks import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from engine.photo import Photo
from engine.raster import rgb_to_lab
from engine.styles.relight import exposed
from tests.engine.styles.conftest import Person, sit

FOREHEAD, CHIN, NOSE = 10, 152, 1
Mesh = np.ndarray
Change = Callable[[np.ndarray, Mesh], tuple[np.ndarray, Mesh]]
"""From a photo and its landmarks to another photo and where the landmarks went."""


def dark(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    return (photo * 0.18).astype(np.uint8), mesh


def backlit(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    """The person at a quarter of the light before a white sky."""
    y, x = np.mgrid[0:512, 0:512].astype(np.float32)
    centre, height = mesh[[FOREHEAD, CHIN], :2].mean(axis=0), mesh[CHIN, 1] - mesh[FOREHEAD, 1]
    beside = np.hypot((x - centre[0]) / (1.3 * height), (y - centre[1]) / (1.2 * height))
    sky = np.clip(beside - 0.9, 0, 1)[..., None]
    return (photo * 0.25 * (1 - sky) + 250 * sky).astype(np.uint8), mesh


def noisy(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    noise = np.random.default_rng(1).normal(0, 28, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8), mesh


def small(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    """About as small as is drawn at all."""
    return cv2.resize(photo, None, fx=0.72, fy=0.72, interpolation=cv2.INTER_AREA), mesh * 0.72


def wide_angle(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    """A phone held near: the middle of the face grows by a quarter, its edge does not."""
    centre, reach = mesh[NOSE, :2], 1.1 * (mesh[CHIN, 1] - mesh[FOREHEAD, 1])

    def back(points: np.ndarray) -> np.ndarray:
        away = points - centre
        near = np.clip(1 - np.linalg.norm(away, axis=-1, keepdims=True) / reach, 0, 1)
        return centre + away * (1 - 0.2 * near)

    grid = np.dstack(np.meshgrid(np.arange(512.0), np.arange(512.0)))
    moved = mesh.copy()
    for _ in range(20):
        moved[:, :2] += mesh[:, :2] - back(moved[:, :2])
    return cv2.remap(photo, back(grid).astype(np.float32), None, cv2.INTER_LINEAR), moved


def group(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    """Another person, smaller, to the left."""
    other = cv2.resize(photo[:, ::-1], None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)
    beside = np.full((512, other.shape[1], 3), 120, np.uint8)
    beside[-len(other) :] = other
    return np.hstack([beside, photo]), mesh + np.array([other.shape[1], 0, 0])


def cut_head(photo: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, Mesh]:
    """The photo ends on the forehead."""
    row = int(mesh[FOREHEAD, 1] + 0.02 * (mesh[CHIN, 1] - mesh[FOREHEAD, 1]))
    return np.ascontiguousarray(photo[row:]), mesh - np.array([0, row, 0])


# Kind, how far landmarks may be off (share of the distance between the outer corners of the eyes), the word.
KINDS: tuple[tuple[Change, float, str], ...] = (
    (dark, 0.04, ""),
    (backlit, 0.05, ""),
    (noisy, 0.06, ""),
    (small, 0.03, ""),
    (wide_angle, 0.07, ""),
    (group, 0.02, "several-faces"),
    (cut_head, 0.07, ""),
)


@pytest.fixture(scope="session")
def reference(astronaut, finder, matting) -> Person:
    return sit("reference", astronaut, finder, matting)


@pytest.fixture(scope="session", params=KINDS, ids=[change.__name__ for change, _, _ in KINDS])
def changed(request, reference, finder, matting) -> tuple[Person, Mesh, float, str]:
    """Somebody on another kind of photo, their true landmarks, the error allowed, the word expected."""
    change, allowed, word = request.param
    photo, mesh = change(reference.photo.pixels, reference.face.landmarks)
    return sit(change.__name__, photo, finder, matting), mesh, allowed, word


def test_face_is_where_it_was(changed):
    person, mesh, allowed, word = changed
    off = np.linalg.norm((person.face.landmarks - mesh)[:, :2], axis=1)
    apart = np.linalg.norm((mesh[LEFT_EYE_OUTER] - mesh[RIGHT_EYE_OUTER])[:2])
    assert np.median(off) / apart <= allowed, person.name
    assert [notice.message_id for notice in person.face.notices] == ([word] if word else [])


def test_sticker_shows_the_same_person(changed, reference):
    """Skin of the photo's hue and no straight cut, whatever the photo was."""
    person, _, _, _ = changed
    character = person.drawn("webtoon")
    drawn = skin_colour(np.ascontiguousarray(character.drawing[..., :3]), character.landmarks)
    hue = skin_colour(person.photo.pixels, person.face.landmarks).hue_to(drawn)
    assert hue is None or abs(hue) <= 15, person.name
    alpha = character.drawing[..., 3]
    assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any(), person.name
    tops = (alpha > 128).argmax(axis=0)[(alpha > 128).any(axis=0)]
    assert np.count_nonzero(tops == tops.min()) < 0.16 * 512, f"{person.name}: a flat top"


def test_a_head_that_the_photo_cuts_off_gets_hair(reference, finder, matting):
    """Above the forehead comes what is beside it, and it is rounder than it is flat."""
    photo, _ = cut_head(reference.photo.pixels, reference.face.landmarks)
    person = sit("cut", photo, finder, matting)
    character = person.drawn("webtoon")
    top, chin = character.landmarks[FOREHEAD, :2], character.landmarks[CHIN, :2]
    height = chin[1] - top[1]
    solid = character.drawing[..., 3] > 128
    first = int(np.flatnonzero(solid[:, int(top[0])])[0])
    assert 0.15 <= (top[1] - first) / height <= 0.8  # a skull has room above the mesh
    crown = character.drawing[
        first + 14 : first + 26, int(top[0] - 0.2 * height) : int(top[0] + 0.2 * height), :3
    ]
    skin = skin_colour(np.ascontiguousarray(character.drawing[..., :3]), character.landmarks)
    assert np.median(rgb_to_lab(np.ascontiguousarray(crown))[..., 0]) < skin.lightness - 15


def test_a_face_in_the_dark_gets_light(reference, finder, matting):
    """As much as its camera should have given it; a photo with light enough is left as it is."""
    assert exposed(reference.photo.pixels, reference.face.landmarks) is reference.photo.pixels
    usual = skin_colour(reference.sitting.pixels, reference.sitting.landmarks).lightness
    for change in (dark, backlit):
        sitting = sit(
            "dark", change(reference.photo.pixels, reference.face.landmarks)[0], finder, matting
        ).sitting
        assert 38 < skin_colour(sitting.pixels, sitting.landmarks).lightness <= usual


def test_a_completed_crown_hides_where_the_photo_ended(reference, finder, matting):
    """Across the cut the colours change no more than they do a little below it."""
    mesh = reference.face.landmarks
    row = int(mesh[FOREHEAD, 1] - 0.10 * (mesh[CHIN, 1] - mesh[FOREHEAD, 1]))
    person = sit("crown", np.ascontiguousarray(reference.photo.pixels[row:]), finder, matting)
    cut = round(float(person.sitting.placed[1, 2]))  # the photo is not turned: its upper edge on the canvas
    lab = cv2.GaussianBlur(rgb_to_lab(person.sitting.pixels), (0, 0), 2.0)
    inside = person.sitting.matte[cut + 30] > 0.95

    def step(at: int) -> float:
        return float(np.percentile(np.linalg.norm(lab[at + 5] - lab[at - 5], axis=1)[inside], 90))

    assert step(cut + 2) < 1.5 * max(step(cut + 20), 6.0)


@pytest.mark.parametrize("degrees", [25, -38])
def test_a_turned_photo_keeps_its_person(reference, finder, matting, degrees):
    """Turned within a frame that shows all of it: face, neck and shoulders are on the sticker as before."""
    turn = cv2.getRotationMatrix2D((256, 256), degrees, 1.0) + np.array([[0, 0, 108], [0, 0, 108]])
    photo = cv2.warpAffine(reference.photo.pixels, turn, (728, 728), borderValue=(128, 128, 128))
    person = sit("turned", photo.astype(np.uint8), finder, matting)
    character = person.drawn("webtoon")
    columns, rows = character.landmarks[:, :2].round().astype(int).clip(0, 511).T
    assert (character.drawing[rows, columns, 3] > 200).mean() > 0.98
    mesh = character.landmarks
    drawn = (character.drawing[..., 3] > 200).sum() / np.linalg.norm((mesh[CHIN] - mesh[FOREHEAD])[:2]) ** 2
    before = reference.drawn("webtoon")
    mesh = before.landmarks
    usual = (before.drawing[..., 3] > 200).sum() / np.linalg.norm((mesh[CHIN] - mesh[FOREHEAD])[:2]) ** 2
    assert drawn > 0.7 * usual


def test_of_two_side_by_side_one_is_drawn(reference, finder, matting):
    """A neighbour of the same size, shoulder to shoulder: not even their face is on the sticker."""
    photo = reference.photo.pixels
    neighbour = cv2.resize(photo, None, fx=0.96, fy=0.96)[: len(photo), 60:400]
    beside = np.zeros((len(photo), neighbour.shape[1], 3), np.uint8)
    beside[-len(neighbour) :] = neighbour
    found = finder.find(Photo(np.ascontiguousarray(np.hstack([beside, photo[:, 70:]]))))
    assert len(found.others) == 1
    matte = matting.matte(found.photo.pixels, found.landmarks, others=found.others)
    x, y, height = found.others[0]
    at = np.s_[int(y - 0.3 * height) : int(y + 0.3 * height), int(x - 0.25 * height) : int(x + 0.25 * height)]
    assert matte[at].mean() < 0.05


def test_half_a_face_is_refused(finder, shared_media):
    """The edge of the photo runs beside the nose."""
    found = finder.find(Photo(_shared(shared_media, "real_028")))
    height = found.landmarks[CHIN, 1] - found.landmarks[FOREHEAD, 1]
    half = found.photo.pixels[:, int(found.landmarks[NOSE, 0] - 0.06 * height) :]
    with pytest.raises(FaceCut):
        finder.find(Photo(np.ascontiguousarray(half)))


@pytest.mark.parametrize("place", ["mouth", "eye"])
def test_a_hand_before_the_face_is_said_and_drawn(reference, finder, matting, place):
    mesh, height = (
        reference.face.landmarks,
        reference.face.landmarks[CHIN, 1] - reference.face.landmarks[FOREHEAD, 1],
    )
    centre = mesh[[13, 14] if place == "mouth" else [33, 133], :2].mean(axis=0)
    photo = reference.photo.pixels.copy()
    skin = np.median(photo[tuple(mesh[[50, 280, 101, 330], :2].round().astype(int).T[::-1])], axis=0)
    for finger in range(4):
        at = centre + np.array([-0.24 + 0.16 * finger, 0.06]) * height
        axes = (round(0.085 * height), round(0.34 * height))
        for colour, thickness in ((skin * (0.82 + 0.06 * finger), -1), (skin * 0.45, 2)):
            cv2.ellipse(
                photo,
                at.round().astype(int).tolist(),
                axes,
                10,
                0,
                360,
                colour.tolist(),
                thickness,
                cv2.LINE_AA,
            )
    person = sit(place, photo, finder, matting)
    assert "face-covered" in [notice.message_id for notice in person.face.notices]
    assert (person.drawn("webtoon").drawing[..., 3] > 250).mean() > 0.25


def test_a_phone_before_the_whole_face_is_no_face(reference, finder):
    photo, mesh = reference.photo.pixels.copy(), reference.face.landmarks
    low, high = mesh[:, :2].min(axis=0).astype(int) - 12, mesh[:, :2].max(axis=0).astype(int) + 12
    photo[low[1] : high[1], low[0] : high[0]] = (28, 28, 31)
    with pytest.raises(NoFace):
        finder.find(Photo(photo))


def test_strangers_out_of_focus_are_left_out(matting, finder, shared_media):
    """Behind a man in the street somebody blurred lifts an arm that touches his shoulder."""
    found = finder.find(Photo(_shared(shared_media, "real_045")))
    matte = matting.matte(found.photo.pixels, found.landmarks)
    chin, right = int(found.landmarks[CHIN, 1]), int(found.landmarks[:, 0].max())
    height = found.landmarks[CHIN, 1] - found.landmarks[FOREHEAD, 1]
    assert (matte[:chin, int(right + 0.45 * height) :] > 0.5).mean() < 0.01  # 0.09 with the arm
    sticker = sit("real_045", found.photo.pixels, finder, matting).drawn("comic").drawing[..., 3]
    assert cv2.connectedComponents((sticker > 4).astype(np.uint8))[0] == 2, "nothing floats beside them"


def test_profiles_up_to_sixty_degrees_are_drawn(finder, matting, shared_media):
    """Four heads turned by 40 to 60 degrees: the far one is refused with the word for it."""
    for name, sign in (("real_040", 1), ("real_018", -1), ("real_063", -1)):
        person = sit(name, _shared(shared_media, name), finder, matting)
        assert 35 < sign * person.face.yaw <= 60, name
        character = person.drawn("webtoon")
        columns, rows = character.landmarks[:, :2].round().astype(int).clip(0, 511).T
        assert (character.drawing[rows, columns, 3] > 200).mean() > 0.95, name
    with pytest.raises(FaceTurned):
        finder.find(Photo(_shared(shared_media, "real_012")))


def test_a_fist_is_no_face(finder, shared_media):
    """A camera before the face, in colour and in grey, where the fist looked like a face."""
    photo = _shared(shared_media, "real_003")
    for picture in (photo, np.dstack([cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)] * 3)):
        with pytest.raises(NoFace):
            finder.find(Photo(picture))


def _shared(folder, name: str) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(folder / "photos" / f"{name}.jpg")), cv2.COLOR_BGR2RGB).astype(
        np.uint8
    )
