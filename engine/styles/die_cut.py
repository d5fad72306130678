"""Die cut: turn a drawing with a matte into a sticker with a white border and a soft shadow.

Lengths are in pixels of the 768 px working canvas.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.character import SIZE
from engine.errors import EngineError
from engine.raster import (
    components,
    dilated,
    eroded,
    gaussian,
    opened,
    resized,
    rounded_off,
    smoothstep,
    unit,
)
from engine.styles.composition import CANVAS, MARGIN, bust

SPECK = 0.02  # matte from which something is seen


class NothingToCut(EngineError):
    """The matte covers under 1 % of the canvas."""


@dataclass(frozen=True)
class DieCut:
    """Shape of the border."""

    thin: float = 13  # px: spikes thinner than this get no border of their own
    border: float = 15  # px added around the person
    close_gaps: float = 41  # px: gaps narrower than this are bridged (between strands, arm and body)
    rounding: float = 7  # px: sigma that rounds the border's outline
    shadow_offset: int = 5  # px downwards
    shadow_sigma: float = 6.0  # px
    shadow_opacity: float = 0.34


def framed(matte: FloatMap, eye_level: float) -> FloatMap:
    """Matte within the canvas's own frame, so that border and shadow find room."""
    return matte * bust(MARGIN, CANVAS - MARGIN, MARGIN, CANVAS - MARGIN, eye_level=eye_level)


def die_cut(drawing: Pixels, matte: FloatMap, shape: DieCut = DieCut()) -> Pixels:
    """Cut a drawing out along its matte and put a white border around it.

    Parameters
    ----------
    drawing : uint8 (768, 768, 3), RGB
    matte : float32 (768, 768) in [0, 1]; 1 is the person

    Returns
    -------
    uint8 (512, 512, 4), RGBA, straight alpha, fully transparent outside border and shadow

    Raises
    ------
    NothingToCut
        when the matte covers under 1 % of the canvas
    """
    if float(matte.mean()) < 0.01:
        raise NothingToCut(f"matte covers {matte.mean():.4f} of the canvas")
    border = _border(matte, shape)
    matte = _in_one_piece(matte, border)
    white = border * (1 - matte) + 1e-6
    shadow = gaussian(resized(border, CANVAS // 2, CANVAS // 2), shape.shadow_sigma / 2)
    shadow = _lowered(shadow, round(shape.shadow_offset / 2))
    # Premultiplied from here: averaging straight colours would darken the edge.
    ink = drawing.astype(np.float32) * matte[..., None] + 255 * white[..., None]
    cover = np.maximum(border, matte)
    size = (SIZE, SIZE)
    small_ink, small_cover = resized(ink, *size), resized(cover, *size)
    alpha = small_cover + (1 - small_cover) * shape.shadow_opacity * resized(shadow, *size)
    colour = small_ink / np.maximum(alpha, 1e-3)[..., None]
    alpha = np.where(alpha < 0.006, 0, alpha)
    sticker = np.dstack([np.clip(colour, 0, 255), 255 * np.clip(alpha, 0, 1)])
    return rounded_off(sticker)


def _border(matte: FloatMap, shape: DieCut) -> FloatMap:
    """Outline of the sticker: no thin spikes, gaps bridged, holes filled, rounded."""
    half = CANVAS // 2  # round shapes at half the size are no worse and four times as fast
    small = resized(matte, half, half)
    solid = (small > 0.4).astype(np.uint8)
    person = opened(solid, shape.thin / 2)
    person = _closed(dilated(person, shape.border), shape.close_gaps / 2)
    ground = 1 - np.pad(person, 1)
    _, labels = components(ground, connectivity=4)
    person = (labels[1:-1, 1:-1] != labels[0, 0]).astype(np.uint8) * 255
    outline = gaussian(unit(person), shape.rounding / 2)
    return smoothstep(-0.7, 0.7, (resized(outline, CANVAS, CANVAS) - 0.5) * shape.rounding * 2.5)


def _in_one_piece(matte: FloatMap, border: FloatMap) -> FloatMap:
    """Matte without specks beside the sticker: too thin for a border of their own, they would float."""
    count, labels = components((np.maximum(matte, border) > SPECK).astype(np.uint8))
    if count <= 2:
        return matte
    largest = 1 + int(np.bincount(labels.ravel())[1:].argmax())
    return np.where(labels == largest, matte, np.float32(0))


def _lowered(shadow: FloatMap, rows: int) -> FloatMap:
    return np.pad(shadow, ((rows, 0), (0, 0)))[: len(shadow)]


def _closed(mask: Pixels, diameter: float) -> Pixels:
    pad = round(diameter)
    return eroded(dilated(np.pad(mask, pad), diameter), diameter)[pad:-pad, pad:-pad]
