"""What people send that cannot be used is refused in one sentence; what can be used, with a word."""

import json
import re
import subprocess
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from bot.sentences import template
from engine.weights import locate
from tests.command import here, mytalkcon
from tests.engine.intake.sent_files import saved, speech, wav, with_size
from tests.samples import SAMPLE_VOICE


def jpeg(picture: np.ndarray) -> bytes:
    return saved(Image.fromarray(picture), "JPEG", quality=90)


def astronaut() -> np.ndarray:
    with Image.open(locate("astronaut.png")) as image:
        return np.asarray(image.convert("RGB"))


BAD_PHOTOS = {
    "text named .jpg": (lambda: b"I am not a photo, I only say so.", "photo-unknown"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "photo-unknown"),
    "truncated": (lambda: jpeg(astronaut())[:9_000], "photo-damaged"),
    "1x1": (lambda: jpeg(np.zeros((1, 1, 3), np.uint8)), "photo-too-small"),
    "bomb": (lambda: with_size(30_000, 30_000), "photo-too-large"),
    "no face": (lambda: jpeg(np.full((400, 400, 3), 140, np.uint8)), "no-face"),
    "empty": (lambda: b"", "photo-unknown"),
}
BAD_VOICES = {
    "0 bytes": (lambda: b"", "voice-empty"),
    "truncated to nothing": (lambda: SAMPLE_VOICE.read_bytes()[:60], "voice-damaged"),
    "a tenth of a second": (lambda: wav(speech(0.1, 16_000)), "voice-too-short"),
    "silence": (lambda: wav(np.zeros(32_000, np.float32)), "voice-silent"),
    "text": (lambda: b"hello, hello, hello", "voice-unknown"),
}


AS_TYPED = ("no face", "silence")  # in a process of their own; to start one for each takes a minute


def run_for(name: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    return mytalkcon if name in AS_TYPED else here


def refused_with(done: subprocess.CompletedProcess[str], message_id: str, language: str = "en") -> None:
    """One sentence, whose places may hold a path, and nothing else."""
    assert done.returncode == 2, done.stderr
    said = " ".join(line.strip() for line in done.stderr.splitlines() if not line.endswith("..."))
    sentence = template(message_id, language)
    parts = [part for part in re.split(r"\{\w+\}", sentence) if part]
    assert all(part in said for part in parts), (said, message_id)
    assert len(said) < len(sentence) + 200, said
    assert done.stdout == ""


@pytest.mark.parametrize("name", BAD_PHOTOS)
def test_a_bad_photo_is_refused_in_one_sentence(name, tmp_path):
    content, message_id = BAD_PHOTOS[name]
    path = tmp_path / "photo.jpg"
    path.write_bytes(content())
    language = "ko" if name in {"1x1", "no face"} else "en"
    locale = {"ko": "ko_KR.UTF-8", "en": "C.UTF-8"}[language]
    done = run_for(name)("make", path, SAMPLE_VOICE, "--out", tmp_path / "out", language=locale)
    refused_with(done, message_id, language)
    assert not (tmp_path / "out").exists()


def test_a_full_profile_is_refused(shared_media, tmp_path):
    done = here("draw", shared_media / "photos" / "real_012.jpg", "--out", tmp_path / "out")
    refused_with(done, "face-turned")


@pytest.mark.parametrize("name", BAD_VOICES)
def test_a_bad_voice_is_refused_in_one_sentence(made, name, tmp_path):
    content, message_id = BAD_VOICES[name]
    path = tmp_path / "voice.ogg"
    path.write_bytes(content())
    refused_with(run_for(name)("talk", made[0], path, "--out", tmp_path / "out"), message_id)
    assert not (tmp_path / "out").exists()


def test_a_background_that_is_neither_a_colour_nor_a_picture_is_refused(made, tmp_path):
    for background in ("no such colour", tmp_path):
        done = here("talk", made[0], SAMPLE_VOICE, "--background", background, "--out", tmp_path / "out")
        assert done.returncode == 2
        assert "neither a colour nor a picture" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_used_is_said_before_the_work(made, tmp_path):
    target = tmp_path / "file-where-a-folder-should-be"
    target.write_text("")
    for out in (target, target / "below"):
        refused_with(here("talk", made[0], SAMPLE_VOICE, "--out", out), "folder-unusable")


def test_a_broken_character_is_refused(made, tmp_path):
    folder = tmp_path / "character"
    folder.mkdir()
    (folder / "sticker.png").write_bytes((made[0] / "sticker.png").read_bytes())
    character = json.loads((made[0] / "character.json").read_text()) | {"seed": "Infinity"}
    (folder / "character.json").write_text(json.dumps(character))
    refused_with(here("talk", folder, SAMPLE_VOICE, "--out", tmp_path / "out"), "not-a-character")


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
    long.write_bytes(wav(noise.astype(np.float32), 8000))
    done = mytalkcon("motion", long, "--json")
    assert done.returncode == 0, done.stderr
    motion = json.loads(done.stdout)["frames"]
    assert len(motion) == 60 * 25
    assert "60" in done.stderr
