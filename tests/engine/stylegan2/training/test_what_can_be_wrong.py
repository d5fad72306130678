"""Folders, bases and options that cannot be trained with are explained."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

from dataclasses import replace

import torch
from PIL import Image
from typer.testing import CliRunner

from bot.cli.main import load
from bot.sentences import sentence
from engine.stylegan2.checkpoint import Checkpoint, read_checkpoint, save_checkpoint, snapshot
from engine.stylegan2.training import journal
from engine.stylegan2.training.choices import Augmentation, Tracker
from engine.stylegan2.training.data import drawings_of
from engine.stylegan2.training.errors import (
    AnotherRun,
    DrawingsTooSmall,
    MixedDrawings,
    NoDrawings,
    TrackerMissing,
    WrongBase,
    WrongOptions,
)
from engine.stylegan2.training.loop import Plan, train
from engine.stylegan2.training.options import Options, Sizes
from engine.stylegan2.training.run import networks_of, new_networks, resolution_of
from engine.stylegan2.training.team import Team
from tests.engine.stylegan2.small import small_discriminator, small_generator
from tests.engine.stylegan2.training.short_runs import Ending, Killed

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = Sizes(16, 64, 8, 8, 1)
OPTIONS = Options(batch=4, gamma=0.1, ema_kimg=0.1, ema_rampup=None)


def told(raised) -> str:
    """The sentence for the person, all its places filled."""
    text = sentence(raised.value.message_id, "en", **raised.value.values)
    assert "{" not in text
    return text


def test_folders_without_drawings(tmp_path):
    with pytest.raises(NoDrawings) as raised:
        drawings_of(tmp_path, None)
    assert str(tmp_path) in told(raised)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(NoDrawings):
        drawings_of(tmp_path, None)


def test_a_drawing_that_is_cut_short_is_named_before_the_run_begins(drawn, tmp_path):
    for path in sorted(drawn.glob("*.png"))[:3]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "cut.png").write_bytes(path.read_bytes()[:-200])
    with pytest.raises(NoDrawings) as raised:
        drawings_of(tmp_path, 16)
    assert str(tmp_path / "cut.png") in told(raised)
    Image.new("I;16", (32, 32), 40_000).save(tmp_path / "cut.png")  # Pillow would make it white
    with pytest.raises(NoDrawings, match="I;16"):
        drawings_of(tmp_path, 16)


def test_drawings_are_shown_upright_and_hidden_files_are_none(tmp_path):
    picture = Image.new("RGB", (16, 16), "blue")
    picture.paste("red", (0, 0, 16, 8))
    turned = Image.Exif()
    turned[0x0112] = 3  # orientation: upside down
    picture.save(tmp_path / "photo.png", exif=turned)
    for name in ("._photo.png", ".thumbnails/photo.png"):  # of another system, of a program
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"no picture")
    shown = drawings_of(tmp_path, None).shown(0, 1, 0, torch.device("cpu"))[0]
    assert shown[:, 0, 0].tolist() == [-1.0, -1.0, 1.0]


def test_sizes_that_no_network_has_are_explained(tmp_path):
    Image.new("RGB", (100, 100)).save(tmp_path / "a.png")
    for more, said in (
        ((), "--resolution 100: 16, 32, 64"),
        (("--resolution", "64", "--channel-base", "32"), "--channel-base 32"),
    ):
        words = ["--data", str(tmp_path), "--out", str(tmp_path / "run"), *more]
        done = CliRunner().invoke(load("train"), words)
        assert done.exit_code == 2
        assert said in done.output.replace("\n", " ")


def test_one_drawing_is_no_set_to_be_compared_with(tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    network = tmp_path / "network.safetensors"
    save_checkpoint(snapshot(*new_networks(SIZES, 0)), network)
    done = CliRunner().invoke(load("metrics"), [str(network), str(tmp_path), "--kid"])
    assert done.exit_code == 2
    assert "two drawings" in done.output.replace("\n", " ")


def test_the_command_says_so_and_exits_with_2(tmp_path):
    done = CliRunner().invoke(load("train"), ["--data", str(tmp_path), "--out", str(tmp_path / "run")])
    assert done.exit_code == 2
    assert "found no drawings" in done.output
    assert not (tmp_path / "run").exists()


def test_drawings_of_several_sizes_are_named(drawn, tmp_path):
    for name, size in (("a.png", (16, 16)), ("b.png", (32, 32))):
        Image.new("RGB", size).save(tmp_path / name)
    with pytest.raises(MixedDrawings) as raised:
        drawings_of(tmp_path, None)
    assert "a.png: 16 x 16; b.png: 32 x 32" in told(raised)
    (tmp_path / "a.png").unlink()
    Image.new("RGB", (32, 31)).save(tmp_path / "b.png")
    with pytest.raises(MixedDrawings):
        drawings_of(tmp_path, None)
    with pytest.raises(DrawingsTooSmall) as too_small:
        drawings_of(drawn, 64)
    assert "32 px" in told(too_small)


def test_every_drawing_is_shown_once_an_epoch_in_an_order_of_its_own(drawn):
    drawings = drawings_of(drawn, 16)
    device = torch.device("cpu")
    first, second = (drawings.shown(begin, 24, 3, device) for begin in (0, 24))
    assert first.shape == (24, 3, 16, 16)
    assert not first.equal(second)
    orders = [sorted(one.mean(dim=(1, 2, 3)).tolist()) for one in (first, second)]
    assert orders[0] == orders[1]
    assert len(set(orders[0])) == 24
    across = drawings.shown(20, 8, 3, device)
    assert across.equal(torch.cat([first[20:], second[:4]]))


def test_of_a_cleaned_set_only_what_was_kept_is_shown(tmp_path):
    for name in ("sheet-1.jpg", "squares/dropped.png", "pictures/kept.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 16) if "/" in name else (99, 50)).save(tmp_path / name)
    (tmp_path / "manifest.csv").write_text("")
    assert [path.name for path in drawings_of(tmp_path, None).paths] == ["kept.png"]


def test_what_is_transparent_is_white(tmp_path):
    Image.new("RGBA", (16, 16), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert drawings_of(tmp_path, None).shown(0, 1, 0, torch.device("cpu")).min() == 1.0


def test_a_base_needs_both_networks_of_one_size(tmp_path):
    save_checkpoint(snapshot(small_generator(0)), tmp_path / "alone.safetensors")
    with pytest.raises(WrongBase) as raised:
        resolution_of(read_checkpoint(tmp_path / "alone.safetensors"))
    assert "discriminator" in told(raised)
    g, d = snapshot(small_generator(0, 32)), snapshot(None, small_discriminator(0, 16))
    with pytest.raises(WrongBase):
        networks_of(Checkpoint("ours", {**g.networks, **d.networks}))
    assert resolution_of(snapshot(*new_networks(SIZES, 0))) == 16


def test_a_run_goes_on_only_with_what_it_began_with(drawn, tmp_path):
    drawings, plan = drawings_of(drawn, 16), Plan(tmp_path / "run", 0.064, 0.064)
    train(drawings, SIZES, OPTIONS, plan)
    with pytest.raises(AnotherRun) as raised:
        train(drawings, SIZES, replace(OPTIONS, gamma=0.2), plan)
    assert "gamma: 0.1 -> 0.2" in told(raised)
    with pytest.raises(WrongOptions):  # it shows four pictures at once, and so it stays
        train(drawings, SIZES, OPTIONS, plan, Team(0, 2))
    drawings.digest = "another"
    with pytest.raises(AnotherRun, match="--data"):
        train(drawings, SIZES, OPTIONS, plan)


def test_a_batch_must_fit_its_parts(drawn, tmp_path):
    drawings = drawings_of(drawn, 16)
    for options, microbatch, team in ((OPTIONS, 3, Team()), (OPTIONS, None, Team(0, 3))):
        with pytest.raises(WrongOptions):
            train(drawings, SIZES, options, Plan(tmp_path, 1, 1, microbatch=microbatch), team)


def test_a_tracker_that_is_not_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(journal, "find_spec", lambda name: None)
    with pytest.raises(TrackerMissing) as raised:
        journal.listener(Tracker.WANDB, tmp_path, {}, 0)
    assert "wandb" in told(raised)


def test_tensorboard_gets_every_tick_once(drawn, tmp_path):
    """The tick of step 32 is told twice: the run was killed after it, before a state was kept."""
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    drawings, options = drawings_of(drawn, 16), replace(OPTIONS, augmentation=Augmentation.NONE)
    plan = Plan(tmp_path, 0.192, 0.064, snapshot=3, trackers=(Tracker.TENSORBOARD,))
    train(drawings, SIZES, options, replace(plan, kimg=0.064))
    with pytest.raises(Killed):
        train(Ending(drawings, 40 * 4, Killed()), SIZES, options, plan)
    train(drawings, SIZES, options, plan)
    events = accumulators.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("r_t")] == [16, 32, 48]
    assert events.Images("samples")


@pytest.mark.long
def test_weights_and_biases_stays_here_without_a_key(drawn, tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="the extra train is not installed")
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    train(drawings_of(drawn, 16), SIZES, OPTIONS, Plan(tmp_path, 0.064, 0.064, trackers=(Tracker.WANDB,)))
    (run,) = (tmp_path / "wandb").glob("offline-run-*")
    assert list(run.glob("*.wandb"))
