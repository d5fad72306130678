"""What must not move or bend while a face speaks: dots of print, grain of paper, glasses."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.character import NotACharacter, from_json, settled, to_json
from engine.raster import straight
from engine.talking import Puppet
from engine.texture import Texture
from tests.engine.talking.motions import SOUNDS, motion_of

PITCH = 6.5
INNER_CORNERS, BROWS = (133, 362), (105, 334)
POSES = {
    "AA": SOUNDS["AA"],
    "UW": SOUNDS["UW"],
    "turned": {"yaw": 6, "pitch": 4, "roll": 3, "closure": 1},
    "blink": {"lids": 1, "brows": 1, "closure": 1},
}


def on_paper(character, kind, strength=0.35):
    """The character printed: texture all over, but for the white border."""
    tone = cv2.erode((character.drawing[..., 3] == 255).astype(np.float32), np.ones((25, 25)))
    texture = Texture.where(kind, 0.4 * tone, pitch=PITCH, strength=strength)
    return replace(character, drawing=texture.laid(character.drawing), texture=texture)


def shown(puppet, **tracks):
    return straight(next(puppet.frames(motion_of(1, **tracks))))


def grid_of_dots(picture, box):
    """How strong the grid of dots is in a box, and where it stands: phases in px along both of its axes."""
    rows, columns = np.mgrid[:512, :512][:, box[0], box[1]]
    light = cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY)[box].astype(float)
    light -= cv2.GaussianBlur(light, (0, 0), 6)
    window = np.outer(np.hanning(light.shape[0]), np.hanning(light.shape[1]))
    waves = [(columns + rows) / np.sqrt(2), (rows - columns) / np.sqrt(2)]
    found = [(light * window * np.exp(-2j * np.pi * wave / PITCH)).sum() for wave in waves]
    return np.abs(found) / window.sum(), np.angle(found) / (2 * np.pi) * PITCH


@pytest.mark.parametrize("name", POSES)
def test_dots_of_print_stay_where_they_are(astronaut, name):
    """The face moves under them; without the mechanism the chin would take them along by 10 to 20 px."""
    puppet = Puppet(on_paper(astronaut, "dots"))
    x, chin = astronaut.landmarks[152, :2].round().astype(int)
    box = (slice(chin - 40, chin), slice(x - 40, x + 40))
    strength, place = grid_of_dots(shown(puppet, closure=1), box)
    moved_strength, moved = grid_of_dots(shown(puppet, **POSES[name]), box)
    assert strength.min() > 3, "there are dots"
    assert (moved_strength > 0.6 * strength).all()
    away = (moved - place + PITCH / 2) % PITCH - PITCH / 2
    assert np.abs(away).max() < 0.5, away


def test_grain_of_paper_stays_where_it_is(astronaut):
    """What grain adds to a frame is the same pattern at the same place in every frame."""
    plain, printed = Puppet(astronaut), Puppet(on_paper(astronaut, "grain"))
    x, y = astronaut.landmarks[152, :2].round().astype(int)
    box = (slice(y - 30, y + 10), slice(x - 30, x + 30))

    def grain(**pose):
        share = shown(printed, **pose)[box][..., :3] / np.maximum(shown(plain, **pose)[box][..., :3], 1.0)
        return share.mean(axis=-1).ravel()

    at_rest = grain(closure=1)
    assert at_rest.std() > 0.015
    for pose in POSES.values():
        assert np.corrcoef(at_rest, grain(**pose))[0, 1] > 0.8, pose


def test_no_dots_inside_the_mouth(astronaut):
    plain, printed = (shown(Puppet(who), **SOUNDS["AA"]) for who in (astronaut, on_paper(astronaut, "dots")))
    landmarks = Puppet(astronaut).landmarks(motion_of(1, **SOUNDS["AA"]), 0)
    x, y = landmarks[[13, 14], :2].mean(axis=0).round().astype(int)
    inside = (slice(y - 5, y + 6), slice(x - 8, x + 9))
    assert np.abs(plain[inside].astype(int) - printed[inside]).max() <= 3


@pytest.mark.parametrize("kind", ["dots", "grain"])
def test_texture_comes_off_again_and_is_kept_with_the_character(astronaut, kind):
    printed = on_paper(astronaut, kind)
    difference = np.abs(printed.texture.taken_off(printed.drawing).astype(int) - astronaut.drawing)
    assert difference.max() <= 2
    again = from_json(to_json(printed), printed.drawing)
    assert (again.texture.laid(astronaut.drawing) == printed.drawing).all()
    assert (settled(printed).texture.tone == printed.texture.tone).all()


@pytest.mark.parametrize(
    "texture",
    [
        None,
        "dots",
        {"kind": "lace"},
        {"tone": "!"},
        {"tone": "AAAA"},
        {"strength": 1.0},
        {"pitch": 0},
        {"angle": float("nan")},
    ],
)
def test_a_broken_texture_is_refused_in_words(astronaut, texture):
    values = json.loads(to_json(on_paper(astronaut, "dots")))
    values["texture"] = values["texture"] | texture if isinstance(texture, dict) else texture
    with pytest.raises(NotACharacter):
        from_json(json.dumps(values), astronaut.drawing)


def with_glasses(character):
    """Round black frames, a bridge, and a straight bar along the brows."""
    drawing = character.drawing.copy()
    corners = character.landmarks[list(INNER_CORNERS), :2]
    eyes = character.landmarks[[[33, 133], [362, 263]], :2].mean(axis=1)
    radius = round(0.42 * float(np.linalg.norm(eyes[1] - eyes[0])))
    bar = round(float(character.landmarks[list(BROWS), 1].mean()))
    ink = (20, 20, 24, 255)
    for x, y in eyes.round().astype(int).tolist():
        cv2.circle(drawing, (x, y), radius, ink, 3, cv2.LINE_AA)
    left, right = round(float(eyes[0, 0])) - radius, round(float(eyes[1, 0])) + radius
    cv2.line(drawing, (left, bar), (right, bar), ink, 4, cv2.LINE_AA)
    bridge = corners.round().astype(int).tolist()
    cv2.line(drawing, bridge[0], bridge[1], ink, 4, cv2.LINE_AA)
    return replace(character, drawing=drawing), bar, (left, right)


@pytest.mark.parametrize("pose", [{"brows": 1}, {"lids": 1}, {"brows": 1, "lids": 0.5}, {"frown": 1}])
def test_glasses_do_not_bend(astronaut, pose):
    """The bar lies on the brows, which go up by 6 px on a face without glasses."""
    character, bar, (left, right) = with_glasses(astronaut)
    puppet = Puppet(character)

    def heights(**tracks):
        strip = shown(puppet, closure=1, **tracks)[bar - 10 : bar + 11, left:right, :3]
        dark = np.clip(90 - cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY).astype(float), 0, None)
        return (dark * np.arange(-10, 11)[:, None]).sum(axis=0) / np.maximum(dark.sum(axis=0), 1)

    away = np.abs(heights(**pose) - heights())
    assert away.mean() < 0.3
    assert np.quantile(away, 0.95) < 1


def test_brows_without_glasses_do_move(astronaut):
    rest, up = (Puppet(astronaut).landmarks(motion_of(1, brows=b), 0)[105, 1] for b in (0, 1))
    assert rest - up > 3
