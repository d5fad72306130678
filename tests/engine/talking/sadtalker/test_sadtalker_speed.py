"""Ours draws what the published way draws, with fewer operations."""

import pytest

from tests.engine.talking.sadtalker import small

torch = pytest.importorskip("torch", reason="the extra neural is not installed")
pytestmark = pytest.mark.usefixtures("one_thread")

from engine.talking.sadtalker.speed import compare, operations  # noqa: E402


def test_ours_draws_the_published_frames():
    found = {one.name: one for one in compare(side=128, frames=3, batch=2, size=small.sizes().generator)}
    assert found["ours, float32"].error < 1e-4
    assert found.get("ours, bfloat16", found["ours, float32"]).error < 2e-2


@pytest.mark.long
def test_of_full_size_it_is_never_slower():
    found = {one.name: one for one in compare(side=128, frames=2, batch=2, runs=2)}
    assert found["ours, float32"].error < 1e-4
    assert found["ours, float32"].seconds < 1.05 * found["as published"].seconds


def test_the_decoder_is_most_of_the_work_and_the_features_are_little():
    of = {part.name: part.gigamacs for part in operations()}
    frame = of["dense motion"] + of["warped volume"] + of["decoder"]
    assert of["decoder"] > 0.75 * frame
    assert of["features of the picture"] < 0.06 * frame
    assert of["decoder"] == pytest.approx(445.4, rel=0.01)
