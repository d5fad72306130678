"""What both networks are made of: layers with equalised learning rate, and resampling without aliasing.

Activations are kept with the channels last in memory: on a CPU that halves the time of a convolution.
"""

from math import sqrt

import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from torch import Tensor, nn

SLOPE = 0.2  # of leaky ReLU below zero
GAIN = sqrt(2.0)  # of a layer before leaky ReLU: keeps the variance that it takes away


def normal(*shape: int, rate: float = 1.0) -> Tensor:
    """Normal random numbers over `rate`, for weights to begin with.

    Where only shapes are wanted, on the device "meta", nothing is computed: PyTorch would import its compiler
    with SymPy for that, 890 modules in 1.2 s and 155 MB.
    """
    made = torch.empty(shape)
    return made if made.is_meta else made.normal_().div_(rate)


class EqualLinear(nn.Module):
    """A linear layer; its weights have unit variance and are scaled when used (Karras et al. 2018).

    `rate` multiplies the learning rate (0.01 in the mapping network), `gain` what comes out.
    """

    def __init__(
        self, inputs: int, outputs: int, rate: float = 1.0, bias: float = 0.0, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(normal(outputs, inputs, rate=rate))
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.gain = rate, gain

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        scale = self.rate * self.gain
        return F.linear(x, self.weight * (scale / sqrt(self.weight.shape[1])), self.bias * scale)


class EqualConv(nn.Module):
    """A convolution with equalised learning rate; with `down` it halves the sides, `gain` multiplies."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        down: bool = False,
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(normal(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.down, self.gain = down, gain

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W), or half the sides."""
        kernel = self.weight.shape[-1]
        weight = (self.weight * (self.gain / sqrt(self.weight[0].numel()))).to(x.dtype)
        bias = None if self.bias is None else (self.bias * self.gain).to(x.dtype)
        if not self.down:
            return F.conv2d(x, weight, bias, padding=kernel // 2)
        if kernel == 1:  # only every second value is used: filter and halve at once
            return F.conv2d(downsample(x), weight, bias)
        return F.conv2d(blur(x, padding=2), weight, bias, stride=2)


def leaky(x: Tensor, clamp: float | None = None) -> Tensor:
    """Leaky ReLU, whose gain the layer before has in its weights: one pass less over the activations."""
    in_place = not torch.is_grad_enabled()  # new memory would cost more than the arithmetic
    x = F.leaky_relu_(x, SLOPE) if in_place else F.leaky_relu(x, SLOPE)
    return x if clamp is None else x.clamp(-clamp, clamp)


def _filter(like: Tensor, gain: float) -> Tensor:
    """The low-pass filter [1, 3, 3, 1] each way (Karras et al. 2019), of sum `gain`: (C, 1, 4, 4).

    It is made where the maps are: a copy from the processor's memory would stop a GPU's queue every time.
    """
    taps = like.new_full((like.shape[1], 1, 4, 4), gain / 64)
    taps[:, :, 1:3].mul_(3)
    taps[:, :, :, 1:3].mul_(3)
    return taps


def blur(x: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """Low-pass filter with zeros around: sides grow by 2 * padding - 3."""
    return F.conv2d(x, _filter(x, gain), padding=padding, groups=x.shape[1])


def downsample(x: Tensor) -> Tensor:
    """Half the sides."""
    return F.conv2d(x, _filter(x, 1.0), stride=2, padding=1, groups=x.shape[1])


def upsample(x: Tensor) -> Tensor:
    """Twice the sides: zeros between the values, then the low-pass filter."""
    return F.conv_transpose2d(x, _filter(x, 4.0), stride=2, padding=1, groups=x.shape[1])


def channels_last(x: Tensor) -> Tensor:
    """The same tensor (B, C, H, W) with the channels last in memory."""
    return x.contiguous(memory_format=torch.channels_last)
