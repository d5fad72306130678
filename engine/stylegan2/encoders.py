"""From a face to styles: the encoders pSp (Richardson et al. 2021) and e4e (Tov et al. 2021).

Both read three scales of a picture with a residual network (the IR-SE-50 of face recognition: Deng et al.
2019, Hu et al. 2018) joined by a feature pyramid (Lin et al. 2017), and turn each style's scale into a vector
by a small head. They differ in what the vectors mean: pSp's are the styles; e4e's are one style and small
differences from it. Attributes carry the names that the published checkpoints use, so those load as they are.
"""

from math import log2
from pathlib import Path
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import read_pickle
from engine.checkpoints.records import TensorRecord
from engine.checkpoints.tensors import State, state_of, tensor_of
from engine.stylegan2.checkpoint import Checkpoint, network_of
from engine.stylegan2.generator import Generator
from engine.stylegan2.layers import EqualLinear, channels_last

Kind = Literal["e4e", "psp"]
SIDE = 256  # px of the pictures that the encoders read
STYLE = 512  # length of a style
STAGES = ((3, 64, 64), (4, 64, 128), (14, 128, 256), (3, 256, 512))  # units, channels in and out
TAKEN = (6, 20, 23)  # the pyramid joins the outputs of these units: 64, 32 and 16 px
COARSE, MIDDLE = 3, 7  # styles before COARSE read 16 px, before MIDDLE 32 px, the others 64 px
_TYPES: dict[str, Kind] = {"Encoder4Editing": "e4e", "GradualStyleEncoder": "psp"}


class Squeeze(nn.Module):
    """Weighs channels by their means over the picture."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same form."""
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


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
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            Squeeze(outputs),
        )

    def settle(self) -> None:
        """Let convolutions do the work of the normalisations behind them."""
        _join(self.res_layer, 3)
        if isinstance(self.shortcut_layer, nn.Sequential):
            _join(self.shortcut_layer, 0)

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
            steps += [nn.Conv2d(STYLE, STYLE, 3, 2, 1), nn.LeakyReLU(0.01)]
        self.convs = nn.Sequential(*steps)
        self.linear = EqualLinear(STYLE, STYLE)

    def settle(self) -> None:
        """Let the last convolution be a product: of its 3x3 weights only 2x2 ever meet its 2x2 map."""
        last = cast(nn.Conv2d, self.convs[-2])
        product = nn.Linear(4 * STYLE, STYLE)
        product.weight = nn.Parameter(last.weight[:, :, 1:, 1:].flatten(1).contiguous())
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
    def settled(self) -> "Encoder":
        """The same encoder, ready to work fast and not to learn any more."""
        _join(self.input_layer, 0)
        for part in (*self.body, *self.styles):
            part.settle()
        return self.to(memory_format=torch.channels_last)

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


class Inverter(nn.Module):
    """An encoder with the generator it was trained for: a face as styles, and drawn again from them."""

    start: Tensor

    def __init__(self, encoder: Encoder, generator: Generator, start: Tensor) -> None:
        super().__init__()
        self.encoder, self.generator = encoder, generator
        self.register_buffer("start", start)  # what is added to the encoder's styles, (num_styles, 512)

    def invert(self, pictures: Tensor) -> Tensor:
        """Aligned faces (B, 3, 256, 256) in [-1, 1] -> styles W+ (B, num_styles, 512)."""
        return self.encoder(pictures) + self.start  # type: ignore[no-any-return]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The faces drawn again, (B, 3, 256, 256), and their styles."""
        styles = self.invert(pictures)
        return F.adaptive_avg_pool2d(self.generator.synthesise(styles), (SIDE, SIDE)), styles


def encoder_of(state: State, kind: Kind) -> Encoder:
    """Build an encoder from its tensors.

    Raises
    ------
    CheckpointMismatch
        when they are not those of an IR-SE-50 with a feature pyramid
    """
    heads = sum(1 for name in state if name.startswith("styles.") and name.endswith(".linear.weight"))
    first = state.get("input_layer.0.weight")
    if first is None or not heads:
        raise CheckpointMismatch("no encoder of e4e or pSp")
    with torch.device("meta"):
        made = Encoder(kind, heads, first.shape[1])
    counters = {
        name: torch.zeros((), dtype=torch.int64) for name in made.state_dict() if name.endswith("tracked")
    }
    try:
        made.load_state_dict(counters | {name: tensor.clone() for name, tensor in state.items()}, assign=True)
    except RuntimeError as error:
        raise CheckpointMismatch(str(error)[:500]) from error
    return made.eval().settled()


def read_inverter(path: Path, kind: Kind | None = None) -> Inverter:
    """Read a checkpoint of e4e or pSp: {"state_dict": {"encoder.*", "decoder.*"}, "latent_avg", "opts"}.

    Parameters
    ----------
    kind : where the file does not say which of the two it is

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    content = read_pickle(path)
    if not isinstance(content, dict) or "state_dict" not in content:
        raise CheckpointMismatch("no checkpoint of e4e or pSp: state_dict is missing")
    mean = content.get("latent_avg")
    return inverter_of(
        state_of(content["state_dict"], "state_dict"),
        tensor_of(mean) if isinstance(mean, TensorRecord) else None,
        content.get("opts"),
        kind,
    )


def inverter_of(state: State, mean: Tensor | None, opts: Any, kind: Kind | None = None) -> Inverter:
    """Build an inverter from the parts of its checkpoint; see `read_inverter`."""
    options = opts if isinstance(opts, dict) else {}
    kind = kind or _TYPES.get(str(options.get("encoder_type")))
    if kind is None:
        raise CheckpointMismatch(f"an encoder of type {options.get('encoder_type')!r}: say e4e or psp")
    parts = {
        part: {name[len(part) + 1 :]: tensor for name, tensor in state.items() if name.startswith(f"{part}.")}
        for part in ("encoder", "decoder")
    }
    encoder = encoder_of(parts["encoder"], kind)
    generator = Checkpoint("rosinality", {"g_ema": network_of(parts["decoder"], mean)}).generator()
    if generator.config.num_ws != len(encoder.styles):
        raise CheckpointMismatch(f"{len(encoder.styles)} styles for a generator of {generator.config.num_ws}")
    start = torch.zeros(len(encoder.styles), STYLE)
    if options.get("start_from_latent_avg", True):
        if mean is None:
            raise CheckpointMismatch("latent_avg is missing")
        start = start + mean.float()
    return Inverter(encoder, generator, start).eval()
