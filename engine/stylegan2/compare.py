"""Blends side by side: several swaps in both directions, on the same seeds or the same people."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from engine.arrays import Pixels
from engine.stylegan2.blend import Swap, blend
from engine.stylegan2.draws import random_vectors
from engine.stylegan2.generator import Generator
from engine.stylegan2.pictures import pixels_of, sheet

SMALLEST_SWAP = 8  # px; below, everything but the 4x4 map is swapped


def swaps_for(resolution: int) -> tuple[int, ...]:
    """Resolutions at which a swap between two generators of `resolution` px changes something, px."""
    return tuple(SMALLEST_SWAP << k for k in range((resolution // SMALLEST_SWAP).bit_length() - 1))


def columns_of(base: Generator, tuned: Generator, swaps: Sequence[Swap]) -> Iterator[tuple[str, Generator]]:
    """Name and generator of every column: the two as they are, then each swap in both directions."""
    yield "base", base
    yield "tuned", tuned
    for swap in swaps:
        yield f"tuned <{swap.resolution}< base", blend(tuned, base, swap)
        yield f"base <{swap.resolution}< tuned", blend(base, tuned, swap)


@torch.inference_mode()
def comparison(
    base: Generator,
    tuned: Generator,
    swaps: Sequence[Swap],
    seeds: Sequence[int] = (),
    people: Sequence[Tensor] = (),
    psi: float = 0.7,
) -> Pixels:
    """A sheet: a row for each seed and each person, a column for each blend.

    Parameters
    ----------
    swaps : their direction does not matter: each is made in both
    people : styles (num_ws, w_dim) that an encoder or the projector found with `base`

    Returns
    -------
    uint8 (H, W, 3). A column's label reads from coarse to fine: "tuned <32< base" has the shapes of `tuned`
    up to 32 px and the rendering of `base` above
    """
    labels, columns = [], []
    for label, made in columns_of(base, tuned, swaps):
        styles = list(people)
        if seeds:
            styles += list(made.styles(made.map(random_vectors(seeds, made.config.z_dim)), psi))
        labels.append(label)
        columns.append([pixels_of(made.synthesise(one[None])[0]) for one in styles])
    rows = [picture for row in zip(*columns, strict=True) for picture in row]
    return sheet(rows, len(labels), tuple(labels))


def with_resolutions(swap: Swap, resolutions: Sequence[int]) -> list[Swap]:
    """The same kind of swap at several resolutions."""
    return [replace(swap, resolution=resolution) for resolution in resolutions]
