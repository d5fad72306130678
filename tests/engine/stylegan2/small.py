"""Small networks with random weights."""

import torch

from engine.stylegan2.config import DiscriminatorConfig, GeneratorConfig, channels_for
from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.generator import Generator
from tests.samples import SNAPSHOT  # noqa: F401 (tests of training take it from here)

WIDTH = 16  # of the styles


def small_generator(seed: int, side: int = 32, clamp: float | None = None) -> Generator:
    """A generator of `side` px; its noise is strong enough to be seen."""
    torch.manual_seed(seed)
    config = GeneratorConfig(side, channels_for(side, 256, 32), WIDTH, WIDTH, 2, clamp)
    made = Generator(config).eval()
    with torch.no_grad():
        for layer in made.layers:
            layer.noise_strength.fill_(0.1)
        made.w_avg.copy_(made.map(torch.randn(256, WIDTH)).mean(dim=0))
    return made


def small_discriminator(seed: int, side: int = 32) -> Discriminator:
    """A discriminator of `side` px."""
    torch.manual_seed(seed)
    return Discriminator(DiscriminatorConfig(side, channels_for(side, 256, 32))).eval()
