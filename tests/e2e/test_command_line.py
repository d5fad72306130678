"""The commands as a person types them, in processes of their own, on real files."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import typer
from PIL import Image

from bot.cli.main import COMMANDS, load
from engine.speech.motion import MOUTH_CLASSES
from engine.weights import locate
from tests.e2e.scene import SKY, hums, lies_before, says_words
from tests.samples import SAMPLE_VOICE

MANNER = (
    "--background",
    "#b5deff",
    "--caption",
    "Hello! 안녕하세요",
    "--effect",
    "robot",
    "--expression",
    "happy",
)
FILES = ("sticker.webp", "sticker.png", "talk.mp4", "talk.webm", "note.mp4", "character.json")


def mytalkcon(*arguments: object, language: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    return subprocess.run(
        [Path(sys.executable).with_name("mytalkcon"), *(str(argument) for argument in arguments)],
        env=environment | {"LANG": language, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def photo() -> Path:
    return locate("astronaut.png")


@pytest.fixture(scope="module")
def made(photo, tmp_path_factory) -> tuple[Path, dict]:
    """The main job, once: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("made")
    done = mytalkcon("make", photo, SAMPLE_VOICE, "--style", "webtoon", "--out", folder, "--json", *MANNER)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def voice_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_make_writes_exactly_the_promised_files(made):
    folder, printed = made
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert sorted(printed["files"]) == sorted(FILES)
    for name, file in printed["files"].items():
        assert file == {"path": str(folder / name), "bytes": (folder / name).stat().st_size}
    assert list(printed["seconds"]) == ["decode", "face", "matte", "draw", "speech", "render", "encode"]


