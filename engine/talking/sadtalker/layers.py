"""Layers that key points, dense motion and generator share, with the official names of their tensors."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block2d(nn.Module):
    """Convolution, batch norm, a rectifier; then half the size where it goes down.

    Parameters
    ----------
    slope : of the rectifier below 0
    """

    def __init__(self, before: int, after: int, *, down: bool = False, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm2d(after)
        self.down, self.slope = down, slope

    def forward(self, x: Tensor) -> Tensor:
        """(N, before, H, W) to (N, after, H, W), or half of H and W."""
        x = functional.leaky_relu(self.norm(self.conv(x)), self.slope)
        return functional.avg_pool2d(x, 2) if self.down else x


class Block3d(nn.Module):
    """The same in volumes; width and height are doubled before it or halved after it, depth stays.

    Parameters
    ----------
    step : 1 doubles, -1 halves, 0 leaves the size
    """

    def __init__(self, before: int, after: int, step: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(before, after, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm3d(after)
        self.step = step

    def forward(self, x: Tensor) -> Tensor:
        """(N, before, D, H, W) to (N, after, D, H', W')."""
        if self.step > 0:
            x = functional.interpolate(x, scale_factor=(1, 2, 2))
        x = functional.relu(self.norm(self.conv(x)))
        return functional.avg_pool3d(x, (1, 2, 2)) if self.step < 0 else x


class Residual3d(nn.Module):
    """Two times norm, rectifier, convolution, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, D, H, W) to the same."""
        inner = self.conv1(functional.relu(self.norm1(x)))
        return x + cast(Tensor, self.conv2(functional.relu(self.norm2(inner))))


class SpectralConv2d(nn.Module):
    """Convolution whose weight is divided by its largest singular value, as the stored vectors have it."""

    def __init__(self, before: int, after: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight_orig = nn.Parameter(torch.zeros(after, before, kernel, kernel))
        self.register_buffer("weight_u", torch.zeros(after))
        self.register_buffer("weight_v", torch.zeros(before * kernel * kernel))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None
        self.padding = kernel // 2

    def weight(self) -> Tensor:
        """The weight that is used."""
        u, v = cast(Tensor, self.weight_u), cast(Tensor, self.weight_v)
        return self.weight_orig / torch.dot(u, self.weight_orig.flatten(1) @ v)

    def forward(self, x: Tensor) -> Tensor:
        """(N, before, H, W) to (N, after, H, W)."""
        return functional.conv2d(x, self.weight(), self.bias, padding=self.padding)


def split(x: Tensor, *sizes: int) -> Tensor:
    """The channels (N, C, ...) as two dimensions or more: (N, *sizes, ...)."""
    return x.reshape(len(x), *sizes, *x.shape[2:])


def grid_3d(size: Sequence[int], like: Tensor) -> Tensor:
    """Coordinates x, y, z from -1 to 1 of a volume (D, H, W): (D, H, W, 3)."""
    z, y, x = (torch.linspace(-1, 1, n, device=like.device, dtype=like.dtype) for n in size)
    zz, yy, xx = torch.meshgrid(z, y, x, indexing="ij")
    return torch.stack([xx, yy, zz], dim=-1)


def heat(keypoints: Tensor, size: Sequence[int], variance: float = 0.01) -> Tensor:
    """A Gaussian around each key point: (N, K, 3) to (N, K, D, H, W)."""
    away = grid_3d(size, keypoints) - keypoints[:, :, None, None, None]
    return torch.exp(-0.5 * away.square().sum(dim=-1) / variance)
