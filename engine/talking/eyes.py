"""The eyes of a drawing: their landmarks, and each in its own frame of axes."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.talking.geometry import FaceFrame

AROUND = 0.075  # fh around the eye that a lid may touch


@dataclass(frozen=True)
class Eye:
    """Landmarks of one eye, from the picture's left to its right."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    brow: tuple[int, ...]  # its lower edge
    outer: int  # -1 where the outer corner is the left one, else 1
    iris: tuple[int, ...]  # centre first, then four points of its edge


EYES = (
    Eye(
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (46, 53, 52, 65, 55),
        -1,
        (468, 469, 470, 471, 472),
    ),
    Eye(
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
        (285, 295, 282, 283, 276),
        1,
        (473, 474, 475, 476, 477),
    ),
)


@dataclass(frozen=True)
class EyeView:
    """One eye in its own frame, and the part of the texture that its lid may touch.

    Attributes
    ----------
    frame : axes along and across the eye
    rows, columns, scale : the part of the texture, samples; samples a px
    x, y : float32 (h, w), px along the axes
    upper_lid, lower_lid, brow : float32 (N, 2), px along the axes, left to right
    outer : -1 where the outer corner is the left one, else 1
    """

    frame: FaceFrame
    rows: slice
    columns: slice
    scale: int
    x: FloatMap
    y: FloatMap
    upper_lid: Points
    lower_lid: Points
    brow: Points
    outer: int

    @classmethod
    def of(cls, landmarks: Points, eye: Eye, texture: Pixels, scale: int) -> "EyeView":
        """Look at one eye of a texture (H, W, 4) that has `scale` samples a px."""
        flat = landmarks[:, :2]
        ends = flat[[eye.upper[0], eye.upper[-1]]]
        frame = FaceFrame.of(landmarks, ends.mean(axis=0), across=ends[1] - ends[0])
        outline = flat[list(eye.upper + eye.lower)]
        left, top = np.maximum((outline.min(axis=0) - AROUND * frame.height) * scale, 0).astype(int)
        right, bottom = ((outline.max(axis=0) + AROUND * frame.height) * scale).astype(int)
        rows, columns = slice(top, min(bottom, texture.shape[0])), slice(left, min(right, texture.shape[1]))
        places = np.stack(
            np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)), axis=-1
        )
        local = frame.local(((places - (scale - 1) / 2) / scale).astype(np.float32))
        upper, lower, brow = (frame.local(flat[list(edge)]) for edge in (eye.upper, eye.lower, eye.brow))
        return cls(frame, rows, columns, scale, local[..., 0], local[..., 1], upper, lower, brow, eye.outer)

    @property
    def across(self) -> FloatMap:
        """-1 in the left corner of the eye, 1 in the right one, float32 (h, w)."""
        return self.x / np.float32((self.upper_lid[-1, 0] - self.upper_lid[0, 0]) / 2)
