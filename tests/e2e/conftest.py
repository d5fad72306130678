"""The main job, done once for all tests of the command line."""

import json
from pathlib import Path

import pytest

from engine.weights import locate
from tests.command import mytalkcon
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
    "--seed",
    "3",
)
FILES = ("sticker.webp", "sticker.png", "talk.mp4", "talk.webm", "note.mp4", "character.json")


@pytest.fixture(scope="session")
def photo() -> Path:
    return locate("astronaut.png")


@pytest.fixture(scope="session")
def made(photo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The main job, once: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("made")
    done = mytalkcon("make", photo, SAMPLE_VOICE, "--style", "webtoon", "--out", folder, "--json", *MANNER)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)
