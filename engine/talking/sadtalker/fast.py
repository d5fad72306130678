"""The generator made ready to draw many frames: the same numbers with fewer operations.

Batch norms disappear into the convolutions before them, spectral norms are divided out once, and the
decoder's normalisations share what they have in common (`_FastBlock`). Checked against the plain generator
within 1e-4.

In bfloat16 only the decoder's 3 x 3 convolutions are computed, 98 % of its work. Coordinates, masks,
normalisations, sums, the label and the last layer stay float32: what costs precision is that a value is
rounded again and again on its way.
"""

from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engine.talking.sadtalker.generator import (
    SLOPE,
    DenseMotion,
    Features,
    Generator,
    Spade,
    SpadeBlock,
    SpadeDecoder,
    Warped,
)
from engine.talking.sadtalker.layers import Block2d, Block3d, Residual3d, SpectralConv2d

_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}  # by dimensions


def _fused(conv: nn.Module, norm: nn.Module) -> nn.Module:
    return fuse_conv_bn_eval(conv, cast(nn.BatchNorm2d, norm))  # type: ignore[type-var]


def _plain(conv: SpectralConv2d) -> nn.Conv2d:
    weight = conv.weight().detach()
    made = nn.Conv2d(
        weight.shape[1], weight.shape[0], weight.shape[2], padding=conv.padding, bias=conv.bias is not None
    )
    made.weight = nn.Parameter(weight, requires_grad=False)
    made.bias = conv.bias
    return made


def _side_by_side(convs: list[nn.Conv2d]) -> nn.Conv2d:
    """One convolution with the outputs of several."""
    made = nn.Conv2d(convs[0].in_channels, sum(conv.out_channels for conv in convs), 3, padding=1)
    made.weight = nn.Parameter(torch.cat([conv.weight for conv in convs]), requires_grad=False)
    made.bias = nn.Parameter(torch.cat([cast(Tensor, conv.bias) for conv in convs]), requires_grad=False)
    return made


def _in_its_numbers(conv: nn.Module, x: Tensor) -> Tensor:
    """Convolve in the numbers of the weights."""
    return cast(Tensor, conv(x.to(cast(Tensor, conv.weight).dtype)))


class _FastBlock(nn.Module):
    """A SPADE block: one convolution of the label for all its normalisations, one more for each."""

    def __init__(self, block: SpadeBlock) -> None:
        super().__init__()
        norms = [cast(Spade, block.norm_0), cast(Spade, block.norm_1)]
        self.conv_s: nn.Module | None = None
        if block.conv_s is not None:
            norms.append(cast(Spade, block.norm_s))
            self.conv_s = _plain(cast(SpectralConv2d, block.conv_s))
        self.conv_0 = _plain(cast(SpectralConv2d, block.conv_0))
        self.conv_1 = _plain(cast(SpectralConv2d, block.conv_1))
        self.shared = _side_by_side([cast(nn.Conv2d, norm.mlp_shared[0]) for norm in norms])
        self.scale_shift = nn.ModuleList(_side_by_side([norm.mlp_gamma, norm.mlp_beta]) for norm in norms)

    def forward(self, x: Tensor, label: Tensor, factor: int) -> Tensor:
        """`factor`: how much larger the block's pictures are than the label; x comes at half of that."""
        if factor > 1:
            label = functional.interpolate(label, scale_factor=factor)
        shared = functional.relu(_in_its_numbers(self.shared, label), inplace=True)
        parts = shared.chunk(len(self.scale_shift), dim=1)

        def normalised(normal: Tensor, which: int) -> Tensor:
            scale, shift = self.scale_shift[which](parts[which]).float().chunk(2, dim=1)
            return torch.addcmul(shift, normal, scale.add_(1))

        def lifted(x: Tensor) -> Tensor:
            return functional.leaky_relu(x, SLOPE, inplace=True)

        normal = functional.instance_norm(x)
        if factor > 1:
            x, normal = (functional.interpolate(each, scale_factor=2) for each in (x, normal))
        short = x if self.conv_s is None else self.conv_s(normalised(normal, 2))
        inner = _in_its_numbers(self.conv_0, lifted(normalised(normal, 0))).float()
        inner = _in_its_numbers(self.conv_1, lifted(normalised(functional.instance_norm(inner), 1)))
        return cast(Tensor, short + inner)

    def narrowed(self, numbers: torch.dtype) -> None:
        """Compute the convolutions that are most of the work in other numbers."""
        for conv in (self.shared, self.scale_shift, self.conv_0, self.conv_1):
            conv.to(numbers)


class _FastDecoder(nn.Module):
    def __init__(self, decoder: SpadeDecoder) -> None:
        super().__init__()
        self.fc, self.conv_img = decoder.fc, decoder.conv_img
        middle = [decoder.get_submodule(f"G_middle_{n}") for n in range(decoder.middle_blocks)]
        self.middle = nn.ModuleList(_FastBlock(cast(SpadeBlock, block)) for block in middle)
        self.up_0, self.up_1 = _FastBlock(decoder.up_0), _FastBlock(decoder.up_1)

    def forward(self, label: Tensor) -> Tensor:
        x = self.fc(label)
        for block in self.middle:
            x = block(x, label, 1)
        x = self.up_1(self.up_0(x, label, 2), label, 4)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)))

    def narrowed(self, numbers: torch.dtype) -> None:
        for block in (*self.middle, self.up_0, self.up_1):
            cast(_FastBlock, block).narrowed(numbers)


def _fuse_norms(module: nn.Module) -> None:
    for block in module.modules():
        if isinstance(block, Block2d | Block3d):
            block.conv, block.norm = _fused(block.conv, block.norm), nn.Identity()  # type: ignore[assignment]
        elif isinstance(block, Residual3d):
            block.conv1, block.norm2 = _fused(block.conv1, block.norm2), nn.Identity()  # type: ignore[assignment]
        elif isinstance(block, DenseMotion):
            block.compress, block.norm = _fused(block.compress, block.norm), nn.Identity()  # type: ignore[assignment]
            decoder = block.hourglass.decoder
            decoder.conv, decoder.norm = _fused(decoder.conv, decoder.norm), nn.Identity()  # type: ignore[assignment]


class FastGenerator:
    """A generator that draws frames in batches.

    Parameters
    ----------
    device, precision : where, and in which numbers the decoder convolves; all else stays float32
    """

    def __init__(
        self,
        generator: Generator,
        device: torch.device | str = "cpu",
        precision: torch.dtype = torch.float32,
    ) -> None:
        made = deepcopy(generator).eval().requires_grad_(False)
        _fuse_norms(made)
        made.decoder = decoder = _FastDecoder(cast(SpadeDecoder, made.decoder))
        decoder.narrowed(precision)
        self._generator = made.to(device=device)
        for parameter in self._generator.parameters():  # libraries are faster when channels lie together
            if parameter.ndim in _LAST:
                parameter.data = parameter.data.to(memory_format=_LAST[parameter.ndim])
        self._device = torch.device(device)

    @torch.inference_mode()
    def features(self, picture: Tensor) -> Features:
        """What a picture (N, 3, side, side) in [0, 1] gives once."""
        return self._generator.features(picture.to(self._device))

    @torch.inference_mode()
    def render(self, features: Features, source: Tensor, driving: Tensor) -> tuple[Tensor, Warped]:
        """Frames (N, 3, side, side) of N sets of key points (N, K, 3), each with its picture's features."""
        source, driving = source.to(self._device), driving.to(self._device)
        warped = self._generator.motion(features, source, driving)
        return self._generator.painted(features, warped), warped
