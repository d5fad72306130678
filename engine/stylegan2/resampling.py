"""Pictures seen through moves of the plane, at twice the resolution against aliasing.

Everything here can be differentiated twice with respect to the pictures, as R1 needs where the discriminator
sees augmented ones.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from engine.stylegan2.affine import move, stretch

_BILINEAR, _ZEROS = 0, 0  # how PyTorch's operators call the two


def moved(pictures: Tensor, motion: Tensor, taps: Tensor) -> Tensor:
    """Resample pictures through matrices.

    Parameters
    ----------
    pictures : (B, C, H, W)
    motion : (B, 3, 3), from a place in the result to where it is in the picture, px from the centre
    taps : (N,), low-pass filter of sum 1
    """
    batch, channels, height, width = pictures.shape
    centre = motion.new_tensor([(width - 1) / 2, (height - 1) / 2])
    pad = len(taps) // 4
    corners = motion.new_tensor([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * centre
    seen = motion @ torch.cat([corners, torch.ones_like(corners[:, :1])], dim=1).T
    edges = seen[:, :2].permute(1, 0, 2).flatten(1)
    beyond = torch.cat([-edges, edges]).amax(dim=1) + 2 * pad - centre.repeat(2)
    limits = motion.new_tensor([width - 1, height - 1] * 2)
    left, top, right, bottom = (int(side) for side in torch.minimum(beyond.clamp(min=0), limits).ceil())
    pictures = F.pad(pictures, (left, right, top, bottom), mode="reflect")
    here = motion.new_ones(1)
    motion = move(here * (left - right) / 2, here * (top - bottom) / 2) @ motion

    pictures = _doubled(pictures, taps)
    motion = move(-here / 2, -here / 2) @ stretch(2 * here, 2 * here) @ motion
    motion = motion @ stretch(here / 2, here / 2) @ move(here / 2, here / 2)
    size = (batch, channels, 2 * (height + 2 * pad), 2 * (width + 2 * pad))
    motion = stretch(here * 2 / pictures.shape[3], here * 2 / pictures.shape[2]) @ motion
    motion = motion @ stretch(here * size[3] / 2, here * size[2] / 2)
    grid = F.affine_grid(motion[:, :2].expand(batch, -1, -1), list(size), align_corners=False)
    pictures = _Sampled.apply(pictures, grid)
    return _halved(pictures[:, :, 1:-1, 1:-1], taps)


def moved_one_by_one(pictures: Tensor, motion: Tensor, taps: Tensor) -> Tensor:
    """The same for a CPU: each picture with the margin that itself needs, and those at rest as they are.

    (Up and down again with an orthogonal wavelet changes nothing.)
    """
    still = torch.eye(3, device=motion.device)
    return torch.cat(
        [
            picture if torch.equal(matrix[0], still) else moved(picture, matrix, taps)
            for picture, matrix in zip(torch.split(pictures, 1), torch.split(motion, 1), strict=True)
        ]
    )


def _along(pictures: Tensor, taps: Tensor, stride: int = 1) -> Tensor:
    """Correlate both axes with a filter (N,), each channel by itself."""
    channels = pictures.shape[1]
    line = taps.expand(channels, 1, 1, -1)
    pictures = F.conv2d(pictures, line, stride=(1, stride), groups=channels)
    return F.conv2d(pictures, line.transpose(2, 3), stride=(stride, 1), groups=channels)


def _doubled(pictures: Tensor, taps: Tensor) -> Tensor:
    batch, channels, height, width = pictures.shape
    spread = pictures.new_zeros(batch, channels, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = pictures
    half = len(taps) // 2
    return _along(F.pad(spread, (half, half - 1, half, half - 1)), 2 * taps.flip(0))


def _halved(pictures: Tensor, taps: Tensor) -> Tensor:
    return _along(pictures, taps, stride=2)


class _Sampled(torch.autograd.Function):
    """Values of pictures (B, C, H, W) at the places of a grid (B, h, w, 2), which takes no gradient.

    What comes out is linear in the pictures, so the gradient of its gradient is the sampling itself.
    PyTorch's `grid_sample` had no second derivative until 2026 (its issue 34704); since then a general one.
    """

    @staticmethod
    def forward(context: Any, pictures: Tensor, grid: Tensor) -> Tensor:
        context.save_for_backward(grid)
        context.form = pictures.shape
        return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (grid,) = context.saved_tensors
        return _Scattered.apply(gradient, grid, context.form), None


class _Scattered(torch.autograd.Function):
    """The reverse of `_Sampled`: values go back to the places that they came from, in pictures of a form."""

    @staticmethod
    def forward(context: Any, values: Tensor, grid: Tensor, form: torch.Size) -> Tensor:
        context.save_for_backward(grid)
        anything = values.new_empty(form)  # only its form is looked at: the grid takes no gradient
        wanted = [True, False]
        pictures: Tensor = torch.ops.aten.grid_sampler_2d_backward(
            values, anything, grid, _BILINEAR, _ZEROS, False, wanted
        )[0]
        return pictures

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = context.saved_tensors
        return _Sampled.apply(gradient, grid), None, None
