"""Eyes that move in their sockets, and lids that shut over them."""

import cv2
import numpy as np
import pytest

from engine.raster import straight
from engine.styles.skin import LEFT_EYE_RING, RIGHT_EYE_RING
from engine.talking import Puppet
from tests.engine.talking.motions import motion_of

STYLES = ("webtoon", "chibi", "pixel")
IRISES = (468, 473)


@pytest.fixture(scope="module", params=STYLES)
def in_style(request, drawn):
    from engine.weights import locate

    return drawn(locate("astronaut.png"), request.param)


def shown(puppet, **tracks):
    return straight(next(puppet.frames(motion_of(1, closure=1, **tracks))))[..., :3]


def eyes(character, grow=0):
    mask = np.zeros((512, 512), np.uint8)
    for eye in (RIGHT_EYE_RING, LEFT_EYE_RING):
        cv2.fillPoly(mask, [np.round(character.landmarks[list(eye), :2]).astype(np.int32)], 1)
    return cv2.dilate(mask, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)) > 0


def way(before, after, character, iris):
    """Px to the right by which one iris has moved: where its picture is found again."""
    x, y = character.landmarks[iris, :2].round().astype(int)
    reach = round(0.7 * np.linalg.norm(character.landmarks[iris + 1, :2] - character.landmarks[iris, :2]))
    patch = before[y - reach // 2 : y + reach // 2 + 1, x - reach : x + reach + 1]
    strip = after[y - reach // 2 : y + reach // 2 + 1, x - reach - 9 : x + reach + 10]
    return cv2.matchTemplate(strip, patch, cv2.TM_SQDIFF)[0].argmin() - 9


def test_irises_go_where_the_eyes_look_and_nothing_else_moves(in_style):
    puppet = Puppet(in_style)
    ahead, left, right = (shown(puppet, gaze_yaw=yaw) for yaw in (0, -14, 14))
    around = eyes(in_style, grow=7 if in_style.style == "pixel" else 2)
    for looking in (left, right):
        changed = np.abs(looking.astype(int) - ahead).max(axis=-1)
        assert changed[around].max() > 40
        assert changed[~around].max() <= 3
    for looking, sign in ((left, -1), (right, 1)):
        both = [sign * way(ahead, looking, in_style, iris) for iris in IRISES]
        assert min(both) >= 3, both
        assert max(both) <= 8, both


def test_the_iris_landmarks_go_along_and_stay_in_the_eye(in_style):
    puppet = Puppet(in_style)
    far = motion_of(5, gaze_yaw=np.array([0, -60, 60, 0, 0]), gaze_pitch=np.array([0, 0, 0, -60, 60]))
    moved = np.stack([puppet.landmarks(far, i)[list(IRISES), :2] for i in range(5)])
    away = moved - moved[0]
    assert (away[1, :, 0] < -2).all()
    assert (away[2, :, 0] > 2).all()
    assert (away[3, :, 1] < -0.5).all()
    assert (away[4, :, 1] > 0.2).all()
    inside = cv2.dilate(eyes(in_style).astype(np.uint8), np.ones((3, 3), np.uint8))
    for x, y in moved.reshape(-1, 2).round().astype(int):
        assert inside[y, x]


def test_an_eye_at_rest_is_the_eye_as_drawn_and_a_shut_one_shows_no_iris(astronaut):
    """Wherever she looks, the shut eye is the same."""
    puppet = Puppet(astronaut)
    small = np.abs(shown(puppet, gaze_yaw=0.01).astype(int) - shown(puppet))
    assert small.max() <= 3
    assert (shown(puppet, lids=1, gaze_yaw=14) == shown(puppet, lids=1)).all()


def test_the_iris_does_not_jump_while_a_lid_goes_over_it(astronaut):
    """Halfway down, a look to the side changes no more than it does with open lids."""
    puppet = Puppet(astronaut)
    opened, half = (
        np.abs(shown(puppet, lids=lids, gaze_yaw=12).astype(int) - shown(puppet, lids=lids)).sum()
        for lids in (0, 0.45)
    )
    assert 0 < half < opened


@pytest.mark.parametrize("people", ["real_045.jpg", "real_005.jpg"])
def test_no_ends_of_lashes_are_left_beside_a_shut_eye(drawn, shared_media, people):
    """Thin dark marks at the outer corners, where the open eye has its lashes."""
    character = drawn(shared_media / "photos" / people, "webtoon")
    puppet = Puppet(character)

    def marks(picture):
        """How dark thin things are beyond the outer corners, of 255."""
        light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        thin = cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, np.ones((9, 9), np.uint8))
        found = []
        for inner, outer in ((133, 33), (362, 263)):
            start, end = (character.landmarks[i, :2] for i in (inner, outer))
            middle, half = (start + end) / 2, np.linalg.norm(end - start) / 2
            x, y = (middle + (end - start) / 2 * 1.3).astype(int)
            reach = int(0.14 * half)
            found.append(np.quantile(thin[y - 2 * reach : y + 2 * reach, x - reach : x + reach], 0.95))
        return np.array(found)

    assert (marks(shown(puppet, lids=1)) < np.maximum(12, 0.5 * marks(shown(puppet)))).all()
