"""Hair keeps nothing of the ground it was photographed on, and stands clean on whatever it is laid on."""

import cv2
import numpy as np
import pytest

from engine.character import Character
from engine.photo import Photo
from engine.raster import gaussian, rgb_to_lab
from engine.styles import draw, prepare
from engine.styles.foreground import foreground_colours
from tests.engine.styles.conftest import Person, sit

CHIN = 152
STYLES = ("webtoon", "toon3d")


def foliage(height: int, width: int) -> np.ndarray:
    """A busy photo: leaves of many greens before a bright sky, uint8 (H, W, 3)."""
    noise = gaussian(np.random.default_rng(3).standard_normal((height, width)).astype(np.float32), 3.0)
    level = np.clip(noise / noise.std() * 0.35 + 0.5, 0, 1)[..., None]
    return (np.array([20, 60, 15]) * (1 - level) + np.array([215, 240, 190]) * level).astype(np.uint8)


def plain(value: int) -> np.ndarray:
    return np.full((512, 512, 3), value, np.uint8)


GROUNDS = {"white": plain(255), "black": plain(0), "photo": foliage(512, 512)}
# Share of the ground's colour that may be left: where the ground is busy nobody knows what was behind a hair.
LEFT = {"white": 0.25, "black": 0.35, "photo": 0.90}


@pytest.fixture(scope="module")
def astronaut_person(astronaut, finder, matting) -> Person:
    return sit("astronaut", astronaut, finder, matting)


@pytest.fixture(scope="module", params=GROUNDS)
def before(request, astronaut_person) -> tuple[np.ndarray, np.ndarray, float]:
    """The person's own colours, the same person before another ground, and how much of it may be left."""
    matte = astronaut_person.face.matte
    own = foreground_colours(astronaut_person.photo.pixels, matte)
    mixed = own * matte[..., None] + GROUNDS[request.param] * (1 - matte[..., None])
    return own, mixed.astype(np.uint8), LEFT[request.param]


def test_ground_is_taken_out_of_the_hair(astronaut_person, before):
    """In the soft edge of the hair most of the old ground is gone, as far as it is seen."""
    own, mixed, allowed = before
    matte = astronaut_person.face.matte
    edge = (matte > 0.15) & (matte < 0.9)
    edge[int(astronaut_person.face.landmarks[CHIN, 1]) :] = False  # hair, not shoulders
    assert edge.sum() > 300
    cleaned = foreground_colours(mixed, matte)
    seen = matte[edge][:, None]
    halo = float((seen * np.abs(mixed[edge].astype(float) - own[edge])).mean())
    left = float((seen * np.abs(cleaned[edge].astype(float) - own[edge])).mean())
    assert left < allowed * halo, (left, halo)
    assert left < 10, left  # of 255


def test_drawn_hair_is_the_same_whatever_was_behind_it(astronaut_person, before):
    """Along the outline of the hair the drawing has the colours that it has before the usual ground."""
    usual = astronaut_person.drawn("webtoon")
    other = draw(prepare(Photo(before[1]), astronaut_person.face), "webtoon", seed=7)
    rim = _rim_of_hair(usual)
    first, second = (rgb_to_lab(np.ascontiguousarray(one.drawing[..., :3]))[rim] for one in (usual, other))
    apart = np.linalg.norm(first - second, axis=1)
    assert np.median(apart) < 6
    assert np.percentile(apart, 90) < 20


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_sticker_stands_clean_on_any_ground(astronaut_person, style, ground):
    """Around the hair there is white alone, then only the ground, darkened a little by the shadow."""
    sticker = astronaut_person.drawn(style).drawing
    alpha = sticker[..., 3:].astype(np.float32) / 255
    laid = sticker[..., :3] * alpha + GROUNDS[ground] * (1 - alpha)
    solid = (sticker[..., 3] > 250).astype(np.uint8)
    solid[int(astronaut_person.drawn(style).landmarks[CHIN, 1]) :] = 0
    inner = cv2.erode(solid, np.ones((7, 7), np.uint8))
    border = (cv2.erode(solid, np.ones((3, 3), np.uint8)) > 0) & (inner == 0)
    border[int(astronaut_person.drawn(style).landmarks[CHIN, 1]) - 8 :] = False
    assert (laid[border].min(axis=1) > 240).mean() > 0.97
    outside = sticker[..., 3] < 128
    lighter = (laid - GROUNDS[ground].astype(np.float32))[outside].max(axis=1)
    assert (lighter > 100).mean() < 0.002  # the border ends in a line, not in a glow


def _rim_of_hair(character: Character) -> np.ndarray:
    """The outermost 4 px of the figure above the chin: where what is not white begins."""
    drawing = character.drawing
    figure = ((drawing[..., 3] > 250) & (drawing[..., :3].min(axis=2) < 225)).astype(np.uint8)
    figure = cv2.morphologyEx(figure, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    rim = (figure > 0) & (cv2.erode(figure, np.ones((9, 9), np.uint8)) == 0)
    rim[int(character.landmarks[CHIN, 1]) :] = False
    return rim
