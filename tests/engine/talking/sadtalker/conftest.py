"""SadTalker ready to work, small; a drawing and takes for it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.character import Character
from engine.talking.animator import Take
from engine.talking.standard_face import standard_face
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


@pytest.fixture(scope="session")
def sadtalker(weights):
    from engine.talking.sadtalker.animator import SadTalker

    return SadTalker(weights, small.sizes())


@pytest.fixture(scope="session")
def drawing() -> Character:
    """A round face with a white border on shoulders, with what a selfie gave."""
    y, x = np.mgrid[:512, :512]
    picture = np.zeros((512, 512, 4), np.uint8)
    head = np.hypot((x - 256) / 130, (y - 250) / 150)
    body = np.hypot((x - 256) / 200, (y - 520) / 150)
    picture[np.minimum(head, body) < 1.1] = 255
    picture[body < 1, :3] = (40, 90, 160)
    picture[head < 1, :3] = (230, 190, 160)
    for centre in ((215, 225), (297, 225), (256, 320)):
        cv2.ellipse(picture, centre, (18, 8), 0, 0, 360, (60, 30, 30, 255), -1, cv2.LINE_AA)
    known = np.random.default_rng(1).normal(0, 0.3, 257).astype(np.float32)
    return Character(picture, standard_face(), "webtoon", 0, coefficients={"sadtalker": known})


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
