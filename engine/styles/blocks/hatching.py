"""Hatching: fields of pencil strokes in which a tone is a share of covered paper.

A field holds values from 0 to 1, evenly spread; where it lies under the wanted darkness there is graphite. The
strokes of a field run straight at an angle, or along the flow of what is drawn.
"""

import cv2
import numpy as np

from engine.arrays import FloatMap
from engine.raster import smoothstep, unit, warped
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
    noise = random.integers(0, 256, (span, span), dtype=np.uint8)
    across = max(0.5, width / 2.2)
    noise = _spread(cv2.GaussianBlur(noise.astype(np.float32), (0, 0), sigmaX=length / 3, sigmaY=across))
    # A hand does not draw with a ruler: strokes bend a little.
    turn = cv2.getRotationMatrix2D((span / 2, span / 2), -angle, 1.0).astype(np.float32)
    turn[:, 2] += side / 2 - span / 2
    return unit(cv2.equalizeHist(warped(noise, turn, side, side, border=cv2.BORDER_REFLECT)))


def flowing_field(flow: Flow, random: np.random.Generator, *, width: float) -> FloatMap:
    """Field of strokes that run along the flow; `width` in px."""
    height, span = flow.coherence.shape
    noise = random.integers(0, 256, (height, span), dtype=np.uint8).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(0.5, width / 2.2))
    return unit(cv2.equalizeHist(_spread(along_flow(along_flow(noise, flow), flow, 2))))


def laid(field: FloatMap, darkness: FloatMap, softness: float = 0.35) -> FloatMap:
    """Graphite in [0, 1] where the field lies under `darkness`; `softness` is the width of the ramp."""
    return smoothstep(-softness, softness, darkness - field) * np.clip(darkness * 4, 0, 1)


def _spread(noise: FloatMap) -> FloatMap:
    """Blurred noise over the whole range of uint8."""
    mean, deviation = float(noise.mean()), float(noise.std())
    return cv2.convertScaleAbs(np.clip((noise - mean) * (50 / max(deviation, 1e-6)) + 128, 0, 255))
