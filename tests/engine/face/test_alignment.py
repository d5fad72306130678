"""The FFHQ crop gives the numbers of the published preparation, so published models fit our crops."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.face.alignment import align_ffhq, ffhq_square

FIXTURE = Path(__file__).parents[2] / "golden" / "ffhq_alignment"


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(FIXTURE.with_suffix(".golden.npz")) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def stored() -> dict[str, list[list[int]] | None]:
    """Of each output, [start, step] of every axis where only a part of it is stored."""
    outputs = json.loads(FIXTURE.with_suffix(".json").read_text())["outputs"]
    return {name: output["stored"] for name, output in outputs.items()}


def worst_difference(picture: np.ndarray, name: str, golden, stored) -> int:
    view = tuple(slice(start, None, step) for start, step in stored[name] or ())
    return int(np.abs(picture[view].astype(int) - golden[f"out/{name}"].astype(int)).max())


@pytest.mark.parametrize("k", range(5))
def test_square_and_crop_are_those_of_encoder4editing(golden, stored, k):
    landmarks = golden["in/landmarks"][k]
    square = ffhq_square(landmarks)
    np.testing.assert_allclose(square.quad, golden[f"out/quad_{k}"], atol=1e-6)
    assert square.side == pytest.approx(float(golden[f"out/qsize_{k}"]))
    aligned = align_ffhq(golden["in/image_u8"], landmarks, 256, 256)
    assert worst_difference(aligned, f"aligned_{k}", golden, stored) <= 1


def test_large_faces_are_reduced_first(golden, stored):
    picture = golden["in/image_big_small_u8"].repeat(4, 0).repeat(4, 1)
    aligned = align_ffhq(picture, golden["in/landmarks_big"], 256, 256)
    assert worst_difference(aligned, "aligned_big", golden, stored) <= 1


@pytest.mark.parametrize(
    ("name", "k", "size", "transform_size"), [("ffhq256_2", 2, 256, 1024), ("ffhq1024_1", 1, 1024, 4096)]
)
def test_ffhq_sizes(golden, stored, name, k, size, transform_size):
    aligned = align_ffhq(golden["in/image_u8"], golden["in/landmarks"][k], size, transform_size)
    assert aligned.shape == (size, size, 3)
    assert worst_difference(aligned, name, golden, stored) <= 1
