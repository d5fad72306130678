"""How different two pictures look: LPIPS (Zhang et al. 2018), or pixels and edges without its weights."""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import read_pickle
from engine.checkpoints.tensors import state_of
from engine.weights import LPIPS_LINEAR, VGG16, WeightsMissing, locate

Distance = Callable[[Tensor, Tensor], Tensor]
"""Pictures (B, 3, H, W) and (B, 3, H, W) in [-1, 1] -> () the mean of their distances."""

# VGG-16 (Simonyan and Zisserman 2015): channels of its convolutions, "pool" between the five blocks
_VGG16 = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512)
# LPIPS' normalisation of ImageNet, for pictures in [-1, 1]
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
EDGE_WEIGHT = 2.0  # against the pixels' part, so that lines count on flat drawings
SCALES = 4  # how often the picture is halved for the distance without weights


class Lpips(nn.Module):
    """Distance of the features that VGG-16 sees, weighed as people see differences."""

    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        before = 3
        for item in _VGG16:
            if isinstance(item, int):
                steps += [nn.Conv2d(before, item, 3, padding=1), nn.ReLU()]
                before = item
            else:
                steps.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*steps)
        self.weights = nn.ParameterList(torch.ones(1, c, 1, 1) for c in (64, 128, 256, 512, 512))
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None])
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Mean distance, ()."""
        return self.of_each(a, b).mean()

    def of_each(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance of each pair, (B,)."""
        found = [
            (weight * (x - y).square()).sum(dim=1).mean(dim=(1, 2))
            for weight, x, y in zip(self.weights, self._seen(a), self._seen(b), strict=True)
        ]
        return torch.stack(found).sum(dim=0)

    def _seen(self, pictures: Tensor) -> list[Tensor]:
        """Features at the end of each block, each place of length 1."""
        x, seen = (pictures - self.shift) / self.scale, []
        for step in self.features:
            if isinstance(step, nn.MaxPool2d):
                seen.append(x)
            x = step(x)
        seen.append(x)
        return [x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10) for x in seen]


def read_lpips(vgg16: Path, linear: Path) -> Lpips:
    """Read LPIPS from torchvision's VGG-16 and the linear weights of the package lpips.

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    made = Lpips()
    features = state_of(read_pickle(vgg16), vgg16.name)
    lines = state_of(read_pickle(linear), linear.name)
    own = {name: tensor.clone() for name, tensor in features.items() if name.startswith("features.")}
    own |= {
        f"weights.{k}": lines[f"lin{k}.model.1.weight"].clone()
        for k in range(5)
        if f"lin{k}.model.1.weight" in lines
    }
    try:
        made.load_state_dict(own | {"shift": made.shift, "scale": made.scale})
    except RuntimeError as error:
        raise CheckpointMismatch(str(error)[:500]) from error
    return made.eval().requires_grad_(False)


def placed_lpips() -> Lpips | None:
    """LPIPS from the folder of weights; None where its files were not placed there.

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
        when they are there and are others than they should be
    """
    try:
        return read_lpips(locate(VGG16), locate(LPIPS_LINEAR))
    except WeightsMissing:
        return None


def pixels_and_edges(a: Tensor, b: Tensor) -> Tensor:
    """Absolute differences of colours and of their slopes, at several sizes."""
    total = a.new_zeros(())
    for _ in range(SCALES):
        total = total + F.l1_loss(a, b)
        for axis in (2, 3):
            total = total + EDGE_WEIGHT * F.l1_loss(a.diff(dim=axis), b.diff(dim=axis))
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return total / SCALES
