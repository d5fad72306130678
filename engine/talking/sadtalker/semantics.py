"""Semantics: what the face does in each frame as numbers, and windows of them. Needs no torch.

A row is [expression 64 | angles 3 | translation 3 | scale, x, y of the alignment]; the last three only for
`full`.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap

EXPRESSION = 64
ROW, FULL_ROW = 70, 73
RADIUS = 13  # frames on either side of a window


def windows(rows: FloatMap, frames: NDArray[np.intp]) -> FloatMap:
    """Windows around frames: rows (T, C) to (frames, C, 27); edges are held."""
    around = np.clip(frames[:, None] + np.arange(-RADIUS, RADIUS + 1), 0, len(rows) - 1)
    return np.ascontiguousarray(rows[around].transpose(0, 2, 1))


def still_window(row: FloatMap) -> FloatMap:
    """Window of a face that does not move: (C,) to (C, 27)."""
    return np.repeat(row[:, None], 2 * RADIUS + 1, axis=1)


def driven(
    source: FloatMap,
    generated: FloatMap,
    *,
    still: bool = False,
    full: bool = False,
    expression_scale: float = 1.0,
) -> FloatMap:
    """Rows of a talk.

    Parameters
    ----------
    source : (73,) or (70,), of the picture
    generated : (T, 70)
    still : the head keeps the pose of the picture

    Returns
    -------
    float32 (T, 70), or (T, 73) for `full`
    """
    rows = np.array(generated[:, :ROW], np.float32)
    rows[:, :EXPRESSION] *= np.float32(expression_scale)
    if full:
        rows = np.concatenate([rows, np.repeat(source[None, ROW:FULL_ROW], len(rows), axis=0)], axis=1)
    if still:
        rows[:, EXPRESSION:] = source[EXPRESSION : rows.shape[1]]
    return rows


def camera_path(degrees: Sequence[float], frames: int) -> FloatMap:
    """Degrees in each frame of a camera that visits a list of angles at an even speed, float32 (frames,).

    One angle is held. What is left over at the end is cut, what lacks repeats the last value.
    """
    if len(degrees) == 1:
        return np.full(frames, degrees[0], np.float32)
    ends = np.asarray(degrees, np.float64)
    steps = np.abs(np.diff(ends))
    speed = steps.sum() / max(1, frames - 1)
    parts = [
        np.arange(start, end, speed if end > start else -speed)
        for start, end in pairwise(ends)
        if start != end
    ]
    path = np.concatenate(parts) if parts else ends[:1]
    path = np.concatenate([path, np.full(max(0, frames - len(path)), path[-1])])
    return np.asarray(path[:frames], np.float32)
