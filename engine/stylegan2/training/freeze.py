"""FreezeD (Mo et al. 2020): the discriminator's layers next to the picture stay as the base had them."""

from torch import nn

from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.training.errors import WrongOptions


def layers_from_the_picture(discriminator: Discriminator) -> list[nn.Module]:
    """Layers as FreezeD counts them: fromRGB, then the two convolutions and the skip of each block."""
    layers: list[nn.Module] = [discriminator.from_rgb]
    for block in discriminator.blocks:
        layers += [block.first, block.second, block.skip]  # type: ignore[list-item]
    return layers


def freeze(discriminator: Discriminator, count: int) -> None:
    """Let the first `count` layers, counted from the picture, keep their weights.

    As NVIDIA's `--freezed` counts: fromRGB, conv0, conv1 and skip make 4 in the first block and 3 in each
    later one, so 10 are the three blocks of the highest resolutions, 13 four of them. Other programs count
    the layers that stay trainable, from the other end.

    Raises
    ------
    WrongOptions
        when there are fewer layers
    """
    layers = layers_from_the_picture(discriminator)
    if not 0 <= count <= len(layers):
        raise WrongOptions(
            f"{count} layers to freeze of {len(layers)}", why=f"--freeze-d {count} > {len(layers)}"
        )
    for layer in layers[:count]:
        layer.requires_grad_(False)
