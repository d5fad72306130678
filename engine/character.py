"""A person's character: the drawing with the landmarks it was drawn with, and its three files on disk."""

from dataclasses import dataclass

from engine.arrays import Pixels, Points

SIZE = 512  # px, side of every character


@dataclass(frozen=True)
class Character:
    """A drawing that can speak.

    The landmarks were moved by the same shape change as the picture: no face is ever detected on a drawing.

    Attributes
    ----------
    drawing : uint8 (512, 512, 4), RGBA, straight alpha, with border and shadow
    landmarks : float32 (478, 3), MediaPipe face mesh, px of the drawing
    style : id of the style
    seed : the drawing is a function of photo, style and seed
    yaw, pitch, roll : degrees, of the head in the drawing
    """

    drawing: Pixels
    landmarks: Points
    style: str
    seed: int
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
