"""The files that people receive: what each platform asks of them, read back by PyAV and Pillow."""

import io
import threading
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from engine.media.colour import Ground
from engine.media.partial import MediaFailed, commit_together
from engine.media.sticker import write_sticker
from engine.media.talk import BACKGROUND, TalkWriter
from engine.media.video import Mp4Writer
from engine.media.video_sticker import MAX_BYTES, VideoStickerWriter
from engine.raster import premultiplied
from engine.voice import Voice

SECONDS = 4.1
COMMENT = "synthetic, made with MyTalkCon"
SKIN = (236, 188, 160)


def voice_of(seconds: float, rate: int = 48_000) -> Voice:
    """Silence with a tone burst at 1.000 s and another 0.1 s before the end."""

    def bursts(at_rate: int) -> np.ndarray:
        t = np.arange(round(seconds * at_rate)) / at_rate
        near = (np.abs(t - 1) < 0.02) | (np.abs(t - seconds + 0.1) < 0.02)
        return (0.6 * np.sin(2 * np.pi * 1000 * t) * near).astype(np.float32)

    return Voice(bursts(16_000), bursts(rate), rate)


def puppet(number: int) -> np.ndarray:
    """A drawn head that nods, with a mouth that opens, a soft edge, and colours that can be measured."""
    picture = np.zeros((512, 512, 4), np.uint8)
    centre = (256 + number % 5, 280)
    cv2.ellipse(picture, centre, (150, 200), 0, 0, 360, (*SKIN, 255), -1, cv2.LINE_AA)
    cv2.ellipse(
        picture, (256, 380), (40, 4 + number * 5 % 30), 0, 0, 360, (120, 30, 40, 255), -1, cv2.LINE_AA
    )
    cv2.rectangle(picture, (200, 180), (312, 240), (40, 60, 200, 255), -1)
    picture[..., 3] = cv2.GaussianBlur(picture[..., 3], (0, 0), 2)
    return picture


def scribble(number: int) -> np.ndarray:
    """The busiest drawing: other noise in every frame."""
    picture = puppet(number)
    noise = np.random.default_rng(number).normal(0, 45, (512, 512, 3)) * (picture[..., 3:] > 0)
    picture[..., :3] = np.clip(picture[..., :3] + noise, 0, 255).astype(np.uint8)
    return picture


def talk(folder: Path, voice: Voice, draw=puppet, **options) -> list[Path]:
    with TalkWriter(folder, voice, **options) as writer:
        for number in range(int(np.ceil(voice.seconds * 25))):
            writer.write(premultiplied(draw(number)))
        return writer.close()


def video_alone(folder: Path, side: int, voice: Voice, draw) -> list[Path]:
    """talk.mp4 without its companions."""
    writer = Mp4Writer(folder / "talk.mp4", side, voice)
    for number in range(int(np.ceil(voice.seconds * 25))):
        writer.write(np.ascontiguousarray(draw(number)[..., :3]))
    writer.finish()
    return commit_together(writer.files)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("talk")
    files = talk(folder, voice_of(SECONDS))
    assert sorted(path.name for path in files) == ["note.mp4", "talk.mp4", "talk.webm"]
    assert sorted(folder.iterdir()) == sorted(files), "something else was left in the folder"
    return folder


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format="rgb24", src_colorspace="ITU709") for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("name,side", [("talk.mp4", 512), ("note.mp4", 384)])
def test_videos_are_what_every_player_takes(made, name, side):
    with av.open(str(made / name)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (picture.width, picture.height) == (side, side)
        assert picture.average_rate == Fraction(25)
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48_000, 1)
        context = picture.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (
            1,
            1,
            1,
            1,
        )
        assert container.metadata["comment"] == COMMENT
        lengths = [float(stream.duration * stream.time_base) for stream in (picture, sound)]
        assert abs(lengths[0] - lengths[1]) <= 0.040, lengths
        assert abs(lengths[1] - SECONDS) <= 0.002
        assert len(list(container.decode(video=0))) == np.ceil(SECONDS * 25)
    data = (made / name).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "a player must be able to start before the end has come"


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_sound_is_whole_and_in_time(tmp_path, rate):
    (path,) = video_alone(tmp_path, 64, voice_of(2.5, rate), lambda number: puppet(number)[:64, :64])
    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        assert sound.rate == rate
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(sound)])
    for burst in (1.0, 2.4):
        around = np.abs(heard[round((burst - 0.1) * rate) : round((burst + 0.1) * rate)])
        loud = np.nonzero(around > 0.3)[0]
        assert (loud[0] + loud[-1]) / 2 / rate - 0.1 == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("name,side", [("talk.mp4", 512), ("note.mp4", 384)])
