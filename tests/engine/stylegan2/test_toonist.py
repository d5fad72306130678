"""The networks of a pack at their real sizes: an encoder and generators of 256 px, random weights."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import numpy as np
import torch

from engine.engine import Engine
from engine.face.landmarks import ibug_68
from engine.photo import Photo
from engine.stylegan2.encoder_files import read_style_encoder
from engine.stylegan2.toonify_speed import random_pack
from engine.styles import LearnedStyle
from engine.styles.packs import Pack
from engine.styles.toonify import Toonists, sitter_of
from engine.together import alone, unheard
from tests.command import mytalkcon

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Pack:
    return random_pack(tmp_path_factory.mktemp("pack"))


def test_a_photo_becomes_a_character_by_way_of_the_encoder(pack, astronaut):
    with Engine() as engine:
        style = LearnedStyle(pack.id, pack.names, pack)
        drawn = alone(engine.drawing(Photo(astronaut), [style], 3)).characters[0]
        again = alone(engine.drawing(Photo(astronaut), [style], 3)).characters[0]
        refined = alone(engine.drawing(Photo(astronaut), [style], 3, refine=1)).characters[0]
    assert drawn.drawing.shape == (512, 512, 4)
    assert (drawn.drawing == again.drawing).all()
    assert (drawn.drawing != refined.drawing).any()


def test_a_batch_gives_what_single_runs_give(pack, astronaut):
    with Engine() as engine:
        photo, face = engine.cut_out(Photo(astronaut))
    toonist = Toonists().of(pack)
    views = [photo.pixels, photo.pixels[:, ::-1].copy(), photo.pixels // 2]
    sitters = [sitter_of(view, ibug_68(face.landmarks), toonist, 0) for view in views]
    together = toonist.draw(sitters, unheard, steps=0)
    for sitter, drawn in zip(sitters, together, strict=True):
        (single,) = toonist.draw([sitter], unheard, steps=0)
        assert np.abs(single.astype(int) - drawn).max() <= 0.002 * 255 + 1  # and rounding


def test_slim_weights_find_nearly_the_same_styles(pack: Pack):
    path = Path(pack.folder / "encoder.pt")
    pictures = torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        exact = read_style_encoder(path).styles(pictures)
        slim = read_style_encoder(path, slim=True).styles(pictures)
    assert torch.linalg.vector_norm(slim - exact) / torch.linalg.vector_norm(exact) < 1e-3


def test_a_photo_takes_no_more_memory_than_is_promised():
    """1500 MB in a process of its own, torch and all: whoever imports PyTorch's compiler, or has a file in
    memory twice, takes 150 MB more."""
    done = mytalkcon("bench", "--engine", "toonify", "--runs", "1", "--json")
    assert done.returncode == 0, done.stderr
    told = {one["name"]: one["value"] for one in json.loads(done.stdout)["measures"]}
    assert told["peak memory"] <= 1500, told
