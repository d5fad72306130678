"""Adaptive discriminator augmentation: random changes that pictures get before the discriminator sees them.

Karras et al. 2020, "Training generative adversarial networks with limited data", appendix B. Each change
happens to each picture with probability p; the changes can be undone as long as p is well under 1, so what
they do does not leak into what the generator draws. All are differentiable with respect to the pictures.
"""

from dataclasses import dataclass
from math import pi

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from engine.stylegan2 import wavelets
from engine.stylegan2.affine import move, scale_colour, shift_colour, stretch, turn, turn_colour
from engine.stylegan2.resampling import moved, moved_one_by_one

# How far each change goes; the paper's values. Standard deviations of log2 for factors, shares of the side
# for moves.
MOVE_WHOLE = 0.125
SCALE = ANISOTROPY = 0.2
MOVE = 0.125
BRIGHTNESS = 0.2
CONTRAST = 0.5
SATURATION = 1.0
BAND_GAIN = 1.0
NOISE = 0.1
CUTOUT = 0.5
BAND_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # of photographs, which fall off as 1 / f


@dataclass(frozen=True)
class Strengths:
    """Which changes there are: each one's probability is its strength times p."""

    flip: float = 0.0
    quarter_turn: float = 0.0
    move_whole: float = 0.0  # by whole px
    scale: float = 0.0
    turn: float = 0.0
    anisotropy: float = 0.0
    move: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    luma_flip: float = 0.0
    hue: float = 0.0
    saturation: float = 0.0
    band_filter: float = 0.0
    noise: float = 0.0
    cutout: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether any change moves px."""
        return any(
            (self.flip, self.quarter_turn, self.move_whole, self.scale, self.turn, self.anisotropy, self.move)
        )

    @property
    def colours(self) -> bool:
        """Whether any change is one of colours."""
        return any((self.brightness, self.contrast, self.luma_flip, self.hue, self.saturation))


_BLIT = {"flip": 1.0, "quarter_turn": 1.0, "move_whole": 1.0}
_GEOMETRY = {"scale": 1.0, "turn": 1.0, "anisotropy": 1.0, "move": 1.0}
_COLOUR = {"brightness": 1.0, "contrast": 1.0, "luma_flip": 1.0, "hue": 1.0, "saturation": 1.0}
BGC = Strengths(**_BLIT, **_GEOMETRY, **_COLOUR)
"""Blit, geometry, colour: the paper's choice."""
BGCFNC = Strengths(**_BLIT, **_GEOMETRY, **_COLOUR, band_filter=1.0, noise=1.0, cutout=1.0)
"""With filter, noise and cutout."""


