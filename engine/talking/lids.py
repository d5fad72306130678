"""Blinking: a picture of each eye with its lid down, laid over the open eye from above.

The lid is not stretched out of the few clean pixels between brow and lashes alone: the eye's place is
filled with the colours above and below it, so that no old lid line can show, and the lash line is drawn
where the lid ends. Everything is prepared for LEVELS steps of the lid.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.talking.fields import smooth_step
from engine.talking.geometry import FaceFrame, curve
from engine.talking.palette import MouthPalette

LEVELS = 16  # steps of the lid from open to shut
SHUT_AT = 0.80  # of the way from upper to lower lid: where the lids meet
LASH = 0.010  # fh, thickness of the lash line


@dataclass(frozen=True)
class Eye:
    """Landmarks of one eye, from the picture's left to its right."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    brow: tuple[int, ...]  # its lower edge


EYES = (
    Eye(
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (46, 53, 52, 65, 55),
    ),
    Eye(
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
        (285, 295, 282, 283, 276),
    ),
)


@dataclass(frozen=True)
class LidPatch:
    """One eye at every step of its lid.

    Attributes
    ----------
    rows, columns : where it lies in the texture
    levels : uint8 (LEVELS + 1, h, w, 4), opaque; 0 is the eye as drawn
    """

    rows: slice
    columns: slice
    levels: Pixels


def prepare_lids(
    texture: Pixels, landmarks: Points, palette: MouthPalette, scale: int
) -> tuple[LidPatch, ...]:
    """Draw both eyes at every step.

    Parameters
    ----------
    texture : uint8 (H, W, 4), at `scale` samples a px
    landmarks : float32 (478, 3), px
    """
    return tuple(_lid_patch(texture, landmarks, eye, palette, scale) for eye in EYES)


def lid_travel(landmarks: Points, amount: float) -> Points:
    """Displace the lids' landmarks by a blink, float32 (N, 2) for all landmarks."""
    away = np.zeros((len(landmarks), 2), np.float32)
    for eye in EYES:
        upper, lower = landmarks[list(eye.upper), :2], landmarks[list(eye.lower), :2]
        away[list(eye.upper)] = amount * SHUT_AT * (lower - upper)
        away[list(eye.lower)] = amount * (1 - SHUT_AT) * (upper - lower)
    return away


def _lid_patch(texture: Pixels, landmarks: Points, eye: Eye, palette: MouthPalette, scale: int) -> LidPatch:
    flat = landmarks[:, :2]
    ends = flat[[eye.upper[0], eye.upper[-1]]]
    frame = FaceFrame.of(landmarks, ends.mean(axis=0), across=ends[1] - ends[0])
    fh = frame.height
    outline = flat[list(eye.upper + eye.lower)]
    low, high = outline.min(axis=0) - 0.075 * fh, outline.max(axis=0) + 0.075 * fh
    left, top = (max(int(v * scale), 0) for v in low)
    right, bottom = (int(v * scale) for v in high)
    rows, columns = slice(top, min(bottom, texture.shape[0])), slice(left, min(right, texture.shape[1]))
    drawn = texture[rows, columns, :3].astype(np.float32)
    places = np.stack(
        np.meshgrid(np.arange(drawn.shape[1]) + left, np.arange(drawn.shape[0]) + top), axis=-1
    ).astype(np.float32)
    local = frame.local((places - (scale - 1) / 2) / scale)
    x, y = local[..., 0], local[..., 1]
    upper_points, lower_points = frame.local(flat[list(eye.upper)]), frame.local(flat[list(eye.lower)])
    upper, lower = curve(upper_points, x), curve(lower_points, x)
    half = float(np.linalg.norm(ends[1] - ends[0])) / 2
    u = x / half
    lid = _lid_colours(texture, frame, eye, flat, x, y, scale)
    levels = [drawn]
    for step in range(1, LEVELS + 1):
        levels.append(_blink(drawn, lid, u, y, upper, lower, step / LEVELS, fh, palette))
    stack = np.empty((LEVELS + 1, *drawn.shape[:2], 4), np.uint8)
    stack[..., :3] = np.clip(np.stack(levels) + 0.5, 0, 255)
    stack[..., 3] = texture[rows, columns, 3]
    return LidPatch(rows, columns, stack)


