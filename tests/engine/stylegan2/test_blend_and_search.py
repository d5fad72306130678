"""Layer swap, projection, augmentation and the distance: what a person who uses them relies on."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import torch
import torch.nn.functional as F  # noqa: N812

from engine.checkpoints.errors import CheckpointMismatch
from engine.stylegan2.affine import move, stretch, turn
from engine.stylegan2.augment import BGC, BGCFNC, Augment, Strengths
from engine.stylegan2.blend import Swap, blend
from engine.stylegan2.compare import comparison, swaps_for, with_resolutions
from engine.stylegan2.draws import draw_seeds
from engine.stylegan2.losses import r1_penalty
from engine.stylegan2.perceptual import pixels_and_edges
from engine.stylegan2.pictures import GAP, LABEL
from engine.stylegan2.projector import Search, project
from engine.stylegan2.resampling import moved, moved_one_by_one
from tests.engine.stylegan2.small import WIDTH, small_discriminator, small_generator

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_hard_swap_takes_coarse_layers_from_one_and_fine_layers_from_the_other():
    low, high = small_generator(1), small_generator(2)
    for a, b in ((low, high), (high, low)):
        made = blend(a, b, Swap(8)).state_dict()
        for name in (
            "mapping.0.weight",
            "w_avg",
            "layers.0.weight",
            "layers.2.weight",
            "to_rgb.1.weight",
            "layers.6.noise",
        ):
            assert made[name].equal(a.state_dict()[name]), name
        for name in ("layers.3.weight", "layers.6.modulation.bias", "to_rgb.3.bias"):
            assert made[name].equal(b.state_dict()[name]), name


def test_a_smooth_swap_is_half_of_each_at_the_swap():
    low, high = small_generator(1), small_generator(2)
    made = blend(low, high, Swap(16, width=1.0)).state_dict()
    name = "layers.3.weight"  # the first of 16 px
    assert torch.allclose(made[name], (low.state_dict()[name] + high.state_dict()[name]) / 2, atol=1e-6)


def test_a_comparison_shows_both_directions_of_every_swap():
    base, tuned = small_generator(1), small_generator(2)
    assert swaps_for(32) == (8, 16)
    swaps = with_resolutions(Swap(8), swaps_for(32))
    picture = comparison(base, tuned, swaps, seeds=[3, 4], psi=1.0)
    rows, columns = 2, 6  # base, tuned, two swaps in both directions
    assert picture.shape == (LABEL + rows * (32 + GAP) + GAP, columns * (32 + GAP) + GAP, 3)
    (alone,) = draw_seeds(blend(base, tuned, Swap(16)), [4], 1.0)
    top, left = LABEL + GAP + 32 + GAP, GAP + 5 * (32 + GAP)  # second row, last column
    assert abs(picture[top : top + 32, left : left + 32].astype(int) - alone.astype(int)).max() <= 1
    with torch.no_grad():
        person = base.styles(base.map(torch.randn(1, WIDTH)))[0]
    assert comparison(base, tuned, swaps, people=[person]).shape[0] == LABEL + 32 + 2 * GAP


def test_swaps_that_make_no_sense_are_refused():
    for resolution, level, width in ((12, 0, None), (8, 2, None), (8, 0, 0.0)):
        with pytest.raises(CheckpointMismatch):
            Swap(resolution, level, width)
    with pytest.raises(CheckpointMismatch, match="no layers of 64"):
        blend(small_generator(1), small_generator(2), Swap(64))
    with pytest.raises(CheckpointMismatch, match="different sizes"):
        blend(small_generator(1), small_generator(2, 64), Swap(8))


def test_a_seed_draws_the_same_whoever_stands_beside_it():
    made = small_generator(4)
    together = list(draw_seeds(made, [0, 1, 2, 3, 4], 0.7))
    alone = list(draw_seeds(made, [3], 0.7))
    assert abs(together[3].astype(int) - alone[0].astype(int)).max() <= 1
    assert abs(together[2].astype(int) - alone[0].astype(int)).max() > 10


@pytest.mark.parametrize("space", ["w", "w+"])
def test_projection_finds_a_picture_that_the_generator_drew(space):
    made = small_generator(6, 16)
    with torch.no_grad():
        target = made(torch.randn(1, WIDTH, generator=torch.Generator().manual_seed(9)))[0].clamp(-1, 1)
        away = float(pixels_and_edges(made.synthesise(made.styles(made.w_avg[None])), target[None]))
    search = Search(steps=80, space=space, samples=500)
    found = project(made, target, pixels_and_edges, search, seed=3)
    assert float(pixels_and_edges(found.picture[None], target[None])) < 0.5 * away
    assert found.styles.shape == (made.config.num_ws, WIDTH)
    assert (space == "w") == bool((found.styles == found.styles[:1]).all())
    short = Search(steps=3, space=space, samples=500)
    first, second = (project(made, target, pixels_and_edges, short, seed=3) for _ in range(2))
    assert first.picture.equal(second.picture)


def test_augmentation_happens_with_its_probability_and_can_be_trained_through():
    torch.manual_seed(0)
    pictures = F.interpolate(torch.rand(300, 3, 4, 4) * 2 - 1, size=(32, 32), mode="bilinear")
    changes = Augment(Strengths(luma_flip=1.0))
    assert changes(pictures).sub(pictures).abs().max() < 1e-5  # p is 0 at first
    for p in (0.2, 0.8):
        changes.p.fill_(p)
        changed = (changes(pictures) - pictures).abs().amax(dim=(1, 2, 3)) > 1e-3
        assert float(changed.float().mean()) == pytest.approx(p / 2, abs=0.08)  # half the draws flip nothing
    for strengths in (BGC, BGCFNC):
        everything = Augment(strengths)
        everything.p.fill_(0.9)
        given = pictures[:8].clone().requires_grad_()
        everything(given).square().sum().backward()
        assert given.grad is not None
        assert bool(given.grad.isfinite().all())
        assert float(given.grad.abs().max()) > 0


def test_pictures_move_alone_as_they_move_in_a_batch():
    """A CPU takes them one by one, and leaves those alone that rest."""
    torch.manual_seed(0)
    pictures = torch.rand(6, 3, 32, 24) * 2 - 1
    still, here = torch.eye(3).repeat(3, 1, 1), torch.ones(3)
    motion = torch.cat(
        [still, turn(0.3 * here) @ move(here * 2, -here * 20) @ stretch(1.3 * here, 0.8 * here)]
    )
    taps = Augment().geometry_filter
    together, alone = moved(pictures, motion, taps), moved_one_by_one(pictures, motion, taps)
    torch.testing.assert_close(alone, together, atol=2e-5, rtol=0)
    assert alone[:3].equal(pictures[:3])
    assert float((alone[3:] - pictures[3:]).abs().mean()) > 0.1


def test_pictures_that_moved_can_be_differentiated_twice():
    """R1 needs it: the penalty is a gradient, and what it teaches is the gradient of that."""
    torch.manual_seed(0)
    pictures = torch.randn(2, 1, 7, 7, dtype=torch.float64, requires_grad=True)
    here = torch.ones(2, dtype=torch.float64)
    motion = turn(0.4 * here) @ move(here, -2 * here) @ stretch(1.3 * here, 0.8 * here)
    taps = Augment().geometry_filter.double()[3:9]

    def seen(given):
        return moved(given, motion, taps).square()

    assert torch.autograd.gradcheck(seen, pictures)
    assert torch.autograd.gradgradcheck(seen, pictures)


def test_half_precision_stays_near():
    made = small_generator(7, 64)
    z = torch.randn(4, WIDTH)
    with torch.no_grad():
        exact = made(z)
        made.precision = torch.bfloat16
        rough = made(z)
    assert rough.dtype == torch.float32
    assert 0 < torch.linalg.vector_norm(rough - exact) / torch.linalg.vector_norm(exact) < 2e-2


def test_batches_that_are_no_multiple_of_the_group_are_judged_too():
    critic = small_discriminator(1)
    with torch.no_grad():
        for batch in (1, 3, 6, 7):
            assert critic(torch.randn(batch, 3, 32, 32)).isfinite().all()
    assert (r1_penalty(critic, torch.randn(2, 3, 32, 32)) > 0).all()
