"""Layer swap (Pinkney and Adler 2020): coarse layers of one generator, fine layers of another.

Coarse layers decide where things are, fine layers how they are painted. Both generators must come from the
same ancestor; fine-tuned for long, they drift apart and blends fall to pieces.
"""

import re
from dataclasses import dataclass
from math import exp

import torch

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.tensors import State
from engine.stylegan2.checkpoint import Checkpoint, Network
from engine.stylegan2.config import SMALLEST, GeneratorConfig, resolutions_up_to
from engine.stylegan2.generator import Generator

# 4x4 maps to positions 0 and 1, 8x8 to 2 and 3, ...; a resolution's first layer comes before its second
_LAYER = re.compile(r"layers\.(\d+)\.(weight|bias|noise_strength|modulation\.\w+)")
_TO_RGB = re.compile(r"to_rgb\.(\d+)\..*")


@dataclass(frozen=True)
class Swap:
    """Where one generator ends and the other begins.

    Attributes
    ----------
    resolution : px, a power of two from 4
    level : 0 or 1, the first or second layer of that resolution
    width : of a smooth change, in layers; None is a hard one
    """

    resolution: int
    level: int = 0
    width: float | None = None

    def __post_init__(self) -> None:
        power = self.resolution >= SMALLEST and self.resolution & (self.resolution - 1) == 0
        if not power or self.level not in (0, 1) or (self.width is not None and self.width <= 0):
            raise CheckpointMismatch(f"no layer to swap at: {self}")

    @property
    def position(self) -> int:
        """Where the swap is, counted in layers from 4x4."""
        return 2 * (self.resolution // SMALLEST).bit_length() - 2 + self.level

    def share_of_high(self, name: str) -> float:
        """How much of a tensor (our name) comes from the generator that gives the high resolutions.

        0 for the mapping network, the mean style, the noise maps and the 4x4 convolution, which are never
        blended.
        """
        if name == "constant":
            position = 0
        elif match := _TO_RGB.fullmatch(name):
            position = 2 * int(match[1]) + 1
        elif (match := _LAYER.fullmatch(name)) and match[1] != "0":
            position = int(match[1]) + 1
        else:
            return 0.0
        distance = position - self.position
        if self.width is None:
            return float(distance > 1)
        return 1.0 / (1.0 + exp(-distance / self.width))


def blend(low: Generator, high: Generator, swap: Swap) -> Generator:
    """A new generator with the coarse layers of `low` and the fine layers of `high`.

    Raises
    ------
    CheckpointMismatch
        when their sizes differ, or they have no such resolution
    """
    return blended_networks(
        Network(low.config, low.state_dict()), Network(high.config, high.state_dict()), swap
    )


def blended_networks(low: Network, high: Network, swap: Swap) -> Generator:
    """Blend networks that were not built yet: only what is taken of each is copied; see `blend`."""
    a, b = low.config, high.config
    if not isinstance(a, GeneratorConfig) or not isinstance(b, GeneratorConfig):
        raise CheckpointMismatch("only generators can be blended")
    if (a.resolution, a.channels, a.w_dim) != (b.resolution, b.channels, b.w_dim):
        raise CheckpointMismatch(f"generators of different sizes cannot be blended: {a} and {b}")
    if swap.resolution not in resolutions_up_to(a.resolution):
        raise CheckpointMismatch(f"generators of {a.resolution} px have no layers of {swap.resolution} px")
    return Checkpoint("blend", {"g_ema": Network(a, _mixed(low, high, swap))}).generator()


def _mixed(low: Network, high: Network, swap: Swap) -> State:
    mixed = {}
    for name, tensor in low.state.items():
        share = swap.share_of_high(name)
        if 0.0 < share < 1.0:
            mixed[name] = torch.lerp(tensor.float(), high.state[name].float(), share)
        else:
            mixed[name] = high.state[name] if share else tensor
    return mixed
