"""What every sticker promises, whatever the style and whoever is on it."""

from itertools import combinations

import cv2
import numpy as np
import pytest

from engine.character import Character
from engine.evaluate.likeness import spearman
from engine.evaluate.skin import SkinColour, skin_colour
from engine.raster import rgb_to_lab
from engine.styles import StyleUnknown, draw, prepare, style_of, styles

STYLE_IDS = [style.id for style in styles()]
FURTHER = ("chibi", "pixel", "papercut")  # the others are looked at each time
EACH_STYLE = [
    pytest.param(style_id, marks=pytest.mark.long) if style_id in FURTHER else style_id
    for style_id in STYLE_IDS
]


def each_style_of_people(*left_out: str):
    """Every style: of a few people, and in long tests of all."""
    from tests.engine.styles.conftest import FEW, NAMES

    wanted = [style_id for style_id in STYLE_IDS if style_id not in left_out]
    few = [pytest.param(style_id, FEW, id=style_id) for style_id in wanted if style_id not in FURTHER]
    all_of_them = [
        pytest.param(style_id, NAMES, id=f"{style_id}, everybody", marks=pytest.mark.long)
        for style_id in wanted
    ]
    return pytest.mark.parametrize(("style", "people"), few + all_of_them, indirect=["people"])


HEAD_HEIGHTS = {"chibi": (0.60, 0.88)}  # of the sticker, where it is not the usual 0.55 to 0.67
MOST_OF_A_CLOSE_UP = 0.78  # of the sticker: a photo that ends under the chin leaves nothing else to show
STRAIGHT_DOTS = {"pixel": 0.20}  # what is made of squares has straight edges of its own
STRAIGHT = 0.14  # of the sticker's height: a longer straight side looks like the edge of a photo


@each_style_of_people()
def test_sticker_is_cut_out(people, style):
    for person in people:
        drawing = person.drawn(style).drawing
        assert drawing.shape == (512, 512, 4), person.name
        assert drawing.dtype == np.uint8, person.name
        alpha = drawing[..., 3]
        assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any(), person.name
        assert 0.25 < (alpha > 250).mean() < 0.9, person.name


@each_style_of_people()
def test_border_is_a_white_ring(people, style):
    """Going inwards from outside, each row and column meets white first, unless the frame cuts it."""
    for person in people:
        drawing = person.drawn(style).drawing
        white = 0
        rows = range(60, 460, 10)
        for row in rows:
            solid = np.flatnonzero(drawing[row, :, 3] > 252)
            if solid.size:
                white += int(drawing[row, solid[0] + 2, :3].min() > 245)
        met = sum(bool((drawing[row, :, 3] > 252).any()) for row in rows)
        assert white >= 0.97 * met, (person.name, white, met)


@each_style_of_people()
def test_head_fills_the_sticker(people, style):
    """From the border above the head to the chin: 55 to 67 % of the height; more for chibis and close-ups."""
    least, most = HEAD_HEIGHTS.get(style, (0.55, 0.67))
    most = max(most, MOST_OF_A_CLOSE_UP)
    for person in people:
        character = person.drawn(style)
        top = np.flatnonzero((character.drawing[..., 3] > 128).any(axis=1))[0]
        assert least <= (character.landmarks[152, 1] - top) / 512 <= most, person.name


@each_style_of_people()
def test_no_straight_edge_but_at_the_bottom(people, style):
    for person in people:
        solid = person.drawn(style).drawing[..., 3] > 128
        last = np.flatnonzero(solid.any(axis=1))[-1]
        upper = solid[: last - 40]
        sides = (upper.argmax(axis=1), upper[:, ::-1].argmax(axis=1), solid.argmax(axis=0))
        valid = (upper.any(axis=1), upper.any(axis=1), solid.any(axis=0))
        runs = [_longest_run(side, there) for side, there in zip(sides, valid, strict=True)]
        assert max(runs) <= STRAIGHT_DOTS.get(style, STRAIGHT) * 512, (person.name, runs)


@each_style_of_people("pencil")
def test_skin_keeps_its_colour(people, style):
    """Hue within 12 degrees of the photo's, lightness lifted by at most 8 L, for every tone."""
    for person in people:
        photo, drawn = skin_colour(person.photo.pixels, person.face.landmarks), _skin_of(person.drawn(style))
        turned = photo.hue_to(drawn)
        assert turned is not None, person.name
        assert abs(turned) <= 12, (person.name, turned)
        assert -8 <= photo.lift_to(drawn) <= 8, (person.name, photo, drawn)


