"""Projection: find the styles with which a generator draws a given picture, by gradient descent.

Karras et al. 2020, appendix D, where its constants come from. In W one style serves all layers and stays
close to what the generator knows; in W+ every layer has its own, which fits better and can be edited less.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from engine.checkpoints.errors import CheckpointMismatch
from engine.stylegan2.generator import Generator
from engine.stylegan2.perceptual import Distance

Space = Literal["w", "w+"]
COMPARED_SIDE = 256  # px: larger pictures are reduced before they are compared
SMALLEST_NOISE = 8  # px: noise is kept free of structure down to this size


@dataclass(frozen=True)
class Search:
    """How the styles are searched.

    Attributes
    ----------
    rate : of Adam, raised over the first `ramp_up` and lowered over the last `ramp_down` of the steps
    samples : random styles that tell where the mean is and how far styles lie from it
    initial_noise : on the styles, as a share of that spread; falls to 0 over `noise_ramp` of the steps
    noise_weight : keeps the noise maps from carrying the picture
    """

    steps: int = 1000
    space: Space = "w"
    rate: float = 0.1
    ramp_up: float = 0.05
    ramp_down: float = 0.25
    samples: int = 10_000
    initial_noise: float = 0.05
    noise_ramp: float = 0.75
    noise_weight: float = 1e5

    def rate_at(self, done: float) -> float:
        """Learning rate at a share of the steps, in [0, 1]."""
        fall = min(1.0, (1.0 - done) / self.ramp_down)
        return self.rate * (0.5 - 0.5 * cos(pi * fall)) * min(1.0, done / self.ramp_up)


@dataclass(frozen=True)
class Projected:
    """What was found.

    Attributes
    ----------
    styles : (num_ws, w_dim)
    picture : (3, H, W) in about [-1, 1], drawn with them and the noise that was found
    distances : of each step, without the noise' part
    """

    styles: Tensor
    picture: Tensor
    distances: tuple[float, ...]


def project(
    generator: Generator,
    target: Tensor,
    distance: Distance,
    search: Search = Search(),
    seed: int = 0,
    report: Callable[[float], None] = lambda done: None,
) -> Projected:
    """Find the styles of a picture.

    Parameters
    ----------
    generator : stays as it is
    target : (3, resolution, resolution) in [-1, 1]
    report : called with the share of steps done
    """
    made = deepcopy(generator).eval().requires_grad_(False)
    random = torch.Generator().manual_seed(seed)
    start, spread = _known_styles(made, search.samples, random)
    count = 1 if search.space == "w" else made.config.num_ws
    w = start.repeat(count, 1).requires_grad_()
    device = made.w_avg.device  # random numbers are drawn on the processor, so that a GPU gets the same
    maps = [
        torch.randn(noise.shape, generator=random).to(device).requires_grad_() for noise in made.noise_maps()
    ]
    made.use_noise(maps)
    optimiser = torch.optim.Adam([w, *maps], lr=search.rate, betas=(0.9, 0.999))
    wanted, distances = _compared(target[None]), []
    for step in range(search.steps):
        done = step / search.steps
        for group in optimiser.param_groups:
            group["lr"] = search.rate_at(done)
        shake = spread * search.initial_noise * max(0.0, 1.0 - done / search.noise_ramp) ** 2
        shaken = w + torch.randn(w.shape, generator=random).to(device) * shake
        picture = made.synthesise(shaken.expand(made.config.num_ws, -1)[None])
        apart = distance(_compared(picture), wanted)
        loss = apart + search.noise_weight * sum((structure(noise) for noise in maps), torch.zeros(()))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            for noise in maps:
                noise.sub_(noise.mean()).mul_(noise.square().mean().rsqrt())
        distances.append(float(apart.detach()))
        report((step + 1) / search.steps)
    with torch.no_grad():
        styles = w.expand(made.config.num_ws, -1).clone()
        return Projected(styles, made.synthesise(styles[None])[0], tuple(distances))


REFINING_RATE = 0.02  # an encoder's styles are near: a fifth of the rate of a whole search


def refined(
    generator: Generator,
    target: Tensor,
    start: Tensor,
    distance: Distance,
    steps: int,
    report: Callable[[float], None] = lambda done: None,
) -> Tensor:
    """Styles (num_ws, w_dim) of a picture, searched from styles that are nearly right.

    Parameters
    ----------
    generator : stays as it is; its stored noise is used
    target : (3, side, side) in [-1, 1]
    """
    made = generator.requires_grad_(False)
    search = Search(steps=steps, rate=REFINING_RATE)
    styles = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([styles], lr=search.rate, betas=(0.9, 0.999))
    wanted = _compared(target[None])
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = search.rate_at((step + 1) / (steps + 1))
        apart = distance(_compared(made.synthesise(styles[None])), wanted)
        optimiser.zero_grad()
        apart.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        report((step + 1) / steps)
    return styles.detach()


@torch.no_grad()
def _known_styles(made: Generator, samples: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mean (w_dim,) of random styles, and their spread ()."""
    w = made.map(torch.randn(samples, made.config.z_dim, generator=random).to(made.w_avg.device))
    mean = w.mean(dim=0)
    return mean, ((w - mean).square().sum() / samples).sqrt()


def _compared(pictures: Tensor) -> Tensor:
    if pictures.shape[2] <= COMPARED_SIDE:
        return pictures
    return F.interpolate(pictures, size=(COMPARED_SIDE, COMPARED_SIDE), mode="area")


def structure(noise: Tensor) -> Tensor:
    """How much neighbours of a noise map (side, side) agree, at every size down to 8 px; 0 for true noise."""
    total = noise.new_zeros(())
    if noise.shape[-1] < SMALLEST_NOISE:
        return total
    x = noise[None, None]
    while True:
        for axis in (2, 3):
            total = total + (x * x.roll(1, dims=axis)).mean().square()
        if x.shape[-1] <= SMALLEST_NOISE:
            return total
        x = F.avg_pool2d(x, 2) * 2  # the mean of four has half the deviation


def save_styles(found: Projected, path: Path) -> None:
    """Write what was found as a `.npz` of styles and distances."""
    np.savez(path, styles=found.styles.cpu().numpy(), distances=np.array(found.distances))


def read_styles(path: Path, generator: Generator) -> Tensor:
    """Styles (num_ws, w_dim) from a file of `save_styles`.

    Raises
    ------
    CheckpointMismatch
        when it is none, or one of another generator's size
    """
    wanted = (generator.config.num_ws, generator.config.w_dim)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            styles = np.asarray(arrays["styles"], np.float32)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CheckpointMismatch(f"{path.name} holds no styles: {error}") from error
    if styles.shape != wanted:
        raise CheckpointMismatch(f"{path.name} holds styles {styles.shape}, the generator takes {wanted}")
    return torch.from_numpy(styles)
