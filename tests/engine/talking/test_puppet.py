"""A drawing speaks: what is shown, what is measured, and what must never happen to the picture."""

import time
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from engine.errors import Cancelled
from engine.media.talk import TalkWriter
from engine.progress import Stage
from engine.raster import straight
from engine.styles.skin import LEFT_EYE_RING, RIGHT_EYE_RING
from engine.talking import CLOSED, Puppet, opening
from engine.talking.dots import PARTS
from engine.talking.palette import MANNERS, MouthPalette
from engine.voice import Voice
from engine.weights import locate
from tests.engine.talking.motions import lively, motion_of, speech

UPPER, LOWER, LEFT_CORNER, RIGHT_CORNER = 13, 14, 78, 308
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)


def shown(puppet, **tracks):
    """One frame of a held pose, straight alpha."""
    return straight(next(puppet.frames(motion_of(1, **tracks))))


def on_grey(picture):
    alpha = picture[..., 3:] / 255
    return picture[..., :3] * alpha + 128 * (1 - alpha)


def light(picture):
    return picture[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def inside(landmarks, indices, size=512):
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(landmarks[list(indices), :2]).astype(np.int32)], 1)
    return mask > 0


def face_height(character):
    return float(np.linalg.norm(character.landmarks[10, :2] - character.landmarks[152, :2]))


def gap_over_width(landmarks):
    gap = np.linalg.norm(landmarks[UPPER, :2] - landmarks[LOWER, :2])
    return gap / np.linalg.norm(landmarks[LEFT_CORNER, :2] - landmarks[RIGHT_CORNER, :2])


def mouth_box(character, below=0.2):
    """Rows and columns around lips that open, down to `below` face heights under them."""
    x, y = character.landmarks[[UPPER, LOWER, LEFT_CORNER, RIGHT_CORNER], :2].mean(axis=0)
    fh = face_height(character)
    return slice(int(y - 0.14 * fh), int(y + below * fh)), slice(int(x - 0.2 * fh), int(x + 0.2 * fh))


