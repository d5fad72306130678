"""Checkpoints survive every change of layout, and what does not fit is refused in words."""

import resource

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import torch
from safetensors import SafetensorError

from engine.checkpoints.errors import CheckpointMismatch
from engine.stylegan2.checkpoint import (
    Checkpoint,
    Network,
    network_of,
    read_checkpoint,
    save_checkpoint,
    snapshot,
)
from tests.engine.stylegan2.small import WIDTH, small_discriminator, small_generator
from tests.samples import SNAPSHOT

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize("side", [16, 64])
def test_saved_networks_draw_and_judge_the_same(tmp_path, ending, side):
    made, critic = small_generator(1, side), small_discriminator(2, side)
    path = tmp_path / f"networks{ending}"
    save_checkpoint(snapshot(made, critic), path)
    found = read_checkpoint(path)
    z = torch.randn(4, WIDTH)
    with torch.no_grad():
        picture = made(z, psi=0.5)
        assert torch.allclose(found.generator()(z, psi=0.5), picture, atol=1e-5)
        assert torch.allclose(found.discriminator()(picture), critic(picture), atol=1e-5)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_a_full_disk_keeps_the_file_that_was_there_and_no_half_one(tmp_path, ending):
    path = tmp_path / f"networks{ending}"
    save_checkpoint(snapshot(small_generator(1)), path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises((OSError, RuntimeError, SafetensorError)):
            save_checkpoint(snapshot(small_generator(2)), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_nvidias_snapshot_becomes_a_file_of_tensors_that_anyone_may_open(tmp_path):
    original = read_checkpoint(SNAPSHOT)
    save_checkpoint(original, tmp_path / "converted.pt")
    tables = torch.load(tmp_path / "converted.pt", weights_only=True)
    assert set(tables) == {"g_ema", "g", "d", "latent_avg"}
    assert all(tensor.dtype == torch.float32 for tensor in tables["g_ema"].values())
    assert "convs.0.conv.blur.kernel" in tables["g_ema"]  # the published code wants its filters
    found, z = read_checkpoint(tmp_path / "converted.pt"), torch.randn(2, 64)
    with torch.no_grad():
        for name in ("g_ema", "g"):
            ours, theirs = found.generator(name)(z), original.generator(name)(z)
            assert torch.allclose(ours, theirs, atol=1e-5), name


def test_the_snapshots_clamp_and_group_are_read_and_kept(tmp_path):
    save_checkpoint(read_checkpoint(SNAPSHOT), tmp_path / "converted.safetensors")
    networks = read_checkpoint(tmp_path / "converted.safetensors").networks
    assert networks["g_ema"].config.clamp == networks["d"].config.clamp == 256.0
    assert networks["d"].config.group == 4
    assert networks["g_ema"].config.mapping_depth == 2


def test_a_clamp_limits_every_layer():
    made, limit = small_generator(3, clamp=0.5), 0.5
    largest = []
    for part in (*made.layers, *made.to_rgb):
        part.register_forward_hook(lambda _part, _given, out: largest.append(float(out.abs().max())))
    with torch.no_grad():
        made(torch.randn(2, WIDTH))
    assert len(largest) == len(made.layers) + len(made.to_rgb)
    assert max(largest) == pytest.approx(limit)


def test_tensors_that_do_not_fit_are_named(tmp_path):
    path = tmp_path / "networks.pt"
    save_checkpoint(snapshot(small_generator(1)), path)
    tables = torch.load(path, weights_only=True)
    for change, said in (
        (lambda table: table.pop("to_rgbs.0.conv.weight"), "missing: to_rgbs.0.conv.weight"),
        (lambda table: table.update(extra=torch.ones(1)), "unknown: extra"),
        (lambda table: table.update({"style.1.weight": torch.ones(WIDTH, 5000)}), "5000"),
        (lambda table: table.update({"convs.0.conv.weight": torch.ones(1, 3, 3, 3, 3)}), "size mismatch"),
        (lambda table: table.update({"convs.0.conv.blur.kernel": torch.ones(4, 4)}), "another filter"),
    ):
        table = dict(tables["g_ema"])
        change(table)
        torch.save({"g_ema": table, "latent_avg": tables["latent_avg"]}, path)
        with pytest.raises(CheckpointMismatch, match=said):
            read_checkpoint(path).generator()
    torch.save({"weights": {}}, path)
    with pytest.raises(CheckpointMismatch):
        read_checkpoint(path)


def test_a_file_without_mean_style_gets_the_mean_of_its_own_styles(tmp_path):
    made = small_generator(5)
    save_checkpoint(snapshot(made), tmp_path / "networks.pt")
    tables = torch.load(tmp_path / "networks.pt", weights_only=True)
    found = Checkpoint("", {"g": network_of(tables["g_ema"])}).generator()
    with torch.no_grad():
        mean = made.map(torch.randn(20_000, WIDTH)).mean(dim=0)
    assert torch.linalg.vector_norm(found.w_avg - mean) < 0.1 * torch.linalg.vector_norm(mean) + 0.05


def test_a_group_that_the_layout_cannot_say_is_refused(tmp_path):
    critic = small_discriminator(1)
    other = Network(
        type(critic.config)(critic.config.resolution, critic.config.channels, 8), critic.state_dict()
    )
    with pytest.raises(CheckpointMismatch, match="compares 8"):
        save_checkpoint(Checkpoint("", {"d": other}), tmp_path / "d.pt")
