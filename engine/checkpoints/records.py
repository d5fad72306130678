"""What comes out of a file of weights: plain Python values and these records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from engine.checkpoints.errors import CheckpointBroken, CheckpointRefused

MAX_DEPTH = 100  # nested containers; a snapshot of a training run has about 30
LARGEST_KEY = 2**31  # optimisers number their weights
MAX_PARTS = 5_000_000  # of a value, shared ones counted each time; a snapshot has under 50,000


def checked_key(key: object) -> str | int:
    """The key of a dictionary, if it is one that weights have.

    Large numbers can be chosen so that all of them fall into one place of it, which then takes hours.

    Raises
    ------
    CheckpointRefused
    """
    if isinstance(key, str) or (isinstance(key, int) and abs(key) <= LARGEST_KEY):
        return key
    raise CheckpointRefused(f"a dictionary's key is a {type(key).__name__}")


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


@dataclass(slots=True)
class _Open:
    """A container that is being looked through.

    Attributes
    ----------
    key : its id
    children : those that were not looked at yet
    levels : of containers below it, so far
    parts : values in it and itself, so far; what is in several places counts in each
    """

    key: int
    children: Iterator[object]
    levels: int = 0
    parts: int = 1

    def take(self, levels: int, parts: int) -> None:
        """Count a container in this one."""
        self.levels = max(self.levels, levels + 1)
        self.parts += parts
        if self.parts > MAX_PARTS:
            raise CheckpointRefused(f"more than {MAX_PARTS} parts")


def check_nesting(value: object) -> None:
    """Refuse values that contain themselves or have parts without end; what follows may then recurse.

    Raises
    ------
    CheckpointRefused
        when the nesting is deeper than `MAX_DEPTH` or circular, or there are more parts than `MAX_PARTS`
    """
    finished: dict[int, tuple[int, int]] = {}  # levels and parts of a container by its id
    path = [_Open(id(value), _children(value))]
    on_path = {id(value)}
    while path:
        here = path[-1]
        child = next(here.children, path)
        if child is path:  # nothing is left here
            path.pop()
            on_path.discard(here.key)
            finished[here.key] = here.levels, here.parts
            if path:
                path[-1].take(here.levels, here.parts)
            continue
        if not isinstance(child, dict | list | tuple | set | ObjectRecord):
            here.parts += 1
            continue
        if id(child) in on_path:
            raise CheckpointRefused("a part of the file contains itself")
        known = finished.get(id(child))
        if len(path) + (known[0] if known else 0) >= MAX_DEPTH:
            raise CheckpointRefused(f"nested deeper than {MAX_DEPTH}")
        if known:
            here.take(*known)
        else:
            on_path.add(id(child))
            path.append(_Open(id(child), _children(child)))


def _children(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        return iter(value.values())
    if isinstance(value, ObjectRecord):
        return iter((value.state,))
    return iter(value) if isinstance(value, list | tuple | set) else iter(())
