"""The generator: a picture, its key points and where they go become the next picture.

Wang et al. 2021 (the feature volume, dense motion by key points, occlusion) with the SPADE decoder of Park et
al. 2019. `forward` does everything anew as the published program does; `features` and `render` part what
depends on the picture alone from what each frame needs.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.talking.sadtalker.layers import Block2d, Block3d, Residual3d, SpectralConv2d, grid_3d, heat, split

FAINT = 1e-3  # masks below it do not deform
SLOPE = 0.2  # of the decoder's rectifiers


@dataclass(frozen=True)
class GeneratorSize:
    """Widths of the generator; those of v0.0.2. They do not depend on the side of the picture."""

    keypoints: int = 15
    expansion: int = 64
    volume_channels: int = 32
    depth: int = 16
    residuals: int = 6
    motion_expansion: int = 32
    motion_most: int = 1024  # channels
    motion_levels: int = 5
    compressed: int = 4  # channels of the volume that dense motion looks at
    spade: int = 128  # channels inside a normalisation
    middle_blocks: int = 6


class Features(NamedTuple):
    """What a picture gives once.

    Attributes
    ----------
    volume : (N, 32, 16, side / 4, side / 4)
    compressed : (N, 4, 16, side / 4, side / 4)
    """

    volume: Tensor
    compressed: Tensor


class Warped(NamedTuple):
    """Dense motion of N frames.

    Attributes
    ----------
    mask : (N, K + 1, D, H, W): the share of each key point's motion; the first is the ground
    deformation : (N, D, H, W, 3): where each place comes from
    occlusion : (N, 1, H, W) in [0, 1]
    """

    mask: Tensor
    deformation: Tensor
    occlusion: Tensor


class _Encoder(nn.Module):
    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        pairs = pairwise(widths)
        self.down_blocks = nn.ModuleList(Block3d(before, after, -1) for before, after in pairs)


class _Decoder(nn.Module):
    def __init__(self, widths: list[int], up: list[int]) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList()
        before = widths[-1]
        for after, skipped in zip(up, reversed(widths[:-1]), strict=True):
            self.up_blocks.append(Block3d(before, after, 1))
            before = after + skipped
        self.conv = nn.Conv3d(before, before, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm3d(before)
        self.channels = before


class _Hourglass(nn.Module):
    def __init__(self, channels: int, size: GeneratorSize) -> None:
        super().__init__()
        width = [min(size.motion_most, size.motion_expansion * 2**n) for n in range(size.motion_levels + 1)]
        wide, up = width[1:], width[-2::-1]
        self.encoder = _Encoder([channels, *wide])
        self.decoder = _Decoder([channels, *wide], up)

    def forward(self, x: Tensor) -> Tensor:
        skipped = [x]
        for block in self.encoder.down_blocks:
            skipped.append(block(skipped[-1]))
        x = skipped.pop()
        for block in self.decoder.up_blocks:
            x = torch.cat([block(x), skipped.pop()], dim=1)
        return functional.relu(self.decoder.norm(self.decoder.conv(x)))


class DenseMotion(nn.Module):
    """From the motion of key points to that of every place of the volume."""

    def __init__(self, size: GeneratorSize) -> None:
        super().__init__()
        self.hourglass = _Hourglass((size.keypoints + 1) * (size.compressed + 1), size)
        channels = self.hourglass.decoder.channels
        self.mask = nn.Conv3d(channels, size.keypoints + 1, 7, padding=3)
        self.compress = nn.Conv3d(size.volume_channels, size.compressed, 1)
        self.norm: nn.Module = nn.BatchNorm3d(size.compressed)
        self.occlusion = nn.Conv2d(channels * size.depth, 1, 7, padding=3)

    def reduced(self, volume: Tensor) -> Tensor:
        """The volume with few channels."""
        return functional.relu(self.norm(self.compress(volume)))

    def forward(self, compressed: Tensor, source: Tensor, driving: Tensor) -> Warped:
        """Key points (N, K, 3) of the picture and of the frame."""
        size = compressed.shape[2:]
        grid = grid_3d(size, source)
        away = (source - driving)[:, :, None, None, None]
        still = grid.expand(len(source), 1, -1, -1, -1, -1)
        motions = torch.cat([still, grid + away], dim=1)  # (N, K + 1, D, H, W, 3)
        count = motions.shape[1]
        copies = compressed[:, None].expand(-1, count, -1, -1, -1, -1).flatten(0, 1)
        seen = functional.grid_sample(copies, motions.flatten(0, 1).to(copies.dtype), align_corners=False)
        maps = heat(driving, size) - heat(source, size)
        maps = torch.cat([torch.zeros_like(maps[:, :1]), maps], dim=1)[:, :, None]
        both = torch.cat([maps.to(seen.dtype), seen.reshape(-1, count, *seen.shape[1:])], dim=2)
        inner = self.hourglass(both.flatten(1, 2))
        mask = functional.softmax(self.mask(inner).float(), dim=1)
        shares = torch.where(mask < FAINT, 0.0, mask)
        deformation = torch.einsum("nkdhw,nkdhwc->ndhwc", shares, motions)
        occlusion = torch.sigmoid(self.occlusion(inner.flatten(1, 2)).float())
        return Warped(mask, deformation, occlusion)


class Spade(nn.Module):
    """Normalisation whose scale and shift at each place come from the warped features."""

    def __init__(self, channels: int, label: int, hidden: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(label, hidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, channels, 3, padding=1)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """(N, C, H, W), with the features (N, L, h, w) enlarged to H x W."""
        label = self.mlp_shared(functional.interpolate(label, size=x.shape[2:]))
        return cast(Tensor, functional.instance_norm(x) * (1 + self.mlp_gamma(label)) + self.mlp_beta(label))


class SpadeBlock(nn.Module):
    """Two convolutions after normalisations, added to what came in (through a third where widths differ)."""

    def __init__(self, before: int, after: int, label: int, hidden: int) -> None:
        super().__init__()
        inner = min(before, after)
        self.conv_0: nn.Module = SpectralConv2d(before, inner, 3)
        self.conv_1: nn.Module = SpectralConv2d(inner, after, 3)
        self.norm_0: nn.Module = Spade(before, label, hidden)
        self.norm_1: nn.Module = Spade(inner, label, hidden)
        self.conv_s: nn.Module | None = None
        if before != after:
            self.conv_s = SpectralConv2d(before, after, 1, bias=False)
            self.norm_s: nn.Module = Spade(before, label, hidden)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """(N, before, H, W) to (N, after, H, W)."""
        short = x if self.conv_s is None else self.conv_s(self.norm_s(x, label))
        x = self.conv_0(functional.leaky_relu(self.norm_0(x, label), SLOPE))
        x = self.conv_1(functional.leaky_relu(self.norm_1(x, label), SLOPE))
        return cast(Tensor, short + x)


class SpadeDecoder(nn.Module):
    """From warped features to a picture of four times their side."""

    def __init__(self, channels: int, last: int, size: GeneratorSize) -> None:
        super().__init__()
        wide = 2 * channels
        self.fc = nn.Conv2d(channels, wide, 3, padding=1)
        for n in range(size.middle_blocks):
            self.add_module(f"G_middle_{n}", SpadeBlock(wide, wide, channels, size.spade))
        self.up_0 = SpadeBlock(wide, channels, channels, size.spade)
        self.up_1 = SpadeBlock(channels, last, channels, size.spade)
        self.conv_img = nn.Conv2d(last, 3, 3, padding=1)
        self.middle_blocks = size.middle_blocks

    def forward(self, label: Tensor) -> Tensor:
        """(N, C, h, w) to (N, 3, 4 h, 4 w) in [0, 1]."""
        x = self.fc(label)
        for n in range(self.middle_blocks):
            x = self.get_submodule(f"G_middle_{n}")(x, label)
        x = self.up_0(functional.interpolate(x, scale_factor=2), label)
        x = self.up_1(functional.interpolate(x, scale_factor=2), label)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)).float())


class Generator(nn.Module):
    """With the keys of `generator.`; serves any side that four and two to the levels divide."""

    def __init__(self, size: GeneratorSize | None = None) -> None:
        super().__init__()
        self.size = size = size or GeneratorSize()
        width = size.expansion
        self.dense_motion_network = DenseMotion(size)
        self.first = Block2d(3, width)
        self.down_blocks = nn.ModuleList(Block2d(n * width, 2 * n * width, down=True) for n in (1, 2))
        channels = size.volume_channels * size.depth
        self.second = nn.Conv2d(4 * width, channels, 1)
        self.resblocks_3d = nn.Sequential()
        for n in range(size.residuals):
            self.resblocks_3d.add_module(f"3dr{n}", Residual3d(size.volume_channels))
        self.third = Block2d(channels, 4 * width, slope=0.01)
        self.fourth = nn.Conv2d(4 * width, 4 * width, 1)
        self.decoder: nn.Module = SpadeDecoder(4 * width, width, size)

    def features(self, picture: Tensor) -> Features:
        """What a picture (N, 3, side, side) in [0, 1] gives once."""
        x = self.first(picture)
        for block in self.down_blocks:
            x = block(x)
        volume = self.resblocks_3d(split(self.second(x), self.size.volume_channels, self.size.depth))
        return Features(volume, self.dense_motion_network.reduced(volume))

    def motion(self, features: Features, source: Tensor, driving: Tensor) -> Warped:
        """Dense motion from key points (N, K, 3) of the picture to those of the frames."""
        return cast(Warped, self.dense_motion_network(features.compressed, source, driving))

    def painted(self, features: Features, warped: Warped) -> Tensor:
        """The frames, (N, 3, side, side) in [0, 1]."""
        volume = functional.grid_sample(
            features.volume, warped.deformation.to(features.volume.dtype), align_corners=False
        )
        x = self.fourth(self.third(volume.flatten(1, 2)))
        return cast(Tensor, self.decoder(x * warped.occlusion.to(x.dtype)))

    def forward(self, picture: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Warped]:
        """Everything anew: the frames, and the dense motion."""
        features = self.features(picture)
        warped = self.motion(features, source, driving)
        return self.painted(features, warped), warped