def test_colours_of_videos_are_those_of_the_drawing(made, name, side):
    frame = pictures(made / name)[30]
    spots = {(210, 256): (40, 60, 200), (300, 150): SKIN, (20, 20): BACKGROUND, (500, 500): BACKGROUND}
    for (y, x), colour in spots.items():
        top, left = y * side // 512 - 2, x * side // 512 - 2
        shown = np.median(frame[top : top + 5, left : left + 5].reshape(-1, 3), axis=0)
        assert np.abs(shown - colour).max() <= 3, (y, x, shown, colour)


@pytest.mark.long
def test_a_busy_minute_stays_under_the_limit_of_discord(tmp_path):
    """What noise takes once the encoder's buffer is full tells what sixty seconds would take."""
    (path,) = video_alone(tmp_path, 512, voice_of(4.8), scribble)
    with av.open(str(path)) as container:
        later = [
            packet.size for packet in container.demux() if packet.size and packet.pts * packet.time_base >= 2
        ]
    assert path.stat().st_size + sum(later) / 2.8 * 55.2 < 10 * 2**20


def test_ground_lies_under_soft_edges():
    picture = np.zeros((1, 3, 4), np.uint8)
    picture[0, :, :3] = (200, 100, 0)
    picture[0, :, 3] = (0, 128, 255)
    shown = Ground(np.full((1, 3, 3), (0, 100, 250), np.uint8)).under(premultiplied(picture))
    np.testing.assert_allclose(shown[0], [(0, 100, 250), (100, 100, 125), (200, 100, 0)], atol=1)


def with_alpha(path: Path) -> list[np.ndarray]:
    """Decode a video sticker with its alpha: FFmpeg's own VP9 decoder would drop it."""
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        packets = [packet if packet.size else None for packet in container.demux(video=0)]
        frames = [frame for packet in packets for frame in decoder.decode(packet)]
    return [frame.to_ndarray(format="rgba", src_colorspace="ITU709") for frame in frames]


def test_video_sticker_is_what_messengers_take(made):
    path = made / "talk.webm"
    assert path.stat().st_size <= 250_000
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "vp9"
        assert (stream.width, stream.height) == (512, 512)
        assert stream.average_rate <= 30
        assert stream.metadata["ALPHA_MODE"] == "1"
        assert container.metadata["COMMENT"] == COMMENT
        assert container.duration / av.time_base < 3
        last = [packet for packet in container.demux(stream) if packet.size][-1]
        assert float((last.pts + (last.duration or 40)) * last.time_base) < 3


def test_video_sticker_keeps_its_transparency_and_colours(made):
    frames = with_alpha(made / "talk.webm")
    assert len(frames) == 73
    for number in (0, 40, 72):
        wanted = puppet(number)
        assert np.abs(frames[number][..., 3].astype(int) - wanted[..., 3]).mean() < 1
        assert frames[number][5, 5, 3] <= 2
        assert frames[number][300, 150, 3] >= 253
        assert np.abs(frames[number][300, 150, :3].astype(int) - SKIN).max() <= 6


def test_video_sticker_shows_its_own_frames_and_is_full_when_it_is_full(tmp_path):
    def brightness(number: int) -> np.ndarray:
        picture = puppet(0)
        picture[180:241, 200:313, :3] = 2 * number
        return premultiplied(picture)

    with TalkWriter(tmp_path, voice_of(0.8), sticker_frames=4) as writer:
        for number in range(20):
            writer.write(brightness(number), sticker=number >= 10)
            writer.write(brightness(100), talk=False, sticker=number == 11)
        writer.close()
    shown = [frame[210, 256, 0] for frame in with_alpha(tmp_path / "talk.webm")]
    assert np.allclose(shown, [20, 22, 200, 24], atol=6)
    assert len(pictures(tmp_path / "talk.mp4")) == 20