@pytest.mark.long
def test_dark_skin_stays_dark_in_every_style(people):
    if len(people) < 6:
        pytest.skip("needs photos of several people")
    photos = [skin_colour(person.photo.pixels, person.face.landmarks).lightness for person in people]
    for style in STYLE_IDS:
        order = spearman(photos, [_skin_of(person.drawn(style)).lightness for person in people])
        assert order >= 0.9, (style, order)


@each_style_of_people()
def test_landmarks_lie_on_what_was_drawn(people, style):
    for person in people:
        character = person.drawn(style)
        assert character.landmarks.shape == (478, 3)
        columns, rows = np.clip(character.landmarks[:, :2].round().astype(int), 0, 511).T
        assert (character.drawing[rows, columns, 3] > 200).mean() > 0.97, person.name


@each_style_of_people()
def test_irises_are_where_the_landmarks_say(people, style):
    """An iris is darker than the skin between eye and cheek: the landmarks went along with the shape."""
    dark = 0
    for person in people:
        character = person.drawn(style)
        lightness = rgb_to_lab(np.ascontiguousarray(character.drawing[..., :3]))[..., 0]
        for iris, below in ((468, 119), (473, 348)):
            dark += int(
                _around(lightness, character.landmarks[iris]) < _around(lightness, character.landmarks[below])
            )
    assert dark >= 2 * len(people) - 1


def test_shape_change_moves_the_landmarks(person):
    """The webtoon's eyes are larger than the pencil's, and the landmarks say so."""
    widths = {}
    for style in ("webtoon", "pencil"):
        landmarks = person.drawn(style).landmarks
        face = np.linalg.norm(landmarks[10, :2] - landmarks[152, :2])
        widths[style] = np.linalg.norm(landmarks[33, :2] - landmarks[133, :2]) / face
    assert widths["webtoon"] > 1.05 * widths["pencil"]


@pytest.mark.parametrize("style", EACH_STYLE)
def test_same_sitting_and_seed_same_drawing(person, sitting_again, style):
    again = draw(sitting_again, style, seed=7)
    assert np.array_equal(again.drawing, person.drawn(style).drawing)
    assert np.array_equal(again.landmarks, person.drawn(style).landmarks)


@pytest.mark.parametrize("style", ["pencil", "watercolour", "papercut"])
def test_seed_moves_what_a_hand_would(person, style):
    assert not np.array_equal(draw(person.sitting, style, seed=8).drawing, person.drawn(style).drawing)


@pytest.mark.long
def test_no_two_styles_could_be_confused(people):
    """At 120 px, as in a list of stickers, any two drawings of a person differ by more than 9 of 255."""
    for person in people:
        seen = {style: _at_120(person.drawn(style).drawing) for style in STYLE_IDS}
        for first, second in combinations(STYLE_IDS, 2):
            figure = np.minimum(seen[first][..., 3], seen[second][..., 3]) > 250
            apart = float(np.abs(seen[first] - seen[second])[figure, :3].mean())
            assert apart > 9, (person.name, first, second, apart)


def test_colours_of_the_old_ground_are_gone(person):
    """A figure on pure green keeps no green rim."""
    matte = person.face.matte[..., None]
    on_green = person.photo.pixels * matte + np.array([0, 255, 0]) * (1 - matte)
    photo = type(person.photo)(on_green.astype(np.uint8))
    drawing = draw(prepare(photo, person.face), "webtoon", seed=0).drawing.astype(int)
    green = drawing[..., 1] - np.maximum(drawing[..., 0], drawing[..., 2])
    assert (green[drawing[..., 3] > 128] > 40).mean() < 0.002


def test_unknown_style_is_said_so():
    with pytest.raises(StyleUnknown) as error:
        style_of("etching")
    assert error.value.values["style"] == "etching"
    assert "webtoon" in str(error.value.values["styles"])


def test_every_style_has_names_in_both_languages():
    for style in styles():
        assert style.names["en"]
        assert style.names["ko"]
        assert style.kind == "drawn"


def _at_120(drawing: np.ndarray) -> np.ndarray:
    return cv2.resize(drawing, (120, 120), interpolation=cv2.INTER_AREA).astype(np.float32)


def _skin_of(character: Character) -> SkinColour:
    return skin_colour(np.ascontiguousarray(character.drawing[..., :3]), character.landmarks)


def _around(lightness: np.ndarray, point: np.ndarray) -> float:
    column, row = point[:2].round().astype(int)
    return float(np.median(lightness[row - 2 : row + 3, column - 2 : column + 3]))


def _longest_run(edge: np.ndarray, there: np.ndarray) -> int:
    """Most neighbouring rows in which an edge stays within half a pixel of where the run began."""
    longest = start = 0
    for row in range(1, len(edge)):
        if not there[row] or edge[row] != edge[start]:
            start = row
        elif there[start]:
            longest = max(longest, row - start + 1)
    return longest
