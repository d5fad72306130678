"""Halftone: a tone as dots of print, which lie on the paper and not on the person."""

from dataclasses import dataclass

from engine.arrays import FloatMap
from engine.character import SIZE
from engine.raster import looked_up
from engine.styles.composition import CANVAS
from engine.texture import Texture


@dataclass(frozen=True)
class Halftone:
    """Dots that grow with a tone.

    Attributes
    ----------
    tone : float32 (CANVAS, CANVAS), 0 no dot .. 1 largest dots
    pitch : px of the canvas from dot to dot
    strength : share of the light that a dot takes
    """

    tone: FloatMap
    pitch: float
    strength: float

    def moved(self, source: FloatMap) -> Texture:
        """Print it where the person went: `source` is the way back, px."""
        tone = looked_up(self.tone, source)
        return Texture.where("dots", tone, pitch=self.pitch * SIZE / CANVAS, strength=self.strength)
