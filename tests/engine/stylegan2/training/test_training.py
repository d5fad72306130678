"""What who trains relies on: it goes on as if never killed, frozen layers keep still, ADA steers."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from engine.stylegan2.checkpoint import read_checkpoint, save_checkpoint, snapshot
from engine.stylegan2.draws import draw_seeds
from engine.stylegan2.losses import r1_penalty
from engine.stylegan2.pictures import sheet
from engine.stylegan2.training.choices import Augmentation, Precision
from engine.stylegan2.training.data import drawings_of
from engine.stylegan2.training.errors import WrongOptions
from engine.stylegan2.training.journal import LINES
from engine.stylegan2.training.loop import Plan, train
from engine.stylegan2.training.run import new_networks, resolution_of, set_p
from tests.engine.stylegan2.training.logs import lines_of
from tests.engine.stylegan2.training.short_runs import (
    CYCLE,
    OPTIONS,
    PLAIN,
    SIZES,
    Ending,
    Killed,
    trainer_of,
)
from tests.samples import SNAPSHOT

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_run_that_was_killed_has_the_losses_of_one_that_was_not(drawings, tmp_path):
    """State after 16 steps, killed in the 24th: from the 17th on all is taken again, to the bit."""
    plan = Plan(tmp_path / "whole", 2 * CYCLE, tick=CYCLE, snapshot=1)
    last = train(drawings, SIZES, OPTIONS, plan)

    killed = replace(plan, folder=tmp_path / "killed")
    with pytest.raises(Killed):
        train(Ending(drawings, 24 * OPTIONS.batch, Killed()), SIZES, OPTIONS, killed)
    assert len(lines_of(killed.folder)) == 1
    with (killed.folder / LINES).open("a") as log:
        log.write('{"step": 32, "kimg": 0}\n{"step": 4')  # of a tick without state; cut off by the kill
    torch.manual_seed(99)  # what the process drew before does not matter
    again = train(drawings, SIZES, OPTIONS, killed)

    assert again.name == last.name == "network-00000.256.safetensors"
    for name in ("g_ema", "d"):
        one, other = (read_checkpoint(path).networks[name].state for path in (last, again))
        assert all(one[key].equal(other[key]) for key in one)
    with Image.open(plan.folder / "samples-00000.256.png") as grid:  # of the network as it is in the file
        drawn = draw_seeds(read_checkpoint(last).generator(), range(36), 1.0)
        assert np.array_equal(np.asarray(grid), sheet(list(drawn), 6))
    lines = lines_of(plan.folder)
    assert lines_of(killed.folder) == lines
    assert [line["step"] for line in lines] == [16, 32]
    assert lines[-1]["p"] > 0
    assert lines[0]["generator loss"] != lines[1]["generator loss"]
    for folder in (plan.folder, killed.folder):
        grids = [path.name for path in sorted(folder.glob("samples-*"))]
        assert grids == ["samples-00000.128.png", "samples-00000.256.png"]


def test_a_run_that_is_lengthened_keeps_its_rhythm_of_snapshots(drawings, tmp_path):
    """It ended between two ticks; from there on there are as many states to go on from as before."""
    plan = Plan(tmp_path, CYCLE, tick=2 * CYCLE, snapshot=1)
    train(drawings, SIZES, PLAIN, plan)
    train(drawings, SIZES, PLAIN, replace(plan, kimg=3 * CYCLE))
    assert [line["step"] for line in lines_of(tmp_path)] == [16, 32, 48]
    kept = sorted(path.stem for path in tmp_path.glob("network-*"))
    assert kept == ["network-00000.128", "network-00000.256", "network-00000.384"]


@pytest.mark.parametrize(("frozen", "still"), [(4, ("from_rgb", "blocks.0")), (7, ("from_rgb", "blocks."))])
def test_frozen_layers_keep_their_bytes_and_the_others_learn(drawings, frozen, still):
    """At 16 px there are two blocks; four layers are fromRGB and the first of them."""
    trainer = trainer_of(drawings, replace(OPTIONS, freeze_d=frozen))
    before = {name: weight.clone() for name, weight in trainer.run.d.state_dict().items()}
    for _ in range(3):
        trainer.step()
    for name, weight in trainer.run.d.state_dict().items():
        assert weight.equal(before[name]) == name.startswith(still), name


def test_more_layers_to_freeze_than_there_are_is_an_error(drawings):
    with pytest.raises(WrongOptions):
        trainer_of(drawings, replace(OPTIONS, freeze_d=8))


def test_ada_moves_p_up_when_real_pictures_are_recognised_and_down_when_not(drawings, tmp_path):
    """In steps of batch * 4 / ada_kimg, never below zero."""
    move = 8 * 4 / (1000 * OPTIONS.ada_kimg)
    plan = Plan(tmp_path / "up", CYCLE, CYCLE)
    train(drawings, SIZES, replace(OPTIONS, ada_target=-1.0), plan)
    (line,) = lines_of(plan.folder)
    assert line["r_t"] > -1
    assert line["p"] == pytest.approx(4 * move)

    trainer = trainer_of(drawings, replace(OPTIONS, ada_target=0.6))
    set_p(trainer.run, 1.5 * move)
    wanted = []
    for r_t in (0.9, 0.6, 0.2, 0.2, -1.0):
        trainer.steer(r_t)
        wanted.append(trainer.run.p)
    assert wanted == pytest.approx([2.5 * move, 2.5 * move, 1.5 * move, 0.5 * move, 0.0])
    assert float(trainer.run.augment.p) == 0.0


def test_the_discriminator_sees_augmented_pictures_only_where_asked(drawings):
    """With p = 1 its loss on the same pictures is another one; without augmentation p says nothing."""
    losses = {}
    for augmentation in (Augmentation.NONE, Augmentation.FIXED):
        for p in (0.0, 1.0):
            trainer = trainer_of(drawings, replace(OPTIONS, augmentation=augmentation, fixed_p=p))
            losses[augmentation, p] = float(trainer.step()["score, real"])
    assert losses[Augmentation.NONE, 0.0] == losses[Augmentation.NONE, 1.0]
    assert losses[Augmentation.FIXED, 0.0] != losses[Augmentation.FIXED, 1.0]


def test_a_lazy_penalty_weighs_as_if_it_were_there_in_every_step(drawings):
    """R1, once in 16 steps: 16 times gamma / 2 times its mean over the batch, however many fit at once."""
    options = replace(PLAIN, mirror=False)
    trainer, before = trainer_of(drawings, options, microbatch=4), []
    adam = trainer.run.adam_d
    adam.register_step_pre_hook(lambda *_: before.append(deepcopy(trainer.run.d)))
    trainer.step()
    d = before[-1]
    real = drawings.shown(0, options.batch, options.seed, CPU)
    penalty = torch.cat([r1_penalty(d, part) for part in real.split(4)]).mean()
    wanted = torch.autograd.grad(
        16 * options.gamma / 2 * penalty, list(d.parameters()), materialize_grads=True
    )
    for weight, gradient in zip(trainer.run.d.parameters(), wanted, strict=True):
        torch.testing.assert_close(adam.state[weight]["exp_avg"], gradient)  # beta 0: the last gradient


def test_penalties_that_are_taken_rarely_weigh_as_much_in_all(drawings):
    def losses(every: int) -> list[float]:
        trainer = trainer_of(drawings, replace(OPTIONS, r1_every=every, path_every=every))
        torch.manual_seed(0)
        return [part(range(8))[0].item() for part in (trainer._r1, trainer._path)]

    assert losses(16) == pytest.approx([16 * loss for loss in losses(1)])


def test_penalties_that_are_steps_of_their_own_slow_adam_down(drawings):
    """Karras et al. 2020, appendix B, with a penalty every 4 steps and every 16."""
    run = trainer_of(drawings, OPTIONS).run
    for adam, share in ((run.adam_g, 4 / 5), (run.adam_d, 16 / 17)):
        (group,) = adam.param_groups
        assert group["lr"] == pytest.approx(0.0025 * share)
        assert group["betas"] == pytest.approx((0.0, 0.99**share))


@pytest.mark.parametrize(("rampup", "half_life"), [(None, 100), (0.05, 0.05 * 8)])
def test_the_average_follows_with_its_half_life(drawings, rampup, half_life):
    """In pictures; at the beginning of a run from nothing a twentieth of what was shown."""
    trainer = trainer_of(drawings, replace(OPTIONS, ema_rampup=rampup))
    before = {name: weight.clone() for name, weight in trainer.run.g_ema.named_parameters()}
    trainer.step()
    kept, now = 0.5 ** (8 / half_life), dict(trainer.run.g.named_parameters())
    for name, weight in trainer.run.g_ema.named_parameters():
        torch.testing.assert_close(weight, kept * before[name] + (1 - kept) * now[name].detach())


@pytest.mark.parametrize("mirror", [True, False])
def test_half_of_the_drawings_are_shown_mirrored_where_asked(drawings, mirror):
    trainer, judged = trainer_of(drawings, replace(PLAIN, mirror=mirror)), []
    trainer.run.d.register_forward_pre_hook(lambda _, given: judged.append(given[0].detach()))
    mirrored = 0
    for step in range(3):
        judged.clear()
        trainer.step()
        seen = judged[2]  # after what the generator drew for itself, and for the discriminator
        for real, shown in zip(drawings.shown(8 * step, 8, 0, CPU), seen, strict=True):
            assert shown.equal(real) or shown.equal(real.flip(2))
            mirrored += not shown.equal(real)
    assert 4 <= mirrored <= 20 if mirror else mirrored == 0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_two_styles_are_mixed_in_one_picture_where_asked(drawings, share):
    trainer, styles = trainer_of(drawings, replace(PLAIN, style_mixing=share)), []
    for part in (trainer.run.g.layers[0], trainer.run.g.to_rgb[-1]):
        part.register_forward_pre_hook(lambda _, given: styles.append(given[1]))
    trainer.step()
    assert styles[0].equal(styles[1]) == (share == 0)


def test_training_leaves_random_numbers_and_switches_of_others_alone(drawings, tmp_path):
    """Meanwhile a GPU's convolutions are exact: penalties lose too much in TF32, PyTorch's choice."""
    exact = []

    class Watched(Ending):
        def shown(self, *given):
            exact.append(not torch.backends.cudnn.allow_tf32)
            return self._drawings.shown(*given)

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    assert torch.backends.cudnn.allow_tf32
    train(Watched(drawings, 0), SIZES, PLAIN, Plan(tmp_path, CYCLE, CYCLE))
    assert set(exact) == {True}
    assert torch.backends.cudnn.allow_tf32
    assert torch.rand(3).equal(expected)


def test_half_precision_learns_nearly_the_same(drawings):
    exact, half = (
        trainer_of(drawings, OPTIONS),
        trainer_of(drawings, replace(OPTIONS, precision=Precision.BFLOAT16)),
    )
    seen = []
    half.run.d.blocks[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    a, b = exact.step(), half.step()
    for name in ("generator loss", "discriminator loss", "path length", "r1"):
        assert float(b[name]) == pytest.approx(float(a[name]), rel=0.1, abs=0.02), name
    assert {torch.bfloat16, torch.float32} == set(seen)
    assert all(weight.dtype == torch.float32 for weight in half.run.g.parameters())


@pytest.mark.parametrize("layout", ["rosinality", "nvidia"])
def test_a_base_in_a_public_layout_is_trained_further(drawn, tmp_path, layout):
    path = SNAPSHOT
    if layout == "rosinality":
        path = tmp_path / "base.pt"
        save_checkpoint(snapshot(*new_networks(SIZES, 3)), path)
    base = read_checkpoint(path)
    assert base.layout == layout
    options = replace(OPTIONS, batch=4)
    last = train(drawings_of(drawn, resolution_of(base)), base, options, Plan(tmp_path / "run", 0.064, 0.064))
    before, after = base.generator(), read_checkpoint(last).generator()
    assert after.config == before.config
    name = "layers.1.weight"
    moved = (after.state_dict()[name] - before.state_dict()[name]).abs().max()
    assert 0 < moved < 1.0, "it began at the base"


@pytest.mark.long
def test_a_short_run_from_nothing_comes_near_the_drawings(drawings, tmp_path):
    """The mean drawn picture is nearer to the drawings' mean than at the beginning, and than a grey one."""
    options = replace(PLAIN, ema_kimg=0.2)
    real = drawings.shown(0, len(drawings), 0, CPU).mean(dim=0)
    z = torch.randn(64, 16, generator=torch.Generator().manual_seed(1))

    def distance(generator):
        with torch.no_grad():
            return float((generator(z).clamp(-1, 1).mean(dim=0) - real).abs().mean())

    before = distance(new_networks(SIZES, 0)[0].eval())
    last = train(drawings, SIZES, options, Plan(tmp_path, 8.0, 1.0))
    after = distance(read_checkpoint(last).generator())
    grey = float(real.abs().mean())
    print(f"before {before:.3f}, after {after:.3f}, a grey picture {grey:.3f}")
    assert after < 0.3 * min(before, grey)