class Chance:
    """Random numbers for a batch; with a percentile, that quantile of each distribution, and all changes.

    The percentile is for tests: it makes the pipeline a function of its input. Its normal quantiles are
    erfinv without the factor sqrt(2), as in the published program.
    """

    def __init__(self, batch: int, p: Tensor, percentile: float | None) -> None:
        self.batch, self.p = batch, p
        self.percentile = None if percentile is None else torch.tensor(percentile, device=p.device)

    def uniform(self, *shape: int) -> Tensor:
        """In [0, 1), (B, *shape)."""
        size = (self.batch, *shape)
        if self.percentile is None:
            return torch.rand(size, device=self.p.device)
        return self.percentile.expand(size)

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Around zero, (B, *shape)."""
        size = (self.batch, *shape)
        if self.percentile is None:
            return torch.randn(size, device=self.p.device) * deviation
        return torch.erfinv(2 * self.percentile - 1).expand(size) * deviation

    def positive(self, deviation: float) -> Tensor:
        """Absolute values of normal ones, (B,)."""
        if self.percentile is None:
            return self.normal(deviation).abs()
        return torch.erfinv(self.percentile).expand(self.batch) * deviation

    def sometimes(self, value: Tensor, otherwise: float, strength: float | Tensor) -> Tensor:
        """`value` with probability strength * p for each picture, else `otherwise`."""
        if self.percentile is not None:
            return value
        happens = torch.rand(self.batch, device=self.p.device) < strength * self.p
        happens = happens.reshape(-1, *[1] * (value.ndim - 1))
        return torch.where(happens, value, torch.full_like(value, otherwise))


class Augment(nn.Module):
    """The pipeline.

    Attributes
    ----------
    p : buffer (), the probability; training moves it
    """

    p: Tensor
    geometry_filter: Tensor
    filter_bank: Tensor

    def __init__(self, strengths: Strengths = BGC) -> None:
        super().__init__()
        self.strengths = strengths
        self.register_buffer("p", torch.zeros(()))
        taps = torch.from_numpy(wavelets.geometry_filter()).float()
        self.register_buffer("geometry_filter", taps, persistent=False)
        self.register_buffer(
            "filter_bank", torch.from_numpy(wavelets.filter_bank()).float(), persistent=False
        )

    def forward(
        self, pictures: Tensor, percentile: float | None = None, noise: Tensor | None = None
    ) -> Tensor:
        """Change pictures (B, 3, H, W) in [-1, 1].

        Parameters
        ----------
        percentile : see `Chance`
        noise : standard normal, as `pictures`; drawn where it is None
        """
        chance, wanted = Chance(len(pictures), self.p, percentile), self.strengths
        if wanted.moves:
            height, width = pictures.shape[2:]
            motion = self._motion(chance, width, height)
            move_all = moved if pictures.is_cuda else moved_one_by_one
            pictures = move_all(pictures, motion, self.geometry_filter)
        if wanted.colours:
            colours = self._colours(chance)
            flat = colours[:, :3, :3] @ pictures.flatten(2) + colours[:, :3, 3:]
            pictures = flat.reshape(pictures.shape)
        if wanted.band_filter:
            pictures = _filtered(pictures, self._gains(chance) @ self.filter_bank)
        if wanted.noise:
            sigma = chance.sometimes(chance.positive(NOISE), 0.0, wanted.noise)
            drawn = torch.randn_like(pictures) if noise is None else noise
            pictures = pictures + drawn * sigma[:, None, None, None]
        if wanted.cutout:
            pictures = _cut_out(pictures, chance, wanted.cutout)
        return pictures

    def _motion(self, chance: Chance, width: int, height: int) -> Tensor:
        """Matrices (B, 3, 3) from a place in the result to where it is in the picture, px from the centre."""
        wanted, motion = self.strengths, torch.eye(3, device=self.p.device)
        if wanted.flip:
            i = chance.sometimes(torch.floor(chance.uniform() * 2), 0.0, wanted.flip)
            motion = motion @ stretch(1 / (1 - 2 * i), torch.ones_like(i))
        if wanted.quarter_turn:
            i = chance.sometimes(torch.floor(chance.uniform() * 4), 0.0, wanted.quarter_turn)
            motion = motion @ turn(pi / 2 * i)
        if wanted.move_whole:
            by = chance.sometimes((chance.uniform(2) * 2 - 1) * MOVE_WHOLE, 0.0, wanted.move_whole)
            motion = motion @ move(-torch.round(by[:, 0] * width), -torch.round(by[:, 1] * height))
        if wanted.scale:
            by = chance.sometimes(torch.exp2(chance.normal(SCALE)), 1.0, wanted.scale)
            motion = motion @ stretch(1 / by, 1 / by)
        # two turns, before and after the anisotropic stretch; either happens with probability p
        either = 1 - torch.sqrt((1 - wanted.turn * self.p).clamp(0, 1))
        share = torch.where(self.p > 0, either / self.p.clamp(min=1e-12), torch.zeros_like(either))
        if wanted.turn:
            motion = motion @ turn(chance.sometimes((chance.uniform() * 2 - 1) * pi, 0.0, share))
        if wanted.anisotropy:
            by = chance.sometimes(torch.exp2(chance.normal(ANISOTROPY)), 1.0, wanted.anisotropy)
            motion = motion @ stretch(1 / by, by)
        if wanted.turn and chance.percentile is None:
            motion = motion @ turn(chance.sometimes((chance.uniform() * 2 - 1) * pi, 0.0, share))
        if wanted.move:
            by = chance.sometimes(chance.normal(MOVE, 2), 0.0, wanted.move)
            motion = motion @ move(-by[:, 0] * width, -by[:, 1] * height)
        return motion

    def _colours(self, chance: Chance) -> Tensor:
        """Matrices (B, 4, 4) of colour space."""
        wanted = self.strengths
        colours = torch.eye(4, device=self.p.device)
        luma = torch.tensor([1.0, 1.0, 1.0, 0.0], device=self.p.device) / 3**0.5
        grey = torch.outer(luma, luma)  # what a colour has of grey
        if wanted.brightness:
            colours = (
                shift_colour(chance.sometimes(chance.normal(BRIGHTNESS), 0.0, wanted.brightness)) @ colours
            )
        if wanted.contrast:
            by = chance.sometimes(torch.exp2(chance.normal(CONTRAST)), 1.0, wanted.contrast)
            colours = scale_colour(by) @ colours
        if wanted.luma_flip:
            i = chance.sometimes(torch.floor(chance.uniform() * 2), 0.0, wanted.luma_flip)[:, None, None]
            colours = (torch.eye(4, device=self.p.device) - 2 * grey * i) @ colours
        if wanted.hue:
            angle = chance.sometimes((chance.uniform() * 2 - 1) * pi, 0.0, wanted.hue)
            colours = turn_colour(angle, luma) @ colours
        if wanted.saturation:
            by = chance.sometimes(torch.exp2(chance.normal(SATURATION)), 1.0, wanted.saturation)[
                :, None, None
            ]
            colours = (grey + (torch.eye(4, device=self.p.device) - grey) * by) @ colours
        return colours

    def _gains(self, chance: Chance) -> Tensor:
        """Gain of each band (B, 4), the expected power kept."""
        power = torch.tensor(BAND_POWER, device=self.p.device)
        gains = torch.ones(chance.batch, wavelets.BANDS, device=self.p.device)
        for band in range(wavelets.BANDS):
            by = chance.sometimes(torch.exp2(chance.normal(BAND_GAIN)), 1.0, self.strengths.band_filter)
            change = torch.ones_like(gains)
            change[:, band] = by
            gains = gains * change / torch.sqrt((power * change.square()).sum(dim=1, keepdim=True))
        return gains


def _filtered(pictures: Tensor, filters: Tensor) -> Tensor:
    """Correlate each picture (B, C, H, W) with its own filter (B, N) along both axes."""
    batch, channels, height, width = pictures.shape
    pad = filters.shape[1] // 2
    lines = filters[:, None].repeat(1, channels, 1).reshape(batch * channels, 1, 1, -1)
    pictures = F.pad(pictures, (pad, pad, pad, pad), mode="reflect").reshape(
        1, batch * channels, height + 2 * pad, -1
    )
    pictures = F.conv2d(pictures, lines, groups=batch * channels)
    pictures = F.conv2d(pictures, lines.transpose(2, 3), groups=batch * channels)
    return pictures.reshape(batch, channels, height, width)


def _cut_out(pictures: Tensor, chance: Chance, strength: float) -> Tensor:
    """Blacken (to 0, grey) a square of half the sides."""
    height, width = pictures.shape[2:]
    half = chance.sometimes(torch.full((chance.batch,), CUTOUT, device=pictures.device), 0.0, strength) / 2
    centre = chance.uniform(2)
    x = (torch.arange(width, device=pictures.device) + 0.5) / width
    y = (torch.arange(height, device=pictures.device) + 0.5) / height
    keep_x = (x - centre[:, :1]).abs() >= half[:, None]
    keep_y = (y - centre[:, 1:]).abs() >= half[:, None]
    return pictures * (keep_x[:, None, None, :] | keep_y[:, None, :, None])