def test_a_toothy_smile_closes(astronaut):
    puppet = Puppet(astronaut)
    assert gap_over_width(astronaut.landmarks) > 3 * CLOSED, "the sample photo shows teeth"
    motion = motion_of(1, jaw=0.6, closure=1)
    assert gap_over_width(puppet.landmarks(motion, 0)) < CLOSED

    def teeth(picture, landmarks):
        """Count what is bright and colourless within 2 px of the gap; the gloss on the lip is further."""
        between = cv2.dilate(inside(landmarks, INNER_LIPS).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        colours = picture[between][:, :3].astype(int)
        return int(((colours.min(axis=1) > 150) & (np.ptp(colours, axis=1) < 45)).sum())

    seen = teeth(astronaut.drawing, astronaut.landmarks)
    assert seen > 100
    closed = shown(puppet, jaw=0.6, closure=1)
    assert teeth(closed, puppet.landmarks(motion, 0)) < 0.1 * seen


def test_teeth_lie_on_the_lip_in_an_f_and_do_not_grow_with_the_jaw(astronaut):
    """Where the jaw drops before the lip has left the teeth, they stay as high as they are."""
    puppet = Puppet(astronaut)

    def teeth(**pose):
        """Part of the opening that is bright and colourless."""
        seen = shown(puppet, **pose)[inside(puppet.landmarks(motion_of(1, **pose), 0), INNER_LIPS)]
        colours = seen[:, :3].astype(int)
        return ((colours.min(axis=1) > 150) & (np.ptp(colours, axis=1) < 45)).mean()

    assert teeth(jaw=0.13, tuck=1, lip_raise=0.2) > 0.4
    assert teeth(jaw=0.6, tuck=0.7, lip_raise=0.2) < 0.4


def test_closed_lips_stay_closed_whatever_the_jaw_does(person):
    puppet = Puppet(person)
    motion = motion_of(5, jaw=np.linspace(0, 1, 5), rounding=0.3, spread=0.3, lip_raise=1, tuck=1, closure=1)
    assert max(gap_over_width(puppet.landmarks(motion, i)) for i in range(5)) < CLOSED


def test_the_mouth_opens_with_the_jaw(person):
    jaws = np.linspace(0, 1, 9)
    gaps = opening(motion_of(9, jaw=jaws), person.landmarks)
    assert (np.diff(gaps) > 0.01).all(), gaps
    assert gaps[0] < CLOSED
    standard = opening(motion_of(9, jaw=jaws))
    assert (np.diff(standard) > 0.01).all()
    assert 0.3 < standard[-1] < 0.8


def test_what_is_measured_is_what_is_seen(astronaut):
    """The dark opening in the frames follows `opening` of the standard face."""
    motion = speech(200)
    rows, columns = mouth_box(astronaut)
    dark = [(light(frame[rows, columns]) < 70).sum() for frame in Puppet(astronaut).frames(motion)]
    assert np.corrcoef(dark, opening(motion))[0, 1] > 0.9


def test_a_mouth_of_dots_opens_in_dots(drawn):
    """Halves of the style's dots, one colour each: teeth and tongue have no smooth edges there."""
    character = drawn(locate("astronaut.png"), "pixel")
    puppet, wide = Puppet(character), motion_of(1, jaw=0.8, spread=0.2)
    inside_mouth = inside(puppet.landmarks(wide, 0), INNER_LIPS)
    side = MANNERS["pixel"].dot // PARTS
    rows, columns = (np.flatnonzero(inside_mouth.any(axis=axis)) for axis in (1, 0))
    cells = [
        (slice(y, y + side), slice(x, x + side))
        for y in range(rows[0] // side * side, rows[-1], side)
        for x in range(columns[0] // side * side, columns[-1], side)
        if inside_mouth[y : y + side, x : x + side].all()
    ]
    picture = next(puppet.frames(wide))[..., :3].astype(int)
    assert len(cells) > 40
    assert max(np.ptp(picture[cell].reshape(-1, 3), axis=0).max() for cell in cells) <= 2
    light_of_cells = [picture[cell].mean() for cell in cells]
    assert np.ptp(light_of_cells) > 100, "teeth and the dark behind them can be told apart"


def test_lids_of_dots_shut_in_dots(drawn):
    """Nothing of a shut eye is finer than half a dot of the style."""
    character = drawn(locate("astronaut.png"), "pixel")
    shut, side = shown(Puppet(character), lids=1)[..., :3].astype(int), MANNERS["pixel"].dot // PARTS
    middle = character.landmarks[list(RIGHT_EYE_RING), :2].mean(axis=0).astype(int) // side * side
    dots = shut[middle[1] - 12 : middle[1] + 12, middle[0] - 18 : middle[0] + 18]
    dots = dots.reshape(8, side, 12, side, 3).transpose(0, 2, 1, 3, 4).reshape(96, side * side, 3)
    assert np.ptp(dots, axis=1).max() <= 8, "the grain of the paper is in it"
    assert np.ptp(dots.mean(axis=(1, 2))) > 60, "there is a line of lashes"


def test_lips_are_closed_on_m_in_the_video(astronaut, tmp_path):
    """Decoded from talk.mp4: at the M between open vowels only the dark of lips at rest is left."""
    closure = np.tile([0, 0, 0, 0, 1, 1, 0, 0, 0, 0], 4)
    seconds = len(closure) / 25
    silence = np.zeros(round(seconds * 16_000), np.float32)
    with TalkWriter(tmp_path, Voice(silence, silence, 16_000)) as writer:
        for frame in Puppet(astronaut).frames(motion_of(len(closure), jaw=0.7, closure=closure)):
            writer.write(frame)
        writer.close()
    rows, columns = mouth_box(astronaut, below=0.1)
    with av.open(str(tmp_path / "talk.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24")[rows, columns] for frame in container.decode(video=0)]
    dark = np.array([(light(frame) < 70).sum() for frame in frames])
    at_rest = (light(shown(Puppet(astronaut), closure=1)[rows, columns]) < 70).sum()
    assert dark[closure == 0].min() > at_rest + 500
    assert dark[closure == 1].max() < at_rest + 50


def test_rest_shows_the_drawing(person):
    """Only the mouth may differ, where it is closed first."""
    still = shown(Puppet(person))
    difference = np.abs(on_grey(still) - on_grey(person.drawing)).max(axis=-1)
    rows, columns = mouth_box(person, below=0.36)
    difference[rows, columns] = 0
    assert np.quantile(difference, 0.999) <= 10
    assert difference.mean() < 0.1


def test_speech_leaves_the_outline_alone(person):
    puppet = Puppet(person)
    outline = shown(puppet)[..., 3]
    for pose in (
        {"jaw": 1},
        {"rounding": 1, "jaw": 0.3},
        {"spread": 1, "lip_raise": 1},
        {"lids": 1},
        {"tuck": 1},
    ):
        moved = shown(puppet, **pose)[..., 3].astype(int)
        assert np.abs(moved - outline).max() <= 40, pose  # of 255: under a sixth of a pixel
        assert np.abs(moved - outline).sum() < 0.0005 * outline.astype(int).sum(), pose


def test_the_head_moves_in_one_piece(person):
    """No holes inside, nothing opaque far from the character, nothing cut off at the frame."""
    body = (person.drawing[..., 3] > 127).astype(np.uint8)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (81, 81))
    deep = cv2.erode(body, around, borderType=cv2.BORDER_REPLICATE) > 0
    near = cv2.dilate(
        cv2.copyMakeBorder(
            (person.drawing[..., 3] > 0).astype(np.uint8), 24, 24, 24, 24, cv2.BORDER_CONSTANT
        ),
        around,
    )
    near = near[24:-24, 24:-24] > 0
    for frame in Puppet(person).frames(lively(60)):
        alpha = frame[..., 3]
        assert (alpha[deep] == 255).all()
        assert (alpha[~near] == 0).all()
        assert max(alpha[0].max(), alpha[:, 0].max(), alpha[:, -1].max()) <= 8


def test_landmarks_go_where_the_picture_goes(person):
    """Dots drawn on landmarks are found where the moved landmarks say."""
    motion = motion_of(6, yaw=5, pitch=3, roll=3, brows=1, breath=1)
    plain = list(Puppet(person, palette=MouthPalette()).frames(motion))[-1].astype(float)
    rows, columns = np.mgrid[:512, :512]
    places = (1, 10, 61, 105, 152)
    drawing = person.drawing.copy()
    for x, y in person.landmarks[list(places), :2]:
        dot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)[..., None]
        drawing[..., :3] = drawing[..., :3] * (1 - dot) + (255 - drawing[..., :3]) * dot
    puppet = Puppet(replace(person, drawing=drawing), palette=MouthPalette())
    dotted = np.abs(list(puppet.frames(motion))[-1] - plain).sum(axis=-1)
    for index in places:
        moved = puppet.landmarks(motion, 5)[index, :2]
        change = dotted * (np.hypot(columns - moved[0], rows - moved[1]) < 16)
        change[change < 0.2 * change.max()] = 0
        found = np.array([(change * columns).sum(), (change * rows).sum()]) / change.sum()
        assert np.linalg.norm(found - moved) < 1.5, index


def test_a_blink_hides_the_eye_and_touches_nothing_else(person):
    puppet = Puppet(person)
    opened, shut = shown(puppet), shown(puppet, lids=1)
    eye = inside(person.landmarks, RIGHT_EYE_RING)
    assert np.abs(light(opened) - light(shut))[eye].mean() > 15
    fh = face_height(person)
    changed = np.abs(opened.astype(int) - shut).max(axis=-1) > 6
    reach = 2 * int(0.085 * fh) + 1
    eyes = eye | inside(person.landmarks, LEFT_EYE_RING)
    around = cv2.dilate(eyes.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    assert not (changed & ~around).any()


def test_the_same_motion_gives_the_same_bytes(astronaut):
    motion = lively(12)
    first = [frame.tobytes() for frame in Puppet(astronaut).frames(motion)]
    assert first == [frame.tobytes() for frame in Puppet(astronaut).frames(motion)]


def test_frames_come_faster_than_they_are_played(astronaut):
    """In processor time, which a busy machine stretches less; under 5 ms a frame on two idle cores."""
    puppet = Puppet(astronaut)
    motion = lively(75)
    began = time.process_time()
    count = sum(1 for _ in puppet.frames(motion))
    assert count == 75
    assert (time.process_time() - began) / count < 0.025


def test_a_cancelled_talk_stops_within_half_a_second(astronaut):
    asked = []

    def report(stage, fraction):
        assert stage is Stage.RENDER
        asked.append(time.perf_counter())
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(Puppet(astronaut).frames(lively(100), report))
    assert len(asked) >= 3
    assert np.diff(asked).max() < 0.5


@pytest.mark.parametrize(("across", "down"), [(0, 110), (150, 0), (0, -150), (-150, 0)])
def test_a_face_at_the_edge_of_the_sticker_speaks(astronaut, across, down):
    moved = replace(
        astronaut,
        drawing=np.roll(astronaut.drawing, (down, across), axis=(0, 1)),
        landmarks=astronaut.landmarks + np.array([across, down, 0], np.float32),
    )
    first, last = (straight(f) for f in Puppet(moved).frames(motion_of(2, jaw=np.array([0.0, 1.0]))))
    assert first.shape == last.shape == astronaut.drawing.shape
    assert np.abs(first.astype(int) - last).max() > 60, "the mouth has opened"
