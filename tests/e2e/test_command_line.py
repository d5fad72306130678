"""The commands as a person types them, on real files; some in processes of their own."""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest
import typer
from PIL import Image

from bot.cli.main import COMMANDS, load
from engine.speech.motion import MOUTH_CLASSES
from tests.command import here, mytalkcon
from tests.e2e.conftest import FILES, MANNER
from tests.e2e.scene import SKY, hums, lies_before, says_words, sound_seconds
from tests.samples import MYTALKCON, SAMPLE_VOICE


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
    assert abs(frames / 25 - sound_seconds(SAMPLE_VOICE)) <= 0.04
    assert abs(frames / 25 - sound_seconds(folder / name)) <= 0.1  # AAC comes in blocks of 1024


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
    assert character["seed"] == int(MANNER[-1])
    assert np.shape(character["landmarks"]) == (478, 3)


def test_the_same_call_gives_the_same_bytes(made, photo, tmp_path):
    folder, _ = made
    again = mytalkcon("make", photo, SAMPLE_VOICE, "--style", "webtoon", "--out", tmp_path, *MANNER)
    assert again.returncode == 0
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_character_speaks_again_without_its_photo(made, tmp_path):
    folder, _ = made
    done = here("talk", folder, SAMPLE_VOICE, "--out", tmp_path, *MANNER)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "talk.mp4").read_bytes() == (folder / "talk.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.mp4", "talk.mp4", "talk.webm"]


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
    done = here("motion", SAMPLE_VOICE, "--json")
    assert done.returncode == 0, done.stderr
    motion = json.loads(done.stdout)
    frames = motion["frames"]
    assert motion["fps"] == 25
    assert abs(len(frames) / 25 - sound_seconds(SAMPLE_VOICE)) <= 0.04
    keys = ["t", "viseme", "open", "round", "spread", "closed", "blink", "yaw", "pitch", "roll"]
    keys += ["gaze_yaw", "gaze_pitch"]
    assert all(list(frame) == keys for frame in frames)
    assert {frame["viseme"] for frame in frames} <= set(MOUTH_CLASSES)
    assert all(frame["closed"] == (frame["open"] < 0.04) for frame in frames)
    assert max(frame["open"] for frame in frames) > 0.2
    assert any(frame["closed"] for frame in frames)


def test_align_and_segment(photo, tmp_path):
    assert here("align", photo, "--size", 256, "--out", tmp_path / "a.png").returncode == 0
    assert here("segment", photo, "--out", tmp_path / "m.png").returncode == 0
    with Image.open(tmp_path / "a.png") as aligned, Image.open(tmp_path / "m.png") as matte:
        assert (aligned.size, aligned.mode) == ((256, 256), "RGB")
        assert (matte.size, matte.mode) == ((512, 512), "RGBA")
        alpha = np.asarray(matte)[..., 3]
    assert alpha[150, 220] > 240  # her face
    assert alpha[60, 20] < 15  # the flag behind her


def test_nothing_on_the_way_imports_torch():
    """The base install has none, and drawing needs no database (50 MB); under 2 s in the best of three."""
    program = "import sys, time; t = time.perf_counter(); import bot.cli.main, bot.cli.make, engine.engine; "
    program += "assert not {'torch', 'sqlalchemy'} & set(sys.modules); print(time.perf_counter() - t)"
    command = [sys.executable, "-c", program]
    tries = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(3))
    assert any(float(seconds) < 2.0 for seconds in tries)


def test_a_mistake_of_ours_exits_with_1(photo, tmp_path, monkeypatch):
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(tmp_path))
    done = here("draw", photo, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "weights fetch" in done.stderr
    assert "Traceback" not in done.stderr


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
    command = [MYTALKCON, "talk", made[0], SAMPLE_VOICE, "--out", tmp_path]
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
