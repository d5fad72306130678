"""SadTalker ready to work, small; a drawing and takes for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.character import Character
from engine.talking.animator import Take
from engine.talking.warp import Blend
from engine.voice import ANALYSIS_RATE, Voice
from engine.weights import WeightStore
from tests.engine.talking.motions import motion_of
from tests.engine.talking.sadtalker import small


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> WeightStore:
    """A cache folder with all files, of few channels."""
    pytest.importorskip("torch", reason="the extra neural is not installed")
    folder: Path = tmp_path_factory.mktemp("sadtalker")
    small.write_files(folder)
    return WeightStore(folder)


@pytest.fixture
def placed(weights, monkeypatch) -> None:
    """Whatever runs in this process has these files, and takes networks of their size for SadTalker's."""
    small.place(weights.folder, monkeypatch)


@pytest.fixture(scope="session")
def sadtalker(weights):
    from engine.talking.sadtalker.animator import SadTalker

    return SadTalker(weights, small.sizes())


@pytest.fixture(scope="session")
def drawing() -> Character:
    return small.round_face()


@pytest.fixture(scope="session")
def make_take(drawing):
    """Make a take of so many frames: a voice of noise that rises and falls, a pause, blinks."""

    def make(
        frames: int, seed: int = 0, options: str = "", character: Character = drawing, pause=slice(0, 0)
    ):
        rng = np.random.default_rng(seed)
        sound = rng.normal(0, 0.1, frames * ANALYSIS_RATE // 25).astype(np.float32)
        sound *= np.repeat(0.5 + 0.5 * np.sin(np.arange(frames) * 0.9), ANALYSIS_RATE // 25)
        lids = np.zeros(frames)
        lids[5::20] = 1
        said = ["A"] * frames
        said[pause] = ["sil"] * len(said[pause])
        motion = replace(motion_of(frames, lids=lids), viseme=tuple(said))
        blends = [Blend(n, n, 0.0) for n in range(frames)]
        return Take(character, Voice(sound, sound, ANALYSIS_RATE), motion, blends, seed, options)

    return make
