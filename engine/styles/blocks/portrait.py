"""Portrait: the last steps of a painted style - shape change, then mouth and eyes drawn in the new shape."""

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import looked_up, wide_gaussian
from engine.styles.blocks.eyes import EyeLook, draw_eyes
from engine.styles.blocks.halftone import Halftone
from engine.styles.blocks.mouth import draw_mouth
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange, displacement, moved_landmarks, way_back
from engine.styles.sitting import Sitting


def frontal_share(sitting: Sitting, start: float = 48.0, end: float = 36.0) -> float:
    """1 up to a yaw of `end` degrees, 0 from `start` on: how far lines of the mesh lie on the face."""
    return float(np.clip((start - abs(sitting.yaw)) / (start - end), 0, 1))


def seen_from_the_side(sitting: Sitting) -> float:
    """0 for a face turned to us, 1 from 45 degrees on."""
    return 1 - frontal_share(sitting, 45, 25)


def face_place(sitting: Sitting) -> FloatMap:
    """Where one must draw with care, float32 (768, 768) in [0, 1]: the face.

    The mesh ends at the cheek of a head seen from the side, whose likeness is in its outline and ear: there
    all skin, and a little beyond its edge, is the face.
    """
    from_the_side = seen_from_the_side(sitting)
    if not from_the_side:
        return sitting.skin.oval
    skin = np.clip(2.5 * wide_gaussian(sitting.skin.share, 9.0), 0, 1)
    result: FloatMap = np.maximum(sitting.skin.oval, np.float32(from_the_side) * skin)
    return result


def finished(
    painted: Pixels,
    matte: FloatMap,
    sitting: Sitting,
    shape: ShapeChange,
    eyes: EyeLook,
    halftone: Halftone | None = None,
) -> Drawing:
    """Change the shape of a painted person and draw mouth and eyes; what is printed over it lies on top."""
    move = displacement(sitting.landmarks, sitting.face_height, shape)
    source = way_back(move)
    landmarks = moved_landmarks(sitting.landmarks, move)
    frontal = frontal_share(sitting)
    pixels = looked_up(painted, source, cv2.INTER_CUBIC)
    pixels = draw_mouth(pixels, landmarks, sitting.face_height, frontal=frontal)
    pixels = draw_eyes(pixels, looked_up(sitting.pixels, source), landmarks, eyes, frontal=frontal)
    texture = halftone.moved(source) if halftone else None
    return Drawing(pixels, looked_up(matte, source), landmarks, texture)
