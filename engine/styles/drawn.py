"""What a style gives back: paint on the working canvas, and where the landmarks went."""

from dataclasses import dataclass

from engine.arrays import FloatMap, Pixels, Points
from engine.texture import Texture


@dataclass(frozen=True)
class Drawing:
    """A finished drawing on the working canvas, not yet cut out.

    Attributes
    ----------
    pixels : uint8 (768, 768, 3), RGB
    matte : float32 (768, 768) in [0, 1]
    landmarks : float32 (478, 3), px of the canvas, moved by the style's shape change
    texture : dots of print or grain of paper that is to lie over `pixels` and is not in them yet
    """

    pixels: Pixels
    matte: FloatMap
    landmarks: Points
    texture: Texture | None = None
