"""Hatching: fields of pencil strokes in which a tone is a share of covered paper.

A field holds values from 0 to 1, evenly spread; where it lies under the wanted darkness there is graphite.
The strokes of a field run straight at an angle, or along the flow of what is drawn.
"""

from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, rounded_off, smoothstep, unit, warped
from engine.styles.flow import Flow, along_flow


def straight_field(
    side: int, angle: float, random: np.random.Generator, *, length: float, width: float
) -> FloatMap:
    """Field (side, side) of straight strokes.

    Parameters
    ----------
    angle : degrees, clockwise as seen, of the strokes
    length, width : px of a stroke
    """
    span = int(side * 1.45)
    noise = random.standard_normal((span, span), dtype=np.float32)
    across = max(0.5, width / 2.2)
    noise = cast(FloatMap, cv2.GaussianBlur(noise, (0, 0), sigmaX=length / 3, sigmaY=across))
    turn = cv2.getRotationMatrix2D((span / 2, span / 2), -angle, 1.0).astype(np.float32)
    turn[:, 2] += side / 2 - span / 2
    return _even(warped(noise, turn, side, side, border=cv2.BORDER_REFLECT))


def flowing_field(flow: Flow, random: np.random.Generator, *, width: float) -> FloatMap:
    """Field of strokes that run along the flow; `width` in px."""
    height, span = flow.coherence.shape
    noise = gaussian(random.standard_normal((height, span), dtype=np.float32), max(0.5, width / 2.2))
    return _even(along_flow(along_flow(noise, flow), flow, 2))


def laid(field: FloatMap, darkness: FloatMap, softness: float = 0.35) -> FloatMap:
    """Graphite in [0, 1] where the field lies under `darkness`; `softness` is the width of the ramp."""
    return smoothstep(-softness, softness, darkness - field) * np.clip(darkness * 4, 0, 1)


def _even(noise: FloatMap) -> FloatMap:
    """Noise with its values spread evenly over 0..1."""
    mean, deviation = float(noise.mean()), float(noise.std())
    grey = rounded_off((noise - mean) * (50 / max(deviation, 1e-6)) + 128)
    return unit(cast(Pixels, cv2.equalizeHist(grey)))