def _blink(
    drawn: FloatMap,
    lid: FloatMap,
    u: FloatMap,
    y: FloatMap,
    upper: FloatMap,
    lower: FloatMap,
    amount: float,
    fh: float,
    palette: MouthPalette,
) -> FloatMap:
    """Lay the lid over the eye as far down as `amount` says and draw its lashes."""
    meet = upper + SHUT_AT * (lower - upper)
    edge = upper + amount * (meet - upper)
    rising = lower - amount * (lower - meet)
    soft = 0.012 * fh
    over_top = smooth_step(-0.042 * fh, -0.042 * fh + soft, y - upper) * smooth_step(0.4, -0.4, y - edge)
    over_bottom = smooth_step(-0.4, 0.4, y - rising) * smooth_step(0.024 * fh + soft, 0.024 * fh, y - lower)
    sides = smooth_step(1.22, 1.06, np.abs(u))
    cover = np.maximum(over_top, over_bottom) * sides * smooth_step(0.0, 0.22, np.float32(amount))
    shadow = 1 - 0.16 * np.exp(-np.maximum(edge - y, 0) / (0.022 * fh)) * (y < edge)
    out = drawn + (lid * shadow[..., None] - drawn) * cover[..., None]
    thickness = LASH * fh * (0.35 + 0.65 * np.sqrt(np.clip(1 - (u / 1.08) ** 2, 0, 1)))
    lash = smooth_step(1.0, 0.35, np.abs(y - edge - 0.2 * thickness) / thickness) * smooth_step(
        1.14, 0.98, np.abs(u)
    )
    lash = lash * smooth_step(0.05, 0.35, np.float32(amount)) * max(palette.line_strength, 0.8)
    return np.asarray(out + (np.array(palette.line, np.float32) - out) * lash[..., None], np.float32)


def _lid_colours(
    texture: Pixels, frame: FaceFrame, eye: Eye, flat: Points, x: FloatMap, y: FloatMap, scale: int
) -> FloatMap:
    """Fill the eye's place with the colours of the clean strips above the lashes and below the eye."""
    fh = frame.height
    upper, lower = frame.local(flat[list(eye.upper)]), frame.local(flat[list(eye.lower)])
    brow = frame.local(flat[list(eye.brow)])
    columns = np.linspace(upper[0, 0] * 1.15, upper[-1, 0] * 1.15, 48).astype(np.float32)
    room = np.maximum(curve(upper, columns) - curve(brow, columns), 0.02 * fh)
    start = curve(upper, columns)[None] - np.linspace(0.42, 0.72, 7, dtype=np.float32)[:, None] * room
    end = curve(lower, columns)[None] + np.linspace(0.030, 0.060, 7, dtype=np.float32)[:, None] * fh
    above, below = (_strip(texture, frame, columns, band, scale) for band in (start, end))
    middle = (upper[:, 1].mean() + lower[:, 1].mean()) / 2
    index = np.clip((x - columns[0]) / (columns[-1] - columns[0]) * 47, 0, 47).astype(np.int32)
    mix = smooth_step(middle - 0.02 * fh, middle + 0.05 * fh, y)[..., None]
    return np.asarray(above[index] * (1 - mix) + below[index] * mix, np.float32)


def _strip(texture: Pixels, frame: FaceFrame, columns: FloatMap, band: FloatMap, scale: int) -> FloatMap:
    """One smooth colour per column, float32 (48, 3); dark lines (glasses, lashes) do not count."""
    local = np.stack(np.broadcast_arrays(columns[None], band), axis=-1)
    places = (frame.origin + frame.vectors(local)).astype(np.float32) * scale + (scale - 1) / 2
    seen = cv2.remap(
        np.ascontiguousarray(texture[..., :3]), places.astype(np.float32), None, cv2.INTER_LINEAR
    )
    colours = np.median(seen, axis=0).astype(np.float32)
    light = colours.mean(axis=1)
    usual = np.median(light)
    trust = np.exp(-((np.minimum(light - usual, 0) / 22) ** 2)) * np.exp(
        -((np.maximum(light - usual, 0) / 45) ** 2)
    )
    weight = (trust + 1e-3)[:, None].astype(np.float32)
    blurred = _along(colours * weight)
    return np.asarray(blurred / _along(weight), np.float32)


def _along(values: FloatMap) -> FloatMap:
    """Gaussian smoothing over the first axis, 6 columns."""
    smooth = cv2.GaussianBlur(values, (1, 37), sigmaX=1.0, sigmaY=6.0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32).reshape(values.shape)
