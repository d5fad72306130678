"""Tensors as pictures, and pictures as one sheet."""

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.arrays import Pixels

GAP = 4  # px between the pictures of a sheet
LABEL = 22  # px, height of the line over a column
GROUND, INK = 255, 30


def pixels_of(picture: Tensor) -> Pixels:
    """(3, H, W), [-1, 1] -> uint8 (H, W, 3) RGB."""
    scaled = ((picture.detach().float() + 1.0) * 127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def tensor_of_pixels(pixels: Pixels) -> Tensor:
    """Uint8 (H, W, 3) RGB -> (3, H, W), [-1, 1]."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 127.5 - 1.0


def sheet(pictures: list[Pixels], columns: int, labels: tuple[str, ...] = ()) -> Pixels:
    """Pictures of one size (H, W, 3) in rows.

    Parameters
    ----------
    labels : one a column, written over it
    """
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    top = LABEL if labels else 0
    canvas = np.full((top + rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), GROUND, np.uint8)
    for index, picture in enumerate(pictures):
        y = top + GAP + index // columns * (height + GAP)
        x = GAP + index % columns * (width + GAP)
        canvas[y : y + height, x : x + width] = picture
    for column, label in enumerate(labels):
        place = (GAP + column * (width + GAP), LABEL - 6)
        size = _letter_size(label, width)
        cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (INK,) * 3, 1, cv2.LINE_AA)
    return canvas


def _letter_size(label: str, width: int) -> float:
    """Font scale with which a label fits over its column."""
    (wide, _), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    return min(0.5, 0.5 * width / max(wide, 1))