def test_video_sticker_is_small_enough_even_for_scribbles(tmp_path):
    writer = VideoStickerWriter(tmp_path / "talk.webm")
    for number in range(73):
        writer.write(premultiplied(scribble(number)))
    writer.finish()
    commit_together(writer.files)
    assert (tmp_path / "talk.webm").stat().st_size <= MAX_BYTES


def test_same_frames_give_the_same_bytes(made, tmp_path):
    for path in talk(tmp_path, voice_of(SECONDS)):
        assert path.read_bytes() == (made / path.name).read_bytes(), path.name


def test_cancelled_talk_leaves_nothing_and_keeps_what_was_there(tmp_path):
    (tmp_path / "talk.mp4").write_bytes(b"the last one")
    before = threading.active_count()

    class Cancelled(Exception):
        pass

    with pytest.raises(Cancelled), TalkWriter(tmp_path, voice_of(4.0)) as writer:
        for number in range(40):
            writer.write(puppet(number))
        raise Cancelled
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp4"]
    assert (tmp_path / "talk.mp4").read_bytes() == b"the last one"
    assert threading.active_count() == before


def test_when_one_file_cannot_have_its_name_all_keep_what_they_had(tmp_path):
    (tmp_path / "talk.mp4").write_bytes(b"the last one")
    (tmp_path / "talk.webm" / "in the way").mkdir(parents=True)
    before = threading.active_count()
    with pytest.raises(OSError):
        talk(tmp_path, voice_of(0.4))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["talk.mp4", "talk.webm"]
    assert (tmp_path / "talk.mp4").read_bytes() == b"the last one"
    assert threading.active_count() == before


def test_one_file_that_cannot_be_removed_holds_up_no_other(tmp_path, monkeypatch):
    before = threading.active_count()

    def stuck(self):
        raise PermissionError(self)

    writer = TalkWriter(tmp_path, voice_of(4.0))
    writer.write(puppet(0))
    monkeypatch.setattr(Mp4Writer, "discard", stuck)
    with pytest.raises(PermissionError):
        writer.discard()
    assert threading.active_count() == before
    assert not list(tmp_path.glob(".talk.webm*"))


@pytest.mark.parametrize("frames", [0, 30, 140])
def test_wrong_number_of_frames_leaves_nothing(tmp_path, frames):
    with TalkWriter(tmp_path, voice_of(4.0)) as writer:
        for number in range(frames):
            writer.write(puppet(number))
        with pytest.raises(MediaFailed):
            writer.close()
    assert not list(tmp_path.iterdir())


def test_fault_of_an_encoder_reaches_the_renderer_and_blocks_nobody(tmp_path):
    with pytest.raises(MediaFailed), TalkWriter(tmp_path, voice_of(8.0)) as writer:
        for _ in range(200):
            writer.write(np.zeros((100, 100, 4), np.uint8))
        writer.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("draw", [puppet, scribble])
def test_stickers_are_small_transparent_and_of_the_right_size(tmp_path, draw):
    drawing = draw(0)
    webp, png = write_sticker(tmp_path, drawing)
    assert webp.stat().st_size < 100_000
    for path, kind in ((webp, "WEBP"), (png, "PNG")):
        with Image.open(path) as image:
            assert (image.format, image.size) == (kind, (512, 512))
            shown = np.asarray(image.convert("RGBA"))
        if draw is puppet:
            assert np.abs(shown[..., 3].astype(int) - drawing[..., 3]).max() <= 1
            assert np.abs(shown[300, 150].astype(int) - drawing[300, 150]).max() <= 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sticker.png", "sticker.webp"]


@pytest.mark.parametrize("draw", [puppet, scribble])
def test_png_sticker_is_without_loss(tmp_path, draw):
    """However busy: the character is read back from it and must not fade from one voice to the next."""
    drawing = draw(3)
    _, png = write_sticker(tmp_path, drawing)
    shown = np.asarray(Image.open(io.BytesIO(png.read_bytes())))
    seen = drawing[..., 3] > 0
    assert (shown[seen] == drawing[seen]).all()
