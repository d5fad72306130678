"""From a face to styles: the encoders pSp (Richardson et al. 2021) and e4e (Tov et al. 2021).

Both read three scales of a picture with a residual network (the IR-SE-50 of face recognition: Deng et al.
2019, Hu et al. 2018) joined by a feature pyramid (Lin et al. 2017), and turn each style's scale into a vector
by a small head. They differ in what the vectors mean: pSp's are the styles; e4e's are one style and small
differences from it. Attributes carry the names that the published checkpoints use, so those load as they are.
"""

from collections.abc import Callable
from math import log2
from typing import Literal, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engine.stylegan2.generator import Generator
from engine.stylegan2.layers import EqualLinear, channels_last
from engine.stylegan2.winograd import MANY, Winograd

Kind = Literal["e4e", "psp"]
SIDE = 256  # px of the pictures that the encoders read
STYLE = 512  # length of a style
STAGES = ((3, 64, 64), (4, 64, 128), (14, 128, 256), (3, 256, 512))  # units, channels in and out
TAKEN = (6, 20, 23)  # the pyramid joins the outputs of these units: 64, 32 and 16 px
COARSE, MIDDLE = 3, 7  # styles before COARSE read 16 px, before MIDDLE 32 px, the others 64 px


class Squeeze(nn.Module):
    """Weighs channels by their means over the picture."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same form."""
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


class Conv(nn.Conv2d):
    """A convolution whose weights may be kept in half precision: they are widened where they are used."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return F.conv2d(x, self.weight.to(x.dtype), self.bias, self.stride, self.padding)


class Product(nn.Linear):
    """A product whose weights may be kept in half precision."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        return F.linear(x, self.weight.to(x.dtype), self.bias)


