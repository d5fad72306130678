"""What a file of weights must hold: names and shapes of tensors, read without running anything in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import read_pickle
from engine.checkpoints.records import ObjectRecord, TensorRecord


@dataclass(frozen=True)
class Keys:
    """Tensors of a file; those in tables and modules have the names of these before theirs, with dots.

    Attributes
    ----------
    shapes : of some tensors that tell this file from others
    least : number of tensors whose names begin so
    """

    shapes: Mapping[str, tuple[int, ...]]
    least: Mapping[str, int]


def check_keys(path: Path, keys: Keys) -> None:
    """Compare a file with what it must hold.

    Raises
    ------
    CheckpointMismatch
        with what is missing or has another shape
    CheckpointRefused, CheckpointBroken
    """
    found = dict(_shapes_in(read_pickle(path)))
    for name, shape in keys.shapes.items():
        if name not in found:
            raise CheckpointMismatch(
                f"{path.name}: {name} is missing; it has {', '.join(list(found)[:5])}, ..."
            )
        if found[name] != shape:
            raise CheckpointMismatch(f"{path.name}: {name} is {found[name]}, expected {shape}")
    for prefix, least in keys.least.items():
        count = sum(1 for name in found if name.startswith(prefix))
        if count < least:
            raise CheckpointMismatch(f"{path.name}: {count} tensors in {prefix}*, expected {least}")


def _shapes_in(value: Any, prefix: str = "") -> Iterator[tuple[str, tuple[int, ...]]]:
    if isinstance(value, TensorRecord):
        yield prefix.rstrip("."), value.shape
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _shapes_in(inner, f"{prefix}{name}.")
    elif isinstance(value, ObjectRecord):
        for group in ("_parameters", "_buffers", "_modules"):
            yield from _shapes_in(value.state.get(group), prefix)
