"""Weights from names: every tensor is a function of a salt, its official name and its shape.

Random numbers come from PCG64 seeded with crc32(salt + name). The recipe and its special cases are those that
the fixtures were made with.
"""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


def drawn(name: str, shape: Sequence[int], salt: str, gain: str) -> Array:
    """One tensor.

    Parameters
    ----------
    gain : "he" scales weights by sqrt(2 / inputs), "unit" leaves them (equalised learning rate)
    """
    leaf = name.rpartition(".")[2]
    if leaf == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    random = np.random.Generator(np.random.PCG64(zlib.crc32((salt + name).encode())))
    if leaf == "running_var":
        return np.asarray(0.5 + random.random(shape), np.float32)
    values = random.standard_normal(shape)
    if leaf == "weight_v":  # of spectral norm: a direction
        values /= np.linalg.norm(values)
    elif len(shape) == 1 and leaf == "weight":  # of a norm layer or PReLU
        values = 1.0 + 0.1 * values
    elif len(shape) <= 1:
        values = 0.1 * values
    elif gain == "he":
        values *= sqrt(2.0 / prod(shape[1:]))
    elif gain != "unit":
        raise ValueError(f"unknown gain {gain!r}")
    return np.asarray(values, np.float32)


def adjusted(name: str, value: Array, rules: Iterable[tuple[str, float, float]]) -> Array:
    """Apply the first rule [pattern, factor, shift] that a tensor's name matches."""
    for pattern, factor, shift in rules:
        if value.dtype == np.float32 and re.search(pattern, name):
            return np.asarray(value * np.float32(factor) + np.float32(shift), np.float32)
    return value


def filled(
    shapes: Mapping[str, Sequence[int]],
    salt: str,
    gain: str,
    adjust: Iterable[tuple[str, float, float]] = (),
    constants: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """All tensors of a network; those in `constants` are as given."""
    constants, rules = constants or {}, list(adjust)
    state = {
        name: constants[name] if name in constants else adjusted(name, drawn(name, shape, salt, gain), rules)
        for name, shape in shapes.items()
    }
    for name in state:  # spectral norm's other direction follows from the first
        if name.endswith("weight_u") and name not in constants:
            stem = name.removesuffix("u")
            matrix = state[f"{stem}orig"].astype(np.float64).reshape(len(state[f"{stem}orig"]), -1)
            other = matrix @ state[f"{stem}v"].astype(np.float64)
            state[name] = np.asarray(other / np.linalg.norm(other), np.float32)
    return state