class Unit(nn.Module):
    """Residual unit of IR-SE; its first in a stage halves the sides."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        elif stride > 1:
            self.shortcut_layer = nn.MaxPool2d(1, stride)  # takes every second value
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs),
            Conv(inputs, outputs, 3, 1, 1, bias=False),
            nn.PReLU(outputs),
            Conv(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            Squeeze(outputs),
        )

    def settle(self, slim: bool) -> None:
        """Let convolutions do the work of the normalisations behind them; in fewer products unless `slim`."""
        _join(self.res_layer, 3)
        if isinstance(self.shortcut_layer, nn.Sequential):
            _join(self.shortcut_layer, 0)
        for number in () if slim else (1, 3):
            conv = cast(nn.Conv2d, self.res_layer[number])
            if conv.in_channels >= MANY and conv.stride == (1, 1):
                self.res_layer[number] = Winograd(conv)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return self.res_layer(x) + self.shortcut_layer(x)  # type: ignore[no-any-return]


def _join(layers: nn.Sequential, number: int) -> None:
    layers[number] = fuse_conv_bn_eval(
        cast(nn.Conv2d, layers[number]), cast(nn.BatchNorm2d, layers[number + 1])
    )
    layers[number + 1] = nn.Identity()


class Head(nn.Module):
    """One style from a map of `side` px: halved until one value a channel is left."""

    def __init__(self, side: int) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        for _ in range(int(log2(side))):
            steps += [Conv(STYLE, STYLE, 3, 2, 1), nn.LeakyReLU(0.01)]
        self.convs = nn.Sequential(*steps)
        self.linear = EqualLinear(STYLE, STYLE)

    def settle(self) -> None:
        """Let the last convolution be a product: of its 3x3 weights only 2x2 ever meet its 2x2 map."""
        last = cast(nn.Conv2d, self.convs[-2])
        with torch.device("meta"):
            product = Product(4 * STYLE, STYLE)
        product.weight = nn.Parameter(last.weight[:, :, 1:, 1:].flatten(1))
        product.bias = cast(nn.Parameter, last.bias)
        self.convs = nn.Sequential(*self.convs[:-2], nn.Flatten(), product, self.convs[-1])

    def forward(self, x: Tensor) -> Tensor:
        """(B, 512, side, side) -> (B, 512)."""
        return self.linear(self.convs(x).flatten(1))  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """A face as styles, before the mean style is added.

    Parameters
    ----------
    kind : how the heads' vectors become styles
    num_styles : 14 for a generator of 256 px, 18 for 1024
    inputs : channels of the picture; 3, other for sketches and label maps
    """

    def __init__(self, kind: Kind, num_styles: int, inputs: int = 3) -> None:
        super().__init__()
        self.kind = kind
        self.input_layer = nn.Sequential(
            nn.Conv2d(inputs, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        units = [
            Unit(before if k == 0 else after, after, 2 if k == 0 else 1)
            for count, before, after in STAGES
            for k in range(count)
        ]
        self.body = nn.Sequential(*units)
        sides = (16 if i < COARSE else 32 if i < MIDDLE else 64 for i in range(num_styles))
        self.styles = nn.ModuleList(Head(side) for side in sides)
        self.latlayer1 = nn.Conv2d(256, STYLE, 1)
        self.latlayer2 = nn.Conv2d(128, STYLE, 1)

    @torch.no_grad()
    def settled(self, slim: bool = False, done: Callable[[nn.Module], None] = lambda part: None) -> "Encoder":
        """The same encoder, ready to work fast and not to learn any more.

        Parameters
        ----------
        slim : without the larger weights that are fastest
        done : called with every part as soon as it is ready
        """
        _join(self.input_layer, 0)
        done(self.input_layer)
        for unit in self.body:
            cast(Unit, unit).settle(slim)
            done(unit)
        for head in self.styles:
            cast(Head, head).settle()
            done(head)
        done(self.latlayer1)
        done(self.latlayer2)
        return self.to(memory_format=torch.channels_last).requires_grad_(False)

    def pyramid(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (B, 512, S, S) with S = 16, 32 and 64, each with what the coarser ones know."""
        x = self.input_layer(channels_last(pictures))
        taken = []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in TAKEN:
                taken.append(x)
        fine, middle, coarse = taken
        middle = _enlarged(coarse) + self.latlayer1(middle)
        return coarse, middle, _enlarged(middle) + self.latlayer2(fine)

    def forward(self, pictures: Tensor, stage: int | None = None) -> Tensor:
        """Pictures (B, inputs, 256, 256) in [-1, 1] -> (B, num_styles, 512).

        Parameters
        ----------
        stage : of e4e's training: differences of styles after this one are left out; None is all of them
        """
        coarse, middle, fine = self.pyramid(pictures)
        last = len(self.styles) - 1 if stage is None else min(stage, len(self.styles) - 1)
        vectors = [
            head(coarse if i < COARSE else middle if i < MIDDLE else fine)
            for i, head in enumerate(self.styles)
            if i <= last or self.kind == "psp"
        ]
        if self.kind == "psp":
            return torch.stack(vectors, dim=1)
        differences = [torch.zeros_like(vectors[0]), *vectors[1:]]
        differences += [differences[0]] * (len(self.styles) - len(differences))
        styles: Tensor = vectors[0][:, None] + torch.stack(differences, dim=1)
        return styles


def _enlarged(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class StyleEncoder(nn.Module):
    """An encoder without the generator of its checkpoint: a face as styles."""

    start: Tensor

    def __init__(self, encoder: Encoder, start: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("start", start)  # what is added to the encoder's styles, (num_styles, 512)

    def styles(self, pictures: Tensor) -> Tensor:
        """Aligned faces (B, 3, 256, 256) in [-1, 1] -> styles W+ (B, num_styles, 512)."""
        return self.encoder(pictures) + self.start  # type: ignore[no-any-return]


class Inverter(nn.Module):
    """An encoder with the generator it was trained for: a face as styles, and drawn again from them."""

    def __init__(self, encoder: StyleEncoder, generator: Generator) -> None:
        super().__init__()
        self.encoder, self.generator = encoder, generator

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Aligned faces (B, 3, 256, 256) drawn again in that form, and their styles."""
        styles = self.encoder.styles(pictures)
        return F.adaptive_avg_pool2d(self.generator.synthesise(styles), (SIDE, SIDE)), styles
