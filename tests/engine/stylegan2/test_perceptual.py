"""LPIPS is used where its files were placed, and reads them as their publishers wrote them."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import torch

from engine.checkpoints.errors import CheckpointMismatch
from engine.stylegan2.perceptual import Lpips, placed_lpips
from engine.weights import LPIPS_LINEAR, VGG16

pytestmark = pytest.mark.usefixtures("one_thread")


def test_lpips_is_read_where_it_was_placed(tmp_path, monkeypatch):
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(tmp_path))
    assert placed_lpips() is None
    torch.manual_seed(0)
    features = {f"features.{name}": value for name, value in Lpips().features.state_dict().items()}
    lines = {f"lin{k}.model.1.weight": torch.rand(1, c, 1, 1) for k, c in enumerate((64, 128, 256, 512, 512))}
    torch.save(features | {"classifier.0.bias": torch.zeros(4096)}, tmp_path / VGG16)
    torch.save({name: lines[name] for name in list(lines)[:4]}, tmp_path / LPIPS_LINEAR)
    with pytest.raises(CheckpointMismatch, match=r"weights\.4"):
        placed_lpips()
    torch.save(lines, tmp_path / LPIPS_LINEAR)
    distance = placed_lpips()
    assert distance is not None
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    near, far = picture + 0.05 * torch.randn_like(picture), torch.randn_like(picture)
    assert float(distance(picture, picture)) == 0.0
    assert 0.0 < float(distance(picture, near)) < float(distance(picture, far))
