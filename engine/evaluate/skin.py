"""Colour of somebody's skin in a picture, read at the same places of every face."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import rgb_to_lab

# Cheeks, forehead, sides of the chin: bare skin on nearly everybody.
SPOTS = (50, 280, 205, 425, 101, 330, 151, 108, 337, 36, 266)
FOREHEAD, CHIN = 10, 152
SPOT_RADIUS = 0.03  # face heights
COLOURLESS = 6.0  # chroma below which a hue says nothing: the drawing is black and white


@dataclass(frozen=True)
class SkinColour:
    """CIE Lab (D65): lightness 0..100, a and b."""

    lightness: float
    a: float
    b: float

    @property
    def chroma(self) -> float:
        """Distance from grey."""
        return float(np.hypot(self.a, self.b))

    def lift_to(self, other: "SkinColour") -> float:
        """L by which the other is lighter."""
        return other.lightness - self.lightness

    def hue_to(self, other: "SkinColour") -> float | None:
        """Degrees from this hue to the other, -180..180; None where one of them has none."""
        if min(self.chroma, other.chroma) < COLOURLESS:
            return None
        turn = np.degrees(np.arctan2(other.b, other.a) - np.arctan2(self.b, self.a))
        return float((turn + 180) % 360 - 180)


def skin_colour(picture: Pixels, landmarks: Points) -> SkinColour:
    """Median over spots of bare skin.

    Parameters
    ----------
    picture : uint8 (H, W, 3), RGB
    landmarks : float32 (478, 2 or 3), px of the picture
    """
    radius = max(1, int(SPOT_RADIUS * np.linalg.norm(landmarks[FOREHEAD, :2] - landmarks[CHIN, :2])))
    lab = np.median([_spot(picture, landmarks[spot], radius) for spot in SPOTS], axis=0)
    return SkinColour(float(lab[0]), float(lab[1]), float(lab[2]))


def _spot(picture: Pixels, point: Points, radius: int) -> FloatMap:
    """Median Lab (3,) around a point; a point outside counts as the nearest one inside."""
    height, width = picture.shape[:2]
    column, row = np.clip(point[:2].astype(int), 0, (width - 1, height - 1))
    patch = picture[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1]
    lab = rgb_to_lab(np.ascontiguousarray(patch))
    return cast(FloatMap, np.median(lab.reshape(-1, 3), axis=0))
