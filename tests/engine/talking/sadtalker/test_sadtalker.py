"""SadTalker makes drawings speak: options, files, and what users of the published program suffer from.

The networks have few channels and weights from names: what is seen means nothing, how it moves does.
"""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.character import settled
from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch, CheckpointRefused
from engine.engine import Engine
from engine.errors import Cancelled
from engine.face import Face
from engine.photo import Photo
from engine.progress import Stage, silent
from engine.talking.animator import TalkingEngine
from engine.talking.standard_face import standard_face
from engine.talking.warp import Blend
from engine.together import answered
from engine.weights import DEFAULT_FILES, WeightsMissing, WeightStore, WeightsWrong, locate
from tests.engine.talking.sadtalker import small

torch = pytest.importorskip("torch", reason="the extra neural is not installed")
pytestmark = pytest.mark.usefixtures("one_thread")

from engine.talking.sadtalker.animator import SadTalker  # noqa: E402
from engine.talking.sadtalker.audio_networks import PoseNetwork  # noqa: E402
from engine.talking.sadtalker.checkpoint import read_networks  # noqa: E402
from engine.talking.sadtalker.options import Options, OptionUnknown, parsed  # noqa: E402
from engine.talking.sadtalker.reference import ReferenceUnusable  # noqa: E402
from engine.talking.sadtalker.talk import heard_rows, hush, poses  # noqa: E402

FILES = (
    "SadTalker_V0.0.2_256.safetensors",
    "mapping_00229-model.pth.tar",
    "mapping_00109-model.pth.tar",
    "similarity_Lm3D_all.mat",
)
MATRIX = (
    "preprocess=crop",
    "preprocess=extcrop,still",
    "preprocess=resize,pose_style=45",
    "preprocess=full,expression_scale=1.5",
    "preprocess=extfull,yaw=-20:20,pitch=5,roll=0:10:0",
    "batch_size=3",
)


def drawn(sadtalker, take):
    return np.stack(list(sadtalker.frames(take, silent)))


@pytest.mark.parametrize("options", MATRIX)
def test_each_option_gives_whole_frames(sadtalker, make_take, options):
    take = make_take(2, options=options)
    frames = drawn(sadtalker, take)
    assert frames.shape == (2, 512, 512, 4) and frames.dtype == np.uint8
    assert (frames[..., :3] <= frames[..., 3:]).all(), "colours are multiplied with the alpha"
    if "still" in options:  # once is enough: none of the others draws at random
        assert np.array_equal(drawn(sadtalker, take), frames)


@pytest.mark.long
def test_512_px_bfloat16_and_another_seed(sadtalker, make_take):
    usual = drawn(sadtalker, make_take(40))
    assert not np.array_equal(drawn(sadtalker, make_take(40, seed=1)), usual)
    assert drawn(sadtalker, make_take(2, options="size=512")).shape == (2, 512, 512, 4)
    full, lower = (
        drawn(sadtalker, make_take(2, options=f"precision={kind}")).astype(float)
        for kind in ("float32", "bfloat16")
    )
    assert np.abs(lower - full).mean() < 1


def test_three_jobs_together_are_three_jobs_alone(sadtalker, make_take):
    """They ask in turn and are answered in batches; one is shorter than the other."""
    takes = [
        make_take(3),
        make_take(2, seed=1, options="still"),
        make_take(2, seed=2, options="preprocess=crop"),
    ]
    asking = [iter(sadtalker.asks(take, silent)) for take in takes]
    together: list[list] = [[], [], []]
    while asks := {number: ask for number, steps in enumerate(asking) if (ask := next(steps, None))}:
        assert len({ask.key for ask in asks.values()}) == 1
        for number, answer in zip(asks, answered(list(asks.values())), strict=True):
            assert answer.error is None
            together[number] += answer.value
    for frames, take in zip(together, takes, strict=True):
        assert np.abs(np.stack(frames) - drawn(sadtalker, take).astype(int)).max() <= 1


def test_a_cancelled_job_stops_between_frames_and_the_drawing_may_be_between_two_frames(sadtalker, make_take):
    def cancelled(stage, fraction):
        if stage is Stage.RENDER and fraction > 0:
            raise Cancelled

    take = make_take(4, options="batch_size=1")
    assert len(_until_cancelled(sadtalker.frames(take, cancelled))) == 1
    halfway = replace(take, blends=[Blend(0, 3, 0.0), Blend(0, 3, 0.5), Blend(0, 3, 1.0)])
    role = sadtalker.prepared(halfway, silent)
    first, middle, last = (role.driving(moment) for moment in range(3))
    assert torch.allclose(middle, (first + last) / 2, atol=1e-6)


def _until_cancelled(frames):
    seen = []
    with pytest.raises(Cancelled):
        for frame in frames:
            seen.append(frame)
    return seen


