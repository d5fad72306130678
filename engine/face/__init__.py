"""From a photo to a Face: detection, landmarks, head pose, alignment, matte."""

from dataclasses import dataclass

from engine.arrays import FloatMap, Points
from engine.errors import Notice
from engine.face.parts import Parts


@dataclass(frozen=True)
class Face:
    """The largest face of a photo.

    Attributes
    ----------
    box : (left, top, right, bottom) in px of the photo
    landmarks : float32 (478, 3), MediaPipe face mesh with irises, px of the photo, z in the same unit
    yaw, pitch, roll : degrees; yaw > 0 to the picture's right, pitch > 0 down, roll > 0 clockwise as seen
    matte : float32 (H, W) in [0, 1]; 1 is the person
    notices : words about the face (several faces)
    parts : hair, skin, cloth and so on; None without the weights of the parser
    """

    box: tuple[float, float, float, float]
    landmarks: Points
    yaw: float
    pitch: float
    roll: float
    matte: FloatMap
    notices: tuple[Notice, ...] = ()
    parts: Parts | None = None
