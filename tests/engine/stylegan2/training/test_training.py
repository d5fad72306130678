"""What who trains relies on: it goes on as if never killed, frozen layers keep still, ADA steers."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from engine.stylegan2.checkpoint import read_checkpoint, save_checkpoint, snapshot
from engine.stylegan2.draws import draw_seeds
from engine.stylegan2.pictures import sheet
from engine.stylegan2.training.choices import Augmentation, Precision
from engine.stylegan2.training.data import drawings_of
from engine.stylegan2.training.errors import Diverged, TooLarge, WrongOptions
from engine.stylegan2.training.journal import LINES, read_lines
from engine.stylegan2.training.loop import Plan, train
from engine.stylegan2.training.options import Options, Sizes
from engine.stylegan2.training.run import new_networks, new_run, resolution_of, set_p
from engine.stylegan2.training.step import Trainer
from tests.engine.stylegan2.small import SNAPSHOT

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = Sizes(16, 128, 16, 16, 2)
OPTIONS = Options(batch=8, gamma=0.1, ema_kimg=0.1, ema_rampup=0.05, ada_kimg=0.5)
CYCLE = 0.128  # kimg: 16 steps, all penalties once


@pytest.fixture(scope="session")
def drawings(drawn):
    return drawings_of(drawn, SIZES.resolution)


def trainer_of(drawings, options, microbatch=8, seed=0) -> Trainer:
    return Trainer(new_run(*new_networks(SIZES, seed), options, microbatch), drawings)


def same(a, b) -> bool:
    return all(x.equal(y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def lines_of(folder):
    """The log without what a clock says."""
    return [
        {name: value for name, value in line.items() if name != "seconds per kimg"}
        for line in read_lines(folder / LINES)
    ]


class Killed(Exception):
    """Stands for a process that ends in the middle."""


class Ending:
    """Drawings that end the process, or are no numbers, from the given one on."""

    def __init__(self, drawings, begin, end=None):
        self.digest, self._drawings, self._begin, self._end = drawings.digest, drawings, begin, end

    def __len__(self):
        return len(self._drawings)

    def shown(self, begin, *others):
        if begin < self._begin:
            return self._drawings.shown(begin, *others)
        if self._end is not None:
            raise self._end
        return self._drawings.shown(begin, *others) * float("nan")


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


def test_training_leaves_the_random_numbers_of_others_alone(drawings, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(drawings, SIZES, OPTIONS, Plan(tmp_path, CYCLE, CYCLE))
    assert torch.rand(3).equal(expected)


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


def test_out_of_memory_halves_the_batch_and_goes_on_by_accumulation(drawings):
    """The numbers are those of a run that took so few pictures at once from its beginning."""
    crowded, roomy = trainer_of(drawings, OPTIONS, 8), trainer_of(drawings, OPTIONS, 2)

    def limited(module, inputs):
        if len(inputs[0]) > 2:
            raise torch.OutOfMemoryError("no room")

    crowded.run.d.register_forward_pre_hook(limited)
    for _ in range(2):
        few, many = crowded.step(), roomy.step()
        assert few.keys() == many.keys()
        assert all(few[name].equal(many[name]) for name in few)
    assert crowded.run.microbatch == 2
    assert same(crowded.run.g, roomy.run.g)
    assert same(crowded.run.d, roomy.run.d)


def test_where_not_one_picture_fits_it_says_so(drawings):
    trainer = trainer_of(drawings, OPTIONS)

    def full(module, inputs):
        raise torch.OutOfMemoryError("no room")

    trainer.run.d.register_forward_pre_hook(full)
    with pytest.raises(TooLarge):
        trainer.step()


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_last_snapshot(drawings, tmp_path):
    plan = Plan(tmp_path, 2 * CYCLE, tick=CYCLE, snapshot=1)
    last = train(drawings, SIZES, OPTIONS, replace(plan, kimg=CYCLE))
    before = (tmp_path / "state.safetensors").read_bytes()
    with pytest.raises(Diverged) as raised:
        train(Ending(drawings, 17 * OPTIONS.batch), SIZES, OPTIONS, plan)
    assert raised.value.values["snapshot"] == last.name
    assert (tmp_path / "state.safetensors").read_bytes() == before


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
    options = replace(OPTIONS, augmentation=Augmentation.NONE, ema_kimg=0.2)
    real = drawings.shown(0, len(drawings), 0, torch.device("cpu")).mean(dim=0)
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