def test_memory_does_not_grow_with_the_voice(sadtalker, make_take):
    """Numbers of a minute: what is held for a talk is far below one frame for each of its frames."""
    peaks = []
    for frames in (50, 200):
        take = make_take(frames)
        take = replace(take, blends=take.blends[:2])
        tracemalloc.start()
        drawn(sadtalker, take)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 150 * 60_000, peaks


def rows_of(networks, take, **options):
    source = np.zeros(73, np.float32)
    return heard_rows(
        networks.expression,
        networks.pose,
        take.voice.analysis,
        take.motion,
        source,
        Options(**options),
        take.seed,
    )


@pytest.fixture(scope="module")
def networks(weights):
    return read_networks(weights, 256, small.sizes())


class Restless(PoseNetwork):
    """Every chunk holds another pose: joined end to end they would jump."""

    def chunks(self, heard, reference, style, latents):
        return latents[:, None, :6].expand(-1, 32, -1)


@pytest.mark.parametrize("frames", [20, 200])
def test_the_head_does_not_jump_where_chunks_join(frames):
    latents = torch.Generator().manual_seed(0)
    path = poses(Restless(), torch.zeros(frames, 512), np.zeros(6, np.float32), 0, latents)
    drawn = torch.randn(9, 64, generator=torch.Generator().manual_seed(0))[:, :6].numpy()
    farthest = np.abs(np.diff(drawn, axis=0, prepend=0)).max()
    assert path.shape == (frames, 6) and not path[0].any(), "it starts as it was drawn"
    assert np.abs(path).max() > 0.9 * np.abs(drawn[0]).max(), "and moves as far as the network says"
    assert np.abs(np.diff(path, axis=0)).max() < 0.3 * farthest


def test_still_heads_blink_and_pauses_are_quiet(networks, make_take):
    take = make_take(50, pause=slice(20, 40))
    moving, still = rows_of(networks, take), rows_of(networks, take, still=True)
    assert np.array_equal(still[:, :64], moving[:, :64]), "eyes and mouth are those of a moving head"
    assert np.ptp(still[:, 64:], axis=0).max() == 0 < np.ptp(moving[:, 64:70], axis=0).max()
    open_eyes = replace(take, motion=replace(take.motion, lids=np.zeros(50, np.float32)))
    blinks = np.abs(rows_of(networks, open_eyes, still=True)[:, :64] - still[:, :64]).max(axis=1)
    assert ((blinks > 1e-3) == (take.motion.lids > 0)).all()
    quiet = rows_of(networks, open_eyes)[:, :64][hush(take.motion) == 1]
    assert len(quiet) >= 16 and np.ptp(quiet, axis=0).max() < 1e-5, "noise in a pause does not move the mouth"
    assert np.ptp(rows_of(networks, open_eyes)[:20, :64], axis=0).max() > 0.01


def test_options_move_what_they_are_about_and_nothing_else(networks, make_take):
    take = make_take(40)
    usual, mouth = rows_of(networks, take), slice(0, 64)
    doubled, styled = rows_of(networks, take, expression_scale=2.0), rows_of(networks, take, pose_style=7)
    assert np.allclose(doubled[:, mouth], 2 * usual[:, mouth]) and np.array_equal(
        doubled[:, 64:], usual[:, 64:]
    )
    assert np.array_equal(styled[:, mouth], usual[:, mouth])
    assert np.abs(styled[:, 64:] - usual[:, 64:]).max() > 1e-3


def test_a_camera_that_goes_back_shows_the_same_in_reverse(sadtalker, make_take):
    """A mouth that rests and a head that is still: only the camera moves."""

    def seen(path: str) -> np.ndarray:
        take = replace(make_take(9, options=f"still,{path}", pause=slice(0, 9)))
        open_eyes = replace(take.motion, lids=np.zeros(9, np.float32))
        return sadtalker.prepared(replace(take, motion=open_eyes), silent).tracks

    there, back = seen("yaw=-20:20"), seen("yaw=20:-20")
    assert np.allclose(there[1:8], back[7:0:-1], atol=1e-3), "but for the first frame of each"
    assert np.abs(there[1] - there[7]).max() > 0.5


def test_a_selfies_expression_and_pose_are_taken_from_their_places():
    """Of 257 coefficients: identity, expression, texture, angles, light, translation."""
    from engine.talking.sadtalker.alignment import Aligned
    from engine.talking.sadtalker.reconstruction import HEADS

    which_head = np.repeat(np.arange(len(HEADS), dtype=np.float32), HEADS)
    row = SadTalker._row_of(which_head, Aligned(np.zeros(0, np.uint8), np.zeros(0), 7.0, 8.0, 9.0))
    assert row.tolist() == [1.0] * 64 + [3.0] * 3 + [5.0, 5.0, 6.0] + [7.0, 8.0, 9.0]