def test_sticker_is_512_px_transparent_and_light(made):
    folder, _ = made
    for name, limit in (("sticker.webp", 100_000), ("sticker.png", None)):
        with Image.open(folder / name) as sticker:
            assert sticker.size == (512, 512)
            alpha = np.asarray(sticker.convert("RGBA"))[..., 3]
        assert alpha[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0
        assert 0.25 < (alpha == 255).mean() < 0.9
        assert limit is None or (folder / name).stat().st_size < limit


@pytest.mark.parametrize(("name", "side"), [("talk.mp4", 512), ("note.mp4", 384)])
def test_video_has_the_whole_voice(made, name, side):
    folder, _ = made
    with av.open(str(folder / name)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height, video.average_rate) == (side, side, 25)
        assert sound.codec_context.name == "aac"
        assert "synthetic" in container.metadata["comment"]
        frames = sum(1 for _ in container.decode(video=0))
    assert abs(frames / 25 - voice_seconds(SAMPLE_VOICE)) <= 0.04
    assert abs(frames / 25 - voice_seconds(folder / name)) <= 0.1  # AAC comes in blocks of 1024


def test_video_sticker_keeps_the_platforms_rules(made):
    folder, _ = made
    assert (folder / "talk.webm").stat().st_size <= 256_000
    with av.open(str(folder / "talk.webm")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        stream = container.streams.video[0]
        assert stream.codec_context.name.startswith("vp9")
        assert (stream.width, stream.height) == (512, 512)
        assert stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1"
        assert sum(1 for _ in container.decode(video=0)) / 25 <= 3.0


def test_make_takes_what_surrounds_the_character(made):
    video = (made[0] / "talk.mp4").read_bytes()
    assert lies_before(video, SKY)
    assert says_words(video)
    assert hums(video)


def test_character_has_no_time_and_no_path(made):
    folder, _ = made
    character = json.loads((folder / "character.json").read_text())
    assert sorted(character) == ["format", "landmarks", "pose", "seed", "style"]
    assert np.shape(character["landmarks"]) == (478, 3)


def test_the_same_call_gives_the_same_bytes(made, photo, tmp_path):
    folder, _ = made
    again = mytalkcon("make", photo, SAMPLE_VOICE, "--style", "webtoon", "--out", tmp_path, *MANNER)
    assert again.returncode == 0
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_character_speaks_again_without_its_photo(made, tmp_path):
    folder, _ = made
    done = mytalkcon("talk", folder, SAMPLE_VOICE, "--out", tmp_path, *MANNER)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "talk.mp4").read_bytes() == (folder / "talk.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.mp4", "talk.mp4", "talk.webm"]


def test_a_background_that_is_neither_a_colour_nor_a_picture_is_refused(made, tmp_path):
    for background in ("no such colour", tmp_path):
        done = mytalkcon("talk", made[0], SAMPLE_VOICE, "--background", background, "--out", tmp_path / "out")
        assert done.returncode == 2
        assert "neither a colour nor a picture" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_draw_all_writes_every_style_and_nothing_else(photo, tmp_path):
    done = mytalkcon("draw", photo, "--style", "all", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    styles = [line.split()[0] for line in mytalkcon("styles").stdout.splitlines()]
    assert {"webtoon", "pencil"} <= set(styles)
    expected = sorted(f"{style}.{end}" for style in styles for end in ("png", "webp", "json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    said = mytalkcon("talk", tmp_path / "pencil.json", SAMPLE_VOICE, "--out", tmp_path / "talk")
    assert said.returncode == 0, said.stderr


def test_motion_describes_every_frame(tmp_path):
    done = mytalkcon("motion", SAMPLE_VOICE, "--json")
    assert done.returncode == 0, done.stderr
    motion = json.loads(done.stdout)
    frames = motion["frames"]
    assert motion["fps"] == 25
    assert abs(len(frames) / 25 - voice_seconds(SAMPLE_VOICE)) <= 0.04
    keys = ["t", "viseme", "open", "round", "spread", "closed", "blink", "yaw", "pitch", "roll"]
    keys += ["gaze_yaw", "gaze_pitch"]
    assert all(list(frame) == keys for frame in frames)
    assert {frame["viseme"] for frame in frames} <= set(MOUTH_CLASSES)
    assert all(frame["closed"] == (frame["open"] < 0.04) for frame in frames)
    assert max(frame["open"] for frame in frames) > 0.2
    assert any(frame["closed"] for frame in frames)


def test_align_and_segment(photo, tmp_path):
    assert mytalkcon("align", photo, "--size", 256, "--out", tmp_path / "a.png").returncode == 0
    assert mytalkcon("segment", photo, "--out", tmp_path / "m.png").returncode == 0
    with Image.open(tmp_path / "a.png") as aligned, Image.open(tmp_path / "m.png") as matte:
        assert (aligned.size, aligned.mode) == ((256, 256), "RGB")
        assert (matte.size, matte.mode) == ((512, 512), "RGBA")
        alpha = np.asarray(matte)[..., 3]
    assert alpha[150, 220] > 240  # her face
    assert alpha[60, 20] < 15  # the flag behind her


# --- what people send that cannot be used -----------------------------------------------------------------


def jpeg(picture: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "JPEG", quality=90)
    return target.getvalue()


def wav(samples: np.ndarray, rate: int = 16_000) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return target.getvalue()


def astronaut() -> np.ndarray:
    with Image.open(locate("astronaut.png")) as image:
        return np.asarray(image.convert("RGB"))


def bomb() -> bytes:
    target = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(target, "PNG")
    return target.getvalue()


BAD_PHOTOS = {
    "text named .jpg": (lambda: b"I am not a photo, I only say so.", "photo-unknown"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "photo-unknown"),
    "truncated": (lambda: jpeg(astronaut())[:9_000], "photo-damaged"),
    "1x1": (lambda: jpeg(np.zeros((1, 1, 3), np.uint8)), "photo-too-small"),
    "bomb": (bomb, "photo-too-large"),
    "no face": (lambda: jpeg(np.full((400, 400, 3), 140, np.uint8)), "no-face"),
    "empty": (lambda: b"", "photo-unknown"),
}
BAD_VOICES = {
    "0 bytes": (lambda: b"", "voice-empty"),
    "truncated to nothing": (lambda: SAMPLE_VOICE.read_bytes()[:60], "voice-damaged"),
    "a tenth of a second": (
        lambda: wav(0.3 * np.sin(np.arange(1600) * 0.1)),
        "voice-too-short",
    ),
    "silence": (lambda: wav(np.zeros(32_000)), "voice-silent"),
    "text": (lambda: b"hello, hello, hello", "voice-unknown"),
}


def refused_with(done: subprocess.CompletedProcess[str], message_id: str, language: str) -> None:
    from bot.sentences import template

    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.endswith("...")]
    assert len(lines) == 1, done.stderr
    beginning = template(message_id, language).split("{")[0]
    assert lines[0].startswith(beginning), (lines, message_id)
    assert done.stdout == ""


@pytest.mark.parametrize("name", BAD_PHOTOS)
def test_a_bad_photo_is_refused_in_one_sentence(name, tmp_path):
    content, message_id = BAD_PHOTOS[name]
    path = tmp_path / "photo.jpg"
    path.write_bytes(content())
    language = "ko" if name in {"1x1", "no face"} else "en"
    done = mytalkcon(
        "make",
        path,
        SAMPLE_VOICE,
        "--out",
        tmp_path / "out",
        language={"ko": "ko_KR.UTF-8", "en": "C.UTF-8"}[language],
    )
    refused_with(done, message_id, language)
    assert not (tmp_path / "out").exists()


def test_a_full_profile_is_refused(shared_media, tmp_path):
    done = mytalkcon("draw", shared_media / "photos" / "real_012.jpg", "--out", tmp_path / "out")
    refused_with(done, "face-turned", "en")


@pytest.mark.parametrize("name", BAD_VOICES)
def test_a_bad_voice_is_refused_in_one_sentence(made, name, tmp_path):
    content, message_id = BAD_VOICES[name]
    path = tmp_path / "voice.ogg"
    path.write_bytes(content())
    refused_with(mytalkcon("talk", made[0], path, "--out", tmp_path / "out"), message_id, "en")
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_what_works_with_a_word(made, tmp_path):
    """A photo on its side, two faces, an animation, ten minutes of sound, noise without words."""
    turned = tmp_path / "turned.jpg"
    half = cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
    both = np.hstack([np.vstack([half, half]), astronaut()])
    turned.write_bytes(jpeg(np.rot90(both)))
    done = mytalkcon("draw", turned, "--out", tmp_path / "a", "--json")
    assert done.returncode == 0, done.stderr
    assert {"photo-turned", "several-faces"} <= set(json.loads(done.stdout)["notices"])

    moving = tmp_path / "moving.gif"
    frames = [Image.fromarray(astronaut()), Image.new("RGB", (512, 512))]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    done = mytalkcon("draw", moving, "--out", tmp_path / "b", "--json")
    assert json.loads(done.stdout)["notices"] == ["first-frame"], done.stderr

    noise = np.random.default_rng(5).normal(0, 0.1, 600 * 8000) * np.repeat([1.0, 0.05] * 600, 4000)
    long = tmp_path / "long.wav"
    long.write_bytes(wav(noise, 8000))
    done = mytalkcon("motion", long, "--json")
    assert done.returncode == 0, done.stderr
    motion = json.loads(done.stdout)["frames"]
    assert len(motion) == 60 * 25
    assert "60" in done.stderr


def test_nothing_on_the_way_imports_torch():
    """The base install has none, and drawing needs no database (50 MB); under 2 s in the best of three."""
    program = "import sys, time; t = time.perf_counter(); import bot.cli.main, bot.cli.make, engine.engine; "
    program += "assert not {'torch', 'sqlalchemy'} & set(sys.modules); print(time.perf_counter() - t)"
    command = [sys.executable, "-c", program]
    seconds = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3)
    ]
    assert min(seconds) < 2.0


def test_a_folder_that_cannot_be_used_is_said_before_the_work(made, tmp_path):
    target = tmp_path / "file-where-a-folder-should-be"
    target.write_text("")
    for out in (target, target / "below"):
        refused_with(mytalkcon("talk", made[0], SAMPLE_VOICE, "--out", out), "folder-unusable", "en")


def test_a_mistake_of_ours_exits_with_1(photo, tmp_path, monkeypatch):
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(tmp_path))
    done = mytalkcon("draw", photo, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "weights fetch" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"seed": "Infinity"},
        {"pose": [float("nan"), 0, 0]},
        {"landmarks": [[0, 0, 0]] * 478},
        {"landmarks": [[1e9, 0, 0]] * 478},
        {"landmarks": [[1, 2, 3]]},
        {"format": 99},
    ],
)
def test_a_broken_character_is_refused(made, change, tmp_path):
    folder = tmp_path / "character"
    folder.mkdir()
    (folder / "sticker.png").write_bytes((made[0] / "sticker.png").read_bytes())
    character = json.loads((made[0] / "character.json").read_text()) | change
    (folder / "character.json").write_text(json.dumps(character))
    refused_with(mytalkcon("talk", folder, SAMPLE_VOICE, "--out", tmp_path / "out"), "not-a-character", "en")


