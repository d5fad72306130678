"""Memory that runs out, numbers that are none: a run goes on, or nothing good is lost."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

from dataclasses import replace

import torch

from engine.stylegan2.training.errors import Diverged, TooLarge
from engine.stylegan2.training.loop import Plan, train
from tests.engine.stylegan2.training.short_runs import CYCLE, OPTIONS, PLAIN, SIZES, Ending, same, trainer_of

pytestmark = pytest.mark.usefixtures("one_thread")


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


def test_out_of_memory_goes_down_to_one_picture_from_any_number(drawings):
    """Three cannot be halved, but one at once is possible."""
    trainer = trainer_of(drawings, replace(OPTIONS, batch=6), 6)

    def limited(module, inputs):
        if len(inputs[0]) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")  # as PyTorch says it of a CPU

    trainer.run.d.register_forward_pre_hook(limited)
    trainer.step()
    assert trainer.run.microbatch == 1


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


def test_weights_that_are_no_numbers_are_never_kept(drawings, tmp_path, monkeypatch):
    """The last step before a snapshot can break them; all losses were numbers until then."""
    plan = Plan(tmp_path, 2 * CYCLE, tick=CYCLE, snapshot=1)
    last = train(drawings, SIZES, PLAIN, replace(plan, kimg=CYCLE))
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("*.safetensors")}
    a_cycle, steps, step = 16 + 4 + 16 + 1, [], torch.optim.Adam.step  # generator, path, discriminator, r1

    def breaking(adam, *others):
        step(adam, *others)
        steps.append(adam)
        if len(steps) == a_cycle:
            adam.param_groups[0]["params"][0].data.fill_(float("nan"))

    monkeypatch.setattr(torch.optim.Adam, "step", breaking)
    with pytest.raises(Diverged) as raised:
        train(drawings, SIZES, PLAIN, plan)
    assert len(steps) == a_cycle
    assert raised.value.values["snapshot"] == last.name
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.safetensors")} == kept