def test_what_the_selfie_gave_is_used_and_the_drawing_stands_in(sadtalker, make_take, drawing):
    given = sadtalker.prepared(make_take(2), silent).at_rest
    other = replace(drawing, coefficients={"sadtalker": -drawing.coefficients["sadtalker"]})
    assert not torch.equal(sadtalker.prepared(make_take(2, character=other), silent).at_rest, given)
    unknown = replace(drawing, coefficients={})
    assert np.isfinite(drawn(sadtalker, make_take(1, character=unknown))).all()


def copied(weights, folder: Path, *left_out: str) -> WeightStore:
    for name in FILES:
        if name not in left_out:
            (folder / name).symlink_to(weights.folder / name)
    return WeightStore(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_way_to_it(weights, tmp_path, name):
    with pytest.raises(WeightsMissing) as caught:
        SadTalker(copied(weights, tmp_path, name), small.sizes())
    said = caught.value.detail
    assert (
        f"mytalkcon weights fetch {name}" in said and "OpenTalker/SadTalker" in said and "Apache-2.0" in said
    )
    assert "non-commercial" in said


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_short_or_noise_is_refused(weights, tmp_path, name):
    store = copied(weights, tmp_path, name)
    whole = (weights.folder / name).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"\0" * 136 + whole[136:]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((CheckpointBroken, CheckpointMismatch, CheckpointRefused)):
            read_networks(store, 256, small.sizes())
    with pytest.raises(WeightsWrong, match=name):  # what makes the bots use the warp
        SadTalker(store, small.sizes())


def test_networks_of_another_size_or_place_are_refused_by_name(weights, tmp_path):
    with pytest.raises(CheckpointMismatch, match=r"(?s)_256.safetensors, kp_extractor.*size mismatch"):
        read_networks(weights, 256)
    swapped = copied(weights, tmp_path, FILES[1])
    (tmp_path / FILES[1]).symlink_to(weights.folder / FILES[2])
    with pytest.raises(CheckpointMismatch, match=r"(?s)mapping_00229.*first\.0\.weight"):
        read_networks(swapped, 256, small.sizes())


def test_an_option_with_a_comma_stands_in_quotes():
    found = parsed('still, "ref_pose=/videos/a, b=\'c\'.mp4","enhancer=/x/the ""best"".pth",yaw=-20:20')
    assert found == Options(
        still=True,
        ref_pose=Path("/videos/a, b='c'.mp4"),
        enhancer=Path('/x/the "best".pth'),
        yaw=(-20.0, 20.0),
    )


@pytest.mark.parametrize(
    "text",
    [
        "loud",
        "pose_style=46",
        "size=300",
        "preprocess=side",
        "yaw=left",
        "still=perhaps",
        'still,"ref_pose=a',
    ],
)
def test_an_option_that_there_is_not_is_said(text):
    with pytest.raises(OptionUnknown):
        parsed(text)


def test_without_weights_the_bots_use_the_warp_and_the_log_says_so(tmp_path, caplog):
    with Engine(WeightStore(tmp_path), TalkingEngine.SADTALKER) as engine:
        stands_in = engine.animator()
        assert stands_in is engine.animator(TalkingEngine.WARP)
        assert "sadtalker is not to be had, the warp stands in" in caplog.text
        assert "weights fetch SadTalker_V0.0.2_256.safetensors" in caplog.text
        with pytest.raises(WeightsMissing):
            engine.animator(TalkingEngine.SADTALKER)


def test_the_selfie_gives_257_numbers_that_a_character_keeps(sadtalker, drawing):
    picture = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    face = Face((0, 0, 1, 1), standard_face(), 0, 0, 0, np.ones((512, 512), np.float32))
    known = sadtalker.study(Photo(picture), face)
    kept = settled(replace(drawing, coefficients={"sadtalker": known})).coefficients["sadtalker"]
    assert known.shape == kept.shape == (257,) and np.abs(known - kept).max() < 1e-5


@pytest.mark.long
def test_eyes_and_head_follow_videos(sadtalker, weights, make_take, tmp_path):
    """A video of the sample photo that is turned, frame by frame."""
    for file in DEFAULT_FILES[:3]:
        place = weights.folder / file.name
        if not place.exists():
            place.symlink_to(locate(file.name))
    photo = Image.open(locate("astronaut.png")).convert("RGB")
    with av.open(str(tmp_path / "face.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for angle in range(0, 12, 3):
            picture = photo.rotate(angle, Image.Resampling.BILINEAR)
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    usual = sadtalker.prepared(make_take(9), silent).tracks
    for option in ("ref_eyeblink", "ref_pose"):
        followed = sadtalker.prepared(
            make_take(9, options=f"{option}={tmp_path / 'face.mp4'}"), silent
        ).tracks
        assert followed.shape == usual.shape and np.abs(followed - usual).max() > 1e-4
    (tmp_path / "noise.mp4").write_bytes(b"no video")
    with pytest.raises(ReferenceUnusable):
        sadtalker.prepared(make_take(2, options=f"ref_pose={tmp_path / 'noise.mp4'}"), silent)
