"""How fast the networks are on this machine: random weights, for the time does not depend on them."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.stylegan2.checkpoint import read_checkpoint, save_checkpoint, snapshot
from engine.stylegan2.config import DiscriminatorConfig, GeneratorConfig, channels_for
from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.encoders import SIDE, Encoder
from engine.stylegan2.generator import Generator

WIDE, NARROW = 32768, 16384  # channel bases: rosinality's FFHQ model, NVIDIA's at 256 px
STYLES = 14  # of a generator of 256 px


@dataclass(frozen=True)
class Timing:
    """Seconds of one picture.

    Attributes
    ----------
    published : seconds of the published code on two shared cores (AMD EPYC, torch 2.11); None is unknown
    wanted : at most so many seconds on two cores
    """

    name: str
    seconds: float
    published: float | None
    wanted: float | None


def fastest(work: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of several runs after one to warm up."""
    work()
    best = float("inf")
    for _ in range(runs):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def generator_256(base: int) -> Generator:
    """A generator of 256 px with random weights."""
    return Generator(GeneratorConfig(256, channels_for(256, base))).eval().arranged()


@torch.inference_mode()
def timings(runs: int = 5) -> list[Timing]:
    """Measure all networks at 256 px, a picture at once and four."""
    found: list[Timing] = []
    for name, base, published, wanted in (("wide", WIDE, 0.7218, 0.6), ("narrow", NARROW, 0.1817, 0.18)):
        made = generator_256(base)
        for batch in (1, 4):
            z = torch.randn(batch, made.config.z_dim)
            seconds = fastest(lambda made=made, z=z: made(z), runs) / batch  # type: ignore[misc]
            limit = wanted if batch == 1 else found[-1].seconds
            found.append(Timing(f"generator, {name}, batch {batch}", seconds, published, limit))
    critic = Discriminator(DiscriminatorConfig(256, channels_for(256, WIDE))).eval()
    critic = critic.to(memory_format=torch.channels_last)
    picture = torch.randn(1, 3, SIDE, SIDE)
    found.append(Timing("discriminator, wide", fastest(lambda: critic(picture), runs), 1.0567, 0.8))
    encoder = Encoder("e4e", STYLES).eval().settled()
    found.append(Timing("encoder e4e", fastest(lambda: encoder(picture), runs), 0.4542, 0.45))
    found.append(Timing("loading a wide .pt", _loading(runs), None, 2.0))
    return found


def _loading(runs: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.pt"
        save_checkpoint(snapshot(generator_256(WIDE)), path)
        return fastest(lambda: read_checkpoint(path).generator(), runs)
