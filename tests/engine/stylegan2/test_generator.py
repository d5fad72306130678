"""What makes the generator fast changes no picture: drawing one after the other, sums that are kept."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import torch

from tests.engine.stylegan2.small import WIDTH, small_generator

pytestmark = pytest.mark.usefixtures("one_thread")
ROUNDING = 1e-4  # of pictures in [-1, 1]


@pytest.mark.parametrize("side", [16, 128])
def test_pictures_of_a_batch_are_those_of_single_runs(side):
    made, z = small_generator(0, side), torch.randn(3, WIDTH)
    with torch.no_grad():
        together, alone = made(z), torch.cat([made(one) for one in torch.split(z, 1)])
    assert (together - alone).abs().max() < ROUNDING
    assert (made(z) - together).abs().max() < ROUNDING  # with gradients, as in training


def test_weights_that_changed_are_noticed():
    made, z = small_generator(0), torch.randn(1, WIDTH)
    with torch.no_grad():
        before = made(z)
        for layer in made.layers:
            layer.weight.add_(torch.randn_like(layer.weight))
        after = made(z)
    assert (before - after).abs().mean() > 0.01
    assert (made(z) - after).abs().max() < ROUNDING
