"""The discriminator: how real a picture looks. Residual blocks (Karras et al. 2020, figure 7c)."""

from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn

from engine.stylegan2.config import SMALLEST, DiscriminatorConfig
from engine.stylegan2.layers import GAIN, EqualConv, EqualLinear, channels_last, leaky

EPSILON = 1e-8


class Block(nn.Module):
    """Two convolutions beside a 1x1 one, added over sqrt(2) (which is in the weights); halves the sides."""

    def __init__(self, inputs: int, outputs: int, clamp: float | None) -> None:
        super().__init__()
        half = 1 / sqrt(2.0)
        self.first = EqualConv(inputs, inputs, 3, gain=GAIN)
        self.second = EqualConv(inputs, outputs, 3, down=True, gain=GAIN * half)
        self.skip = EqualConv(inputs, outputs, 1, down=True, bias=False, gain=half)
        self.clamp, self.clamp_of_half = clamp, None if clamp is None else clamp * half

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2)."""
        path = leaky(self.second(leaky(self.first(x), self.clamp)), self.clamp_of_half)
        joined: Tensor = path + self.skip(x)
        return joined


def with_deviation(x: Tensor, group: int) -> Tensor:
    """Add a channel that says how much pictures of a batch differ (Karras et al. 2018, section 3).

    Parameters
    ----------
    x : (B, C, H, W)
    group : so many pictures are compared; picture b belongs to group b modulo (B / group). Where a batch is
        not a multiple of it, the next smaller number that divides the batch
    """
    batch, channels, height, width = x.shape
    group = next(size for size in range(min(group, batch), 0, -1) if batch % size == 0)
    grouped = x.float().reshape(group, batch // group, channels, height, width)
    spread = torch.sqrt(grouped.var(dim=0, unbiased=False) + EPSILON).mean(dim=(1, 2, 3))
    return torch.cat(
        [x, spread.to(x.dtype).repeat(group)[:, None, None, None].expand(-1, 1, height, width)], 1
    )


class Discriminator(nn.Module):
    """Gives a picture a score: the higher, the more real.

    Attributes
    ----------
    blocks : from the picture's resolution down to 8 px
    precision : type of the activations down to the last block; weights and scores stay float32
    """

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        self.precision = torch.float32
        widths = config.channels[::-1]
        self.from_rgb = EqualConv(3, widths[0], 1, gain=GAIN)
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, config.clamp) for inputs, outputs in pairwise(widths)
        )
        self.last = EqualConv(widths[-1] + 1, widths[-1], 3, gain=GAIN)
        self.hidden = EqualLinear(widths[-1] * SMALLEST**2, widths[-1], gain=GAIN)
        self.score = EqualLinear(widths[-1], 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, resolution, resolution) in [-1, 1] -> scores (B, 1)."""
        x = channels_last(pictures.to(self.precision))
        x = leaky(self.from_rgb(x), self.config.clamp)
        for block in self.blocks:
            x = block(x)
        x = leaky(self.last(with_deviation(x.float(), self.config.group)), self.config.clamp)
        return self.score(leaky(self.hidden(x.flatten(1))))  # type: ignore[no-any-return]
