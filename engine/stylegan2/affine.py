"""Matrices of the augmentation: moves of the plane (B, 3, 3) and of colour space (B, 4, 4), homogeneous."""

import torch
from torch import Tensor


def matrix(*rows: list[Tensor | float]) -> Tensor:
    """A matrix for each picture from rows of numbers and tensors (B,)."""
    example = next(value for row in rows for value in row if isinstance(value, Tensor))
    filled = [
        torch.stack(
            [value if isinstance(value, Tensor) else torch.full_like(example, value) for value in row], -1
        )
        for row in rows
    ]
    return torch.stack(filled, dim=-2)


def move(x: Tensor, y: Tensor) -> Tensor:
    """Translation of the plane by x, y (B,)."""
    return matrix([1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0])


def stretch(x: Tensor, y: Tensor) -> Tensor:
    """Scaling of the plane by factors x, y (B,)."""
    return matrix([x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0])


def turn(angle: Tensor) -> Tensor:
    """Rotation of the plane by angles (B,), radians."""
    cosine, sine = torch.cos(angle), torch.sin(angle)
    return matrix([cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0])


def shift_colour(by: Tensor) -> Tensor:
    """All colours plus a number (B,)."""
    return matrix([1.0, 0.0, 0.0, by], [0.0, 1.0, 0.0, by], [0.0, 0.0, 1.0, by], [0.0, 0.0, 0.0, 1.0])


def scale_colour(by: Tensor) -> Tensor:
    """All colours times a number (B,)."""
    rows: list[list[Tensor | float]] = [[0.0] * k + [by] + [0.0] * (3 - k) for k in range(3)]
    return matrix(*rows, [0.0, 0.0, 0.0, 1.0])


def turn_colour(angle: Tensor, axis: Tensor) -> Tensor:
    """Rotation of colour space by angles (B,) around an axis (4,) of length 1 (Rodrigues)."""
    x, y, z = (float(part) for part in axis[:3])
    cross = axis.new_tensor([[0, -z, y, 0], [z, 0, -x, 0], [-y, x, 0, 0], [0, 0, 0, 0]])
    along = torch.outer(axis, axis)
    rest = torch.eye(4, dtype=axis.dtype, device=axis.device) - along
    cosine, sine = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    return along + rest * cosine + cross * sine
