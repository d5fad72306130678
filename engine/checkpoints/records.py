"""What comes out of a file of weights: plain Python values and these records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from engine.checkpoints.errors import CheckpointBroken, CheckpointRefused

MAX_DEPTH = 100  # nested containers; a snapshot of a training run has about 30


@dataclass(frozen=True)
class ElementType:
    """Type of a tensor's numbers: torch's name of it and bytes an element."""

    name: str
    size: int


@dataclass
class Storage:
    """Numbers in a row; several tensors may look into one.

    Attributes
    ----------
    element : type of the numbers
    count : how many
    data : their bytes, little-endian; None until the part of the file that holds them was reached
    """

    element: ElementType
    count: int
    data: memoryview | None = field(default=None, repr=False)

    def attach(self, data: memoryview) -> None:
        """Say where the bytes are.

        Raises
        ------
        CheckpointBroken
            when there are fewer than the numbers need
        """
        needed = self.count * self.element.size
        if self.count < 0 or len(data) < needed:
            raise CheckpointBroken(f"a tensor needs {needed} bytes, the file has {len(data)} for it")
        self.data = data[:needed]


@dataclass(frozen=True)
class TensorRecord:
    """A tensor, still in its file: a view of a storage.

    Attributes
    ----------
    offset : first element in the storage
    shape, stride : in elements
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def __post_init__(self) -> None:
        numbers = (self.offset, *self.shape, *self.stride)
        if len(self.shape) != len(self.stride) or any(type(n) is not int or n < 0 for n in numbers):
            raise CheckpointBroken(f"no tensor looks like {self.shape} with strides {self.stride}")
        if not prod(self.shape):
            return
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))
        if last >= self.storage.count or prod(self.shape) > self.storage.count:
            raise CheckpointBroken(f"a tensor of shape {self.shape} leaves its {self.storage.count} numbers")


@dataclass(frozen=True)
class ObjectRecord:
    """An object of a class that is not here: the name it had and the state it was in."""

    class_name: str
    state: Mapping[str, Any]


class Attributes(dict[str, Any]):
    """The attributes of a plain bag of values (`argparse.Namespace`)."""


def check_nesting(value: object) -> None:
    """Refuse values that contain themselves or are nested without end; what follows may then recurse.

    Raises
    ------
    CheckpointRefused
        when the nesting is deeper than `MAX_DEPTH` or circular
    """
    finished: dict[int, int] = {}  # id of a container -> how many levels are below it
    path: list[tuple[int, Iterator[object], int]] = [(id(value), _children(value), 0)]
    on_path = {id(value)}
    while path:
        key, children, below = path[-1]
        child = next(children, path)
        if child is path:  # nothing is left here
            path.pop()
            on_path.discard(key)
            finished[key] = below
            if path:
                above, siblings, known = path[-1]
                path[-1] = (above, siblings, max(known, below + 1))
            continue
        if not isinstance(child, dict | list | tuple | set | ObjectRecord):
            continue
        if id(child) in on_path:
            raise CheckpointRefused("a part of the file contains itself")
        if len(path) + finished.get(id(child), 0) >= MAX_DEPTH:
            raise CheckpointRefused(f"nested deeper than {MAX_DEPTH}")
        if id(child) in finished:
            path[-1] = (key, children, max(below, finished[id(child)] + 1))
            continue
        on_path.add(id(child))
        path.append((id(child), _children(child), 0))


def _children(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        return iter(value.values())
    if isinstance(value, ObjectRecord):
        return iter((value.state,))
    return iter(value) if isinstance(value, list | tuple | set) else iter(())
