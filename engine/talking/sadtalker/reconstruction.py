"""Face reconstruction: 257 numbers of a 3D face model from an aligned picture (Deng et al. 2019).

A ResNet-50 (v1.5: the 3 x 3 convolution strides) without its classifier, and seven heads.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = (80, 64, 80, 3, 27, 2, 1)  # identity, expression, texture, angle, light, translation x and y, z
COUNT = sum(HEADS)
LAYERS = ((1, 3, 1), (2, 4, 2), (4, 6, 2), (8, 3, 2))  # times the width, blocks, stride
WIDTH = 64  # channels of the first layer
EXPANSION = 4


class _Bottleneck(nn.Module):
    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        after = width * EXPANSION
        self.conv1 = nn.Conv2d(before, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, after, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(after)
        self.downsample: nn.Module | None = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(x)))
        inner = functional.relu(self.bn2(self.conv2(inner)))
        short = x if self.downsample is None else self.downsample(x)
        return functional.relu(self.bn3(self.conv3(inner)) + short)


class _Backbone(nn.Module):
    def __init__(self, narrow: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, narrow, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(narrow)
        before = narrow
        for number, (times, blocks, stride) in enumerate(LAYERS, start=1):
            layer, width = nn.Sequential(), narrow * times
            for n in range(blocks):
                layer.append(_Bottleneck(before, width, stride if n == 0 else 1))
                before = width * EXPANSION
            self.add_module(f"layer{number}", layer)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        for number in range(1, len(LAYERS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return x.mean(dim=(2, 3), keepdim=True)


class Reconstruction(nn.Module):
    """With the keys of `face_3drecon.`."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.backbone = _Backbone(width)
        self.final_layers = nn.ModuleList(nn.Conv2d(8 * width * EXPANSION, count, 1) for count in HEADS)

    def forward(self, aligned: Tensor) -> Tensor:
        """Coefficients (N, 257) of aligned faces (N, 3, 224, 224), RGB in [0, 1]."""
        x = self.backbone(aligned)
        return torch.cat([head(x) for head in self.final_layers], dim=1).flatten(1)
