"""MakeItTalk makes drawings speak: what its landmarks do is what the drawing does."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import torch

from engine.engine import Engine
from engine.errors import Cancelled
from engine.face.landmarks import ibug_68
from engine.progress import Stage, silent
from engine.talking import head, mouth
from engine.talking.animator import Take, TalkingEngine, animator
from engine.talking.makeittalk import landmarks as marks
from engine.talking.makeittalk.branches import LONGEST
from engine.talking.makeittalk.networks import read_cast
from engine.talking.makeittalk.performance import moved_by, perform
from engine.talking.makeittalk.tracks import motion_of as motion_of_landmarks
from engine.talking.standard_face import standard_face
from engine.talking.warp import Blend
from engine.talking.warp import opening as opening_shown
from engine.voice import Voice
from engine.weights import MAKEITTALK, WeightsMissing, WeightStore, WeightsWrong
from tests.engine.talking.motions import lively, motion_of
from tests.filled_weights import place_defaults, place_makeittalk

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> WeightStore:
    folder = place_defaults(tmp_path_factory.mktemp("weights"))
    place_makeittalk(folder)
    return WeightStore(folder)


@pytest.fixture(scope="module")
def makeittalk(weights):
    return animator(TalkingEngine.MAKEITTALK, weights)


def hum(seconds: float) -> Voice:
    """Syllables on a falling note."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    tone = sum(np.sin(2 * np.pi * k * (150 - 10 * time) * time) / k for k in range(1, 9))
    sound = (0.1 * tone * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * time))).astype(np.float32)
    return Voice(sound, sound, 16_000)


def take_of(character, voice, motion=None) -> Take:
    motion = motion or motion_of(int(np.ceil(voice.seconds * 25)))
    return Take(character, voice, motion, [Blend(i, i, 0.0) for i in range(len(motion))], seed=3)


def landmarks_of(motion) -> np.ndarray:
    """What the warp does to the standard face, as 68 landmarks in MakeItTalk's frame."""
    face = standard_face()
    spoken = mouth.rig_mouth(face).move(face, mouth.coefficients(motion))
    rig = head.rig_head(face, np.full((512, 512), 255, np.uint8))
    turned = np.stack(
        [rig.move(points, one) for points, one in zip(spoken, head.coefficients(motion), strict=True)]
    )
    frames = np.concatenate([turned, np.zeros((*turned.shape[:2], 1))], axis=2)[:, list(_IBUG)]
    place = marks.Normalised.of(ibug_68(face).astype(float), ibug_68(face).astype(float))
    frames[..., :2] = -(frames[..., :2] + place.shift) * place.scale
    return frames


_IBUG = ibug_68(np.arange(478)[:, None].repeat(3, axis=1))[:, 0].astype(int)


def test_a_motion_that_landmarks_show_comes_back():
    """Landmarks of known motions lead to motions that show the same: mouth and head."""
    known = lively(60)
    rest = landmarks_of(motion_of(1))[0]
    found = motion_of_landmarks(landmarks_of(known), rest, known)
    gap, wanted = opening_shown(found), opening_shown(known)
    assert np.abs(gap - wanted).mean() < 0.015
    assert np.corrcoef(gap, wanted)[0, 1] > 0.99
    for track in ("yaw", "pitch", "roll"):
        ours, theirs = getattr(found, track), getattr(known, track)
        assert np.corrcoef(ours, theirs)[0, 1] > 0.9, track
        assert np.abs(ours - theirs).max() < 4, track


@pytest.mark.parametrize("seconds", [0.3, 1.01])
def test_every_frame_of_a_voice_gets_a_picture(makeittalk, astronaut, seconds):
    take = take_of(astronaut, hum(seconds))
    frames = list(makeittalk.frames(take, silent))
    assert len(frames) == len(take.blends) == int(np.ceil(seconds * 25))
    for frame in frames:
        assert frame.shape == (512, 512, 4)
        assert (frame[..., :3] <= frame[..., 3:]).all(), "colours are not multiplied with the alpha"
        covered = (frame[..., 3] > 127).sum() / (astronaut.drawing[..., 3] > 127).sum()
        assert 0.9 < covered < 1.1


