"""The generator: a random vector becomes a style, styles modulate convolutions, convolutions draw.

Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN": weight demodulation (section 2.2)
and skip connections to RGB (section 4.1, figure 7b).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log2, sqrt
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from engine.stylegan2.config import SMALLEST, GeneratorConfig, resolutions_up_to
from engine.stylegan2.layers import GAIN, EqualLinear, blur, channels_last, leaky, normal, upsample

MAPPING_RATE = 0.01  # of the learning rate, in the mapping network
EPSILON = 1e-8
TOGETHER = 32  # px, the widest maps that a CPU draws of several pictures at once; wider ones leave its cache
W_AVG_DECAY = 0.995  # of the running mean of w in training

Noise = Literal["const", "random", "none"]
"""Where the noise comes from: the stored maps (the same picture each time), new draws, nowhere."""


class Modulated(nn.Module):
    """A convolution whose input channels are scaled by a style.

    Scaling the weights, as the paper writes it, or the input before and the output after the convolution
    gives the same numbers; the second way needs only one convolution for pictures with different styles.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, w_dim: int, up: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(normal(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.modulation = EqualLinear(w_dim, inputs, bias=1.0)
        self.up = up
        self._squares: tuple[Tensor, int, Tensor] | None = None  # weight, its version, its squares

    def convolve(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, inputs, H, W), (B, inputs) -> (B, outputs, H, W) or twice the sides, without bias."""
        scale = _per_channel(style, x)
        weight = self.weight.to(x.dtype)
        if len(x) == 1 and weight.numel() < x.numel():  # the fewer numbers are scaled
            weight = weight * scale
        else:
            x = x * scale
        if self.up:
            return blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), padding=1, gain=4.0)
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2)

    def style(self, w: Tensor) -> Tensor:
        """Style w (B, w_dim) -> how much each input channel counts, (B, inputs)."""
        return self.modulation(w) / sqrt(self.weight[0].numel())  # type: ignore[no-any-return]

    def demodulation(self, style: Tensor) -> Tensor:
        """What brings each output channel back to variance 1, (B, outputs)."""
        return torch.rsqrt(style.square() @ self.squares().T + EPSILON)

    def squares(self) -> Tensor:
        """Sum of the squared weights of each pair of channels, (outputs, inputs).

        A network that does not learn keeps them: for one wide picture they are a twelfth of the work.
        """
        if torch.is_grad_enabled() or self.weight.is_inference():
            return self.weight.square().sum(dim=(2, 3))
        kept = self._squares
        if kept is None or kept[0] is not self.weight or kept[1] != self.weight._version:
            kept = (self.weight, self.weight._version, self.weight.square().sum(dim=(2, 3)))
            self._squares = kept
        return kept[2]


def _per_channel(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like.dtype)[:, :, None, None]


def _scaled(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """x * scale + shift; without gradients in the memory of `x`, for new memory costs more than that."""
    if torch.is_grad_enabled():
        return torch.addcmul(shift, x, scale)
    return torch.addcmul(shift, x, scale, out=x)


def _added(x: Tensor, shift: Tensor) -> Tensor:
    return x + shift if torch.is_grad_enabled() else x.add_(shift)


class StyledLayer(Modulated):
    """Modulated 3x3 convolution, then noise, bias and leaky ReLU."""

    noise: Tensor

    def __init__(self, inputs: int, outputs: int, side: int, w_dim: int, up: bool) -> None:
        super().__init__(inputs, outputs, 3, w_dim, up)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", normal(side, side))

    def forward(self, x: Tensor, w: Tensor, noise: Noise, clamp: float | None) -> Tensor:
        """(B, inputs, H, W), (B, w_dim) -> (B, outputs, side, side)."""
        style = self.style(w)
        x = self.convolve(x, style)
        scale = _per_channel(self.demodulation(style) * GAIN, x)
        x = _scaled(x, scale, (self.bias * GAIN).to(x.dtype)[:, None, None])
        if noise != "none":
            maps = self.noise if noise == "const" else torch.randn_like(x[:, :1], dtype=torch.float32)
            x = _added(x, (maps * (self.noise_strength * GAIN)).to(x.dtype))
        return leaky(x, clamp)


class ToRgb(Modulated):
    """Modulated 1x1 convolution to colours, without demodulation."""

    def __init__(self, inputs: int, w_dim: int) -> None:
        super().__init__(inputs, 3, 1, w_dim)

    def forward(self, x: Tensor, w: Tensor, clamp: float | None) -> Tensor:
        """(B, inputs, H, W), (B, w_dim) -> (B, 3, H, W) float32."""
        colours = self.convolve(x, self.style(w)).float() + self.bias[:, None, None]
        return colours if clamp is None else colours.clamp(-clamp, clamp)


class Generator(nn.Module):
    """Mapping network and synthesis network.

    Attributes
    ----------
    config : sizes
    w_avg : buffer (w_dim,), the mean style; truncation pulls towards it
    precision : type of the synthesis' activations; weights and colours stay float32
    """

    w_avg: Tensor
    constant: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.precision = torch.float32
        widths = (config.z_dim, *[config.w_dim] * config.mapping_depth)
        self.mapping = nn.ModuleList(
            EqualLinear(inputs, outputs, MAPPING_RATE, gain=GAIN) for inputs, outputs in pairwise(widths)
        )
        self.register_buffer("w_avg", torch.zeros(config.w_dim))
        self.constant = nn.Parameter(normal(config.channels[0], SMALLEST, SMALLEST))
        layers, to_rgb, before = [], [], config.channels[0]
        for side, channels in zip(resolutions_up_to(config.resolution), config.channels, strict=True):
            if side > SMALLEST:
                layers.append(StyledLayer(before, channels, side, config.w_dim, up=True))
            layers.append(StyledLayer(channels, channels, side, config.w_dim, up=False))
            to_rgb.append(ToRgb(channels, config.w_dim))
            before = channels
        self.layers, self.to_rgb = nn.ModuleList(layers), nn.ModuleList(to_rgb)

    def arranged(self) -> "Generator":
        """The same network with its weights as convolutions on a CPU read them fastest."""
        for part in self.modules():
            if isinstance(part, Modulated):
                axes = (0, 1) if part.up else (0, 0)  # transposed convolutions read them the other way round
                weight = part.weight.detach().transpose(*axes).clone(memory_format=torch.channels_last)
                weight = weight.transpose(*axes)
                part.weight = nn.Parameter(weight, part.weight.requires_grad)
        return self

    def map(self, z: Tensor) -> Tensor:
        """Random vectors (B, z_dim) -> styles w (B, w_dim)."""
        w = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + EPSILON)
        for layer in self.mapping:
            w = leaky(layer(w))
        return w

    def styles(self, w: Tensor, psi: float = 1.0, cutoff: int | None = None) -> Tensor:
        """One style for all layers: w (B, w_dim) -> W+ (B, num_ws, w_dim), truncated with strength `psi`.

        Parameters
        ----------
        psi : 1 is as drawn, 0 is the mean picture
        cutoff : truncate only so many styles, the coarse ones
        """
        return self.truncated(w[:, None].repeat(1, self.config.num_ws, 1), psi, cutoff)

    def truncated(self, styles: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """Pull styles (B, num_ws, w_dim) towards the mean style."""
        if psi == 1.0:
            return styles
        pulled = torch.lerp(self.w_avg.expand_as(styles[:, :cutoff]), styles[:, :cutoff], psi)
        return torch.cat([pulled, styles[:, pulled.shape[1] :]], dim=1)

    def synthesise(self, styles: Tensor, noise: Noise = "const") -> Tensor:
        """W+ (B, num_ws, w_dim) -> pictures (B, 3, resolution, resolution), nominally in [-1, 1]."""
        clamp = self.config.clamp
        constant = self.constant.to(self.precision)
        x = channels_last(constant.expand(len(styles), -1, -1, -1))
        x = self.layers[0](x, styles[:, 0], noise, clamp)
        picture: Tensor = self.to_rgb[0](x, styles[:, 1], clamp)
        coarse = len(self.to_rgb)
        if len(styles) > 1 and x.device.type == "cpu" and not torch.is_grad_enabled():
            coarse = min(coarse, 1 + int(log2(TOGETHER // SMALLEST)))
        x, picture = self._blocks(x, picture, styles, noise, range(1, coarse))
        fine = range(coarse, len(self.to_rgb))
        if fine:
            one_by_one = (slice(i, i + 1) for i in range(len(styles)))
            drawn = [self._blocks(x[i], picture[i], styles[i], noise, fine)[1] for i in one_by_one]
            picture = torch.cat(drawn)
        return picture.contiguous()

    def _blocks(
        self, x: Tensor, picture: Tensor, styles: Tensor, noise: Noise, numbers: Iterable[int]
    ) -> tuple[Tensor, Tensor]:
        """Double the sides of the maps (B, C, H, W) and the picture (B, 3, H, W), once a block."""
        clamp = self.config.clamp
        for k in numbers:  # toRGB shares its style with the next block's first layer
            x = self.layers[2 * k - 1](x, styles[:, 2 * k - 1], noise, clamp)
            x = self.layers[2 * k](x, styles[:, 2 * k], noise, clamp)
            picture = upsample(picture) + self.to_rgb[k](x, styles[:, 2 * k + 1], clamp)
        return x, picture

    def forward(self, z: Tensor, psi: float = 1.0, noise: Noise = "const") -> Tensor:
        """Random vectors (B, z_dim) -> pictures (B, 3, resolution, resolution)."""
        return self.synthesise(self.styles(self.map(z), psi), noise)

    def mixed(self, first: Tensor, second: Tensor, crossing: int) -> Tensor:
        """Styles (B, num_ws, w_dim): w `first` for the layers before `crossing`, `second` from there on."""
        return torch.cat([self.styles(first)[:, :crossing], self.styles(second)[:, crossing:]], dim=1)

    @torch.no_grad()
    def track_w_avg(self, w: Tensor) -> None:
        """In training: let the mean style follow the styles (B, w_dim) that were drawn."""
        self.w_avg.copy_(torch.lerp(w.mean(dim=0), self.w_avg, W_AVG_DECAY))

    def noise_maps(self) -> Sequence[Tensor]:
        """The stored noise maps (side, side), coarse to fine."""
        return [layer.noise for layer in self.layers if isinstance(layer, StyledLayer)]

    def use_noise(self, maps: Sequence[Tensor]) -> None:
        """Draw with other noise maps; gradients reach them."""
        for layer, noise in zip(self.layers, maps, strict=True):
            layer.noise = noise
