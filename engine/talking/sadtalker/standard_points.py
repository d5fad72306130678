"""The standard points of a face, out of the MATLAB file that SadTalker brings. Needs no torch.

A reader for what that file holds and no more: matrices of numbers in MATLAB's format of level 5, packed or
not. Lengths are held against the file's; nothing in it is run.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch
from engine.talking.sadtalker.alignment import five_points

HEADER = 128  # bytes
MOST_BYTES = 1_000_000  # of the file and of each packed part
COMPRESSED, MATRIX = 15, 14
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
POINTS = "lm"  # name of the matrix (68, 3)


def standard_points(path: Path) -> NDArray[np.float64]:
    """Eyes, nose and corners of the mouth of the standard face, (5, 3).

    Raises
    ------
    CheckpointBroken
        when the file is no MATLAB file or is cut short
    CheckpointMismatch
        when it holds no 68 points
    """
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES or content[126:128] != b"IM":
            raise CheckpointBroken(f"{path.name} is no small MATLAB file of level 5")
        matrices = dict(_matrices(content[HEADER:]))
    except (OSError, struct.error, zlib.error, ValueError, KeyError) as error:
        raise CheckpointBroken(f"{path.name}: {error}") from error
    points = matrices.get(POINTS)
    if points is None or points.shape != (68, 3) or not np.isfinite(points).all():
        raise CheckpointMismatch(f"{path.name} holds no points of 68 landmarks")
    return five_points(points)


def _matrices(data: bytes) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for kind, body in _elements(data):
        if kind == COMPRESSED:
            yield from _matrices(zlib.decompressobj().decompress(body, MOST_BYTES))
        elif kind == MATRIX:
            parts = list(_elements(body))
            if len(parts) >= 4 and parts[3][0] in NUMBERS:
                (_, size), (_, name), (form, numbers) = parts[1:4]
                shape = np.frombuffer(size, "<i4")
                values = np.frombuffer(numbers, f"<{NUMBERS[form]}").astype(np.float64)
                yield name.decode("ascii"), values.reshape(tuple(shape), order="F")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Parts of a file: type and content; small ones share eight bytes with their type."""
    position = 0
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<II", data, position)
        if small := kind >> 16:
            kind, length, start, step = kind & 0xFFFF, small, position + 4, 8
        else:
            start = position + 8
            step = 8 + length + (0 if kind == COMPRESSED else -length % 8)
        if start + length > len(data):
            raise ValueError("cut short")
        yield kind, data[start : start + length]
        position += step