@pytest.mark.long
def test_two_at_once_into_one_folder_leave_whole_files(made, photo, tmp_path):
    """Whoever is last wins; nothing is mixed, nothing is left over."""
    with ThreadPoolExecutor(2) as both:
        done = list(
            both.map(lambda _: mytalkcon("make", photo, SAMPLE_VOICE, "--out", tmp_path, *MANNER), range(2))
        )
    assert [run.returncode for run in done] == [0, 0], [run.stderr for run in done]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (made[0] / name).read_bytes(), name


def test_a_signal_to_end_leaves_no_half_written_file(made, tmp_path):
    command = [Path(sys.executable).with_name("mytalkcon"), "talk", made[0], SAMPLE_VOICE, "--out", tmp_path]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".*.part")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert list(tmp_path.iterdir()), "it had begun to write"
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    assert not list(tmp_path.glob(".*"))


def test_the_list_of_commands_says_what_each_says_of_itself():
    for name, line in COMMANDS.items():
        command = typer.main.get_command(load(name))
        assert (command.help or "").splitlines()[0] == line, name


def test_the_list_of_commands_needs_no_engine():
    program = "import sys, bot.cli.main; print(*(name for name in sys.modules if name.startswith('engine.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"engine.engine", "engine.talking"} & set(done.stdout.split())
