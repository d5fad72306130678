"""Pictures of seeds."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from engine.arrays import Pixels
from engine.stylegan2.generator import Generator
from engine.stylegan2.pictures import pixels_of

BATCH = 4  # pictures at once; more is no faster on a CPU


def random_vectors(seeds: Sequence[int], z_dim: int) -> Tensor:
    """(B, z_dim): what a seed gives does not depend on its neighbours."""
    return torch.stack([torch.randn(z_dim, generator=torch.Generator().manual_seed(seed)) for seed in seeds])


@torch.inference_mode()
def draw_seeds(generator: Generator, seeds: Sequence[int], psi: float) -> Iterator[Pixels]:
    """A picture of each seed, uint8 (resolution, resolution, 3)."""
    for begin in range(0, len(seeds), BATCH):
        z = random_vectors(seeds[begin : begin + BATCH], generator.config.z_dim)
        for picture in generator(z.to(generator.w_avg.device), psi):
            yield pixels_of(picture)
