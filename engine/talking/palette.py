"""Colours of what a drawing does not show: the inside of the mouth, teeth, tongue, lip line, lash line."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.talking.geometry import (
    FACE_OVAL,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    OUTER_LOWER_LIP,
    OUTER_UPPER_LIP,
)

Colour = tuple[float, float, float]
"""RGB, 0..255."""


@dataclass(frozen=True)
class MouthPalette:
    """How a style draws a mouth.

    Attributes
    ----------
    deep, shallow : inside of the mouth, behind the teeth and near the lower lip
    tongue, teeth, line : colours
    line_strength : 0 no line around the opening .. 1 full
    line_width : px at 512
    grain : 0 .. 1, how much hatching and paper lids take over from the cheek
    dot : px, side of the dots that the style is made of; irises move by whole ones, mouths and lids by
        halves. 0 for none
    """

    deep: Colour = (38.0, 10.0, 18.0)
    shallow: Colour = (84.0, 22.0, 30.0)
    tongue: Colour = (182.0, 80.0, 86.0)
    teeth: Colour = (248.0, 245.0, 238.0)
    line: Colour = (52.0, 18.0, 24.0)
    line_strength: float = 0.75
    line_width: float = 1.3
    grain: float = 0.0
    dot: int = 0


@dataclass(frozen=True)
class Manner:
    """What a style does to the palette: how much colour, how strong its lines are, how much grain."""

    colour: float = 1.0
    line_strength: float = 0.75
    line_width: float = 1.3
    grain: float = 0.0
    dot: int = 0


MANNERS = {
    "webtoon": Manner(line_strength=0.85, line_width=1.4),
    "comic": Manner(line_strength=1.0, line_width=1.9),
    "watercolour": Manner(colour=0.85, line_strength=0.55, line_width=1.1, grain=0.5),
    "pencil": Manner(colour=0.12, line_strength=0.9, grain=1.0),
    "toon3d": Manner(line_strength=0.35, line_width=1.2),
    "chibi": Manner(colour=1.1, line_strength=0.8, line_width=1.8),
    "pixel": Manner(line_strength=0.9, line_width=2.2, grain=0.4, dot=6),
    "papercut": Manner(colour=1.05, line_strength=0.25, line_width=1.2, grain=0.3),
}
"""By style id; other styles take `Manner()`."""


def palette_for(style: str, drawing: Pixels, landmarks: Points) -> MouthPalette:
    """Harmonise the colours with the lips and the brightness of a drawing.

    Parameters
    ----------
    style : id of the style
    drawing : uint8 (H, W, 4), RGBA
    landmarks : float32 (478, 3), px of the drawing
    """
    manner = MANNERS.get(style, Manner())
    lips = lip_colour(drawing, landmarks)
    light = face_light(drawing, landmarks)
    base = MouthPalette(
        line_strength=manner.line_strength, line_width=manner.line_width, grain=manner.grain, dot=manner.dot
    )
    redness = lips / max(float(lips.max()), 1.0)

    def tune(colour: Colour, towards_lips: float, brightness: float) -> Colour:
        own = np.array(colour) * brightness
        mixed = own * (1 - towards_lips) + towards_lips * redness * own.max()
        grey = float(mixed @ (0.299, 0.587, 0.114))
        toned = grey + (mixed - grey) * manner.colour
        return float(toned[0]), float(toned[1]), float(toned[2])

    return replace(
        base,
        deep=tune(base.deep, 0.2, 1.0),
        shallow=tune(base.shallow, 0.25, 0.6 + 0.4 * light),
        tongue=tune(base.tongue, 0.35, 0.62 + 0.38 * light),
        teeth=tune(base.teeth, 0.0, 0.80 + 0.20 * light),
        line=tune(base.line, 0.35, 1.0),
    )


def lip_colour(drawing: Pixels, landmarks: Points) -> FloatMap:
    """Median RGB of the lips, float32 (3,)."""
    flat = landmarks[:, :2]
    mask = np.zeros(drawing.shape[:2], np.uint8)
    for outer, inner in ((OUTER_UPPER_LIP, INNER_UPPER_LIP), (OUTER_LOWER_LIP, INNER_LOWER_LIP)):
        ring = np.concatenate([flat[list(outer)], flat[list(inner)][::-1]])
        cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 255)
    return np.asarray(np.median(drawing[mask > 0][:, :3], axis=0), np.float32)


def face_light(drawing: Pixels, landmarks: Points) -> float:
    """How bright the brightest twentieth of the face is, 0..1."""
    mask = np.zeros(drawing.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(landmarks[list(FACE_OVAL), :2]).astype(np.int32)], 255)
    light = drawing[mask > 0][:, :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return float(np.clip(np.percentile(light, 95) / 235, 0, 1))
