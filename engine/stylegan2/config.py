"""Sizes of the networks. They are read from a checkpoint's tensors; nobody has to know them."""

from dataclasses import dataclass

from engine.checkpoints.errors import CheckpointMismatch

RESOLUTIONS = (16, 32, 64, 128, 256, 512, 1024)
SMALLEST = 4  # px: every network begins or ends with a 4x4 map


def resolutions_up_to(resolution: int) -> tuple[int, ...]:
    """Sides of the blocks, px: 4, 8, ..., `resolution`.

    Raises
    ------
    CheckpointMismatch
        when networks are not made for that resolution
    """
    if resolution not in RESOLUTIONS:
        raise CheckpointMismatch(f"pictures of {resolution} px; known are {RESOLUTIONS}")
    return tuple(SMALLEST << k for k in range((resolution // SMALLEST).bit_length()))


def channels_for(resolution: int, base: int, maximum: int = 512) -> tuple[int, ...]:
    """Channels at 4, 8, ..., `resolution` px.

    Parameters
    ----------
    base : 32768 is channel multiplier 2 of the rosinality layout, 16384 is multiplier 1 and NVIDIA's narrow
        width
    """
    return tuple(min(base // side, maximum) for side in resolutions_up_to(resolution))


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of a generator.

    Attributes
    ----------
    resolution : side of the pictures, px
    channels : at 4, 8, ..., resolution px
    z_dim, w_dim : lengths of the random vector and of the style vector
    mapping_depth : layers of the mapping network
    clamp : limit of the layers' values where they are trained in half precision; None is none
    """

    resolution: int
    channels: tuple[int, ...]
    z_dim: int = 512
    w_dim: int = 512
    mapping_depth: int = 8
    clamp: float | None = None

    def __post_init__(self) -> None:
        if len(self.channels) != len(resolutions_up_to(self.resolution)):
            raise CheckpointMismatch(f"{len(self.channels)} blocks for pictures of {self.resolution} px")

    @property
    def num_ws(self) -> int:
        """Style vectors a picture takes: one for each layer, and one for the last toRGB."""
        return 2 * len(self.channels)


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Sizes of a discriminator; `group` pictures are compared with each other for the standard deviation."""

    resolution: int
    channels: tuple[int, ...]
    group: int = 4
    clamp: float | None = None

    def __post_init__(self) -> None:
        if len(self.channels) != len(resolutions_up_to(self.resolution)):
            raise CheckpointMismatch(f"{len(self.channels)} blocks for pictures of {self.resolution} px")
