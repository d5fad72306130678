"""The decoder process: hostile files end at their limits, and the next message works."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import PersonProblem, PhotoProblem, VoiceProblem
from engine.intake import Decoder, DecoderFailed, Limits
from engine.photo import PhotoDamaged, PhotoTooLarge
from tests.engine.intake.sent_files import looks_upright, mutated, of_every_kind, portrait, saved, speech, wav

PHOTO = saved(portrait(), "JPEG")
VOICE = wav(speech(1.0, 16_000))


@pytest.fixture(scope="module")
def heavy_photo() -> bytes:
    """49 megapixels of noise in few colours: seconds of work and 147 MB for a decoder."""
    noise = np.random.default_rng(3).integers(0, 4, (700, 7000), np.uint8) * 80
    return saved(
        Image.fromarray(np.tile(noise, (10, 1))).convert("RGB"), "WEBP", lossless=True, quality=0, method=0
    )


def works_at_once(decoder: Decoder) -> float:
    """Seconds until an honest photo is back."""
    start = time.perf_counter()
    assert looks_upright(decoder.photo(PHOTO).pixels)
    return time.perf_counter() - start


def children_of_this_process() -> list[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text()
    return [int(pid) for pid in listed.split()]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are a thing of Unix")
@pytest.mark.parametrize(
    "limits",
    [
        Limits(memory_bytes=500 * 2**20),
        Limits(wall_seconds=0.8),
    ],
    ids=["memory", "time"],
)
def test_a_decoder_that_reaches_its_limit_is_replaced_and_the_next_message_works(limits, heavy_photo):
    with Decoder(limits) as decoder:
        works_at_once(decoder)
        waiting = {child._process.pid for child in decoder._idle}
        with pytest.raises((PhotoDamaged, PhotoTooLarge)):
            decoder.photo(heavy_photo)
        assert decoder._idle[0]._process.pid in waiting, "the next message would wait for a new process"
        assert works_at_once(decoder) < 1, "a tenth of a second on a machine that has nothing else to do"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are a thing of Unix")
def test_processor_time_ends_a_decoder():
    """A loop that never answers, in a process confined as a decoder is."""
    program = (
        "from engine.intake.limits import Limits, confine, grant_cpu\n"
        "limits = Limits(cpu_seconds=1)\nconfine(limits)\ngrant_cpu(limits)\nwhile True: pass"
    )
    start = time.perf_counter()
    ended = subprocess.run([sys.executable, "-I", "-c", program], timeout=30, check=False)
    assert ended.returncode == -24  # SIGXCPU
    assert time.perf_counter() - start < 15


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are a thing of Unix")
def test_a_confined_process_cannot_write_a_file(tmp_path):
    program = (
        "import pathlib, sys\nfrom engine.intake.limits import Limits, confine\nconfine(Limits())\n"
        "pathlib.Path(sys.argv[1]).write_bytes(b'x' * 10)"
    )
    path = tmp_path / "left behind"
    ended = subprocess.run(
        [sys.executable, "-I", "-c", program, str(path)], check=False, stderr=subprocess.DEVNULL
    )
    assert ended.returncode != 0
    assert not path.exists() or path.stat().st_size == 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
def test_decoder_knows_no_secret(monkeypatch):
    monkeypatch.setenv("MYTALKCON_TELEGRAM_TOKEN", "123:secret")
    before = set(children_of_this_process())
    with Decoder() as decoder:
        works_at_once(decoder)
        children = set(children_of_this_process()) - before
        assert children
        for pid in children:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            names = {entry.split(b"=")[0] for entry in environment if entry}
            assert names <= {
                b"PATH",
                b"LANG",
                b"LC_CTYPE",
                b"OPENBLAS_NUM_THREADS",
                b"OMP_NUM_THREADS",
                b"MALLOC_TRIM_THRESHOLD_",
            }
            assert b"secret" not in b"".join(environment)
            assert Path(f"/proc/{pid}/cwd").resolve() == Path("/")
    assert not set(children_of_this_process()) - before, "processes outlive the decoder"


def test_decoder_process_starts_light():
    """What it imports before the first request decides how fast a replacement is ready."""
    program = "import sys, engine.intake.child\nprint({'av', 'cv2', 'PIL', 'pydub'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_killed_while_idle_is_not_the_next_senders_fault():
    with Decoder() as decoder:
        works_at_once(decoder)
        for child in list(decoder._idle):
            child._process.kill()
            child._process.wait()
        works_at_once(decoder)


def test_worn_out_decoder_is_replaced():
    with Decoder(Limits(requests=3)) as decoder:
        for _ in range(10):
            works_at_once(decoder)


def test_two_threads_at_once(decoder):
    answers: list[bool] = []

    def send() -> None:
        for _ in range(15):
            answers.append(looks_upright(decoder.photo(PHOTO).pixels))
            answers.append(decoder.voice(VOICE).seconds == 1.0)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 120
    assert all(answers)


def test_closing_ends_a_running_request_as_our_fault(heavy_photo):
    decoder = Decoder()
    works_at_once(decoder)
    closing = threading.Timer(0.2, decoder.close)
    closing.start()
    with pytest.raises(DecoderFailed):
        decoder.photo(heavy_photo)
    closing.join()
    with pytest.raises(DecoderFailed):
        decoder.photo(PHOTO)


def test_works_from_any_folder(tmp_path):
    (tmp_path / "engine.py").write_text("raise SystemExit('a stranger in the current folder was imported')")
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    program = (
        "from engine.intake import Decoder\n"
        "with Decoder() as decoder: print(decoder.photo(open('photo.jpg', 'rb').read()).pixels.shape)"
    )
    shown = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert shown.stdout.strip() == "(240, 240, 3)", shown.stderr


@pytest.mark.long
def test_two_thousand_damaged_files_do_no_harm():
    """Each is decoded or refused; none hangs, none is our fault, and an honest photo works after them all."""
    photos, voices = of_every_kind()
    random = np.random.default_rng(20)
    outcomes: dict[str, int] = {}
    slowest = 0.0
    with Decoder(Limits(wall_seconds=10)) as decoder:
        for number in range(2000):
            photo = bool(number % 2)
            seeds = photos if photo else voices
            data = mutated(seeds[number // 2 % len(seeds)], random)
            start = time.perf_counter()
            try:
                decoder.photo(data) if photo else decoder.voice(data)
                outcome = "decoded"
            except PersonProblem as problem:
                assert isinstance(problem, PhotoProblem if photo else VoiceProblem)
                outcome = problem.message_id
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            slowest = max(slowest, time.perf_counter() - start)
        works_at_once(decoder)
    assert slowest < 11, outcomes
    assert outcomes["decoded"] > 100