def test_the_same_take_gives_the_same_frames(makeittalk, astronaut):
    take = take_of(astronaut, hum(0.3))
    first, again = (np.stack(list(makeittalk.frames(take, silent))) for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("call", [0, 5])
def test_a_take_can_be_cancelled_while_it_is_heard_and_while_it_is_drawn(makeittalk, astronaut, call):
    calls = []

    def cancel(stage: Stage, fraction: float) -> None:
        calls.append(stage)
        if len(calls) > call:
            raise Cancelled("by the test")

    with pytest.raises(Cancelled):
        list(makeittalk.frames(take_of(astronaut, hum(0.6)), cancel))
    assert set(calls) == {Stage.RENDER}


@pytest.mark.long
def test_a_selfie_is_studied_for_later(weights, astronaut):
    """What the engine takes from the selfie, not the shape of the drawing, speaks."""
    with Engine(weights, TalkingEngine.MAKEITTALK) as engine:
        photo = engine.decoder.photo(weights.locate("astronaut.png").read_bytes())
        (drawn,) = engine.draw(photo, ["chibi"]).characters
    known = drawn.coefficients["makeittalk"].reshape(68, 3)
    face_of_drawing = ibug_68(drawn.landmarks)
    eyes = [np.linalg.norm(face[45, :2] - face[36, :2]) for face in (known, face_of_drawing)]
    chins = [np.linalg.norm(face[8, :2] - face[27, :2]) for face in (known, face_of_drawing)]
    assert abs(eyes[0] / chins[0] - eyes[1] / chins[1]) > 0.02, "the chibi has the selfie's proportions"


def test_missing_files_are_named_in_one_sentence(tmp_path):
    place_makeittalk(tmp_path)
    (tmp_path / MAKEITTALK.content).unlink()
    (tmp_path / MAKEITTALK.face).unlink()
    with pytest.raises(WeightsMissing) as refused:
        animator(TalkingEngine.MAKEITTALK, WeightStore(tmp_path))
    assert MAKEITTALK.content in refused.value.detail
    assert MAKEITTALK.face in refused.value.detail
    assert "weights add" in refused.value.detail
    assert MAKEITTALK.encoder not in refused.value.detail


@pytest.mark.parametrize("name", [MAKEITTALK.content, MAKEITTALK.target, MAKEITTALK.encoder])
def test_a_wrong_file_is_named_and_the_warp_stands_in(weights, tmp_path, name, caplog):
    (tmp_path / "w").mkdir()
    for file in weights.folder.iterdir():
        (tmp_path / "w" / file.name).symlink_to(file.resolve())
    place = tmp_path / "w" / name
    content = place.read_bytes()
    place.unlink()
    if name == MAKEITTALK.target:
        place.write_text("1 2 3")
    elif name == MAKEITTALK.content:
        torch.save({"model_g_face_id": {"fc.0.weight": torch.zeros(2, 2)}}, place)
    else:
        place.write_bytes(content[:5000])
    store = WeightStore(tmp_path / "w")
    with pytest.raises(WeightsWrong, match=name.replace(".", r"\.")):
        animator(TalkingEngine.MAKEITTALK, store)
    with Engine(store, TalkingEngine.MAKEITTALK) as engine:
        assert engine.animator() is engine.animator(TalkingEngine.WARP)
    assert name in caplog.text


def test_lips_never_cross(weights):
    """Whatever the networks say, the lower lip stays below the upper one."""
    cast = read_cast(weights)
    face = ibug_68(standard_face()).astype(float)
    place = marks.Normalised.of(marks.with_closed_mouth(face), cast.standard_face)
    frames = perform(cast, hum(1.5).analysis, place.face)
    gaps = frames[:, [65, 66, 67], 1] - frames[:, [63, 62, 61], 1]
    assert gaps.min() > -0.02
    assert (marks.lips_in_order(frames)[:, 66, 1] >= marks.lips_in_order(frames)[:, 62, 1] - 0.02).all()


def test_the_head_does_not_jump_where_sequences_join(weights):
    """A transformer sees LONGEST frames; a longer voice goes through it in parts."""
    cast = read_cast(weights)
    random = torch.Generator().manual_seed(0)
    sound = torch.randn(LONGEST + 150, 80, generator=random).cumsum(0) * 0.02
    windows = sound.unfold(0, 18, 1).transpose(1, 2)
    pose = moved_by(cast, windows, torch.full((256,), 0.06), lambda: None)
    steps = (pose[1:] - pose[:-1]).norm(dim=1)
    join = slice(LONGEST - 70, LONGEST + 5)
    assert len(pose) == len(windows)
    assert steps[join].max() < 2 * steps.quantile(0.95)
