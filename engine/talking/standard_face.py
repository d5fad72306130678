"""The standard face: the mean of neutral faces, used where a motion is measured without a character.

`standard_face.npy` was computed by `mean_face` from the landmarks of 11 frontal photos with a closed mouth
(CC0).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from engine.arrays import Points
from engine.talking.geometry import CHIN, FOREHEAD

HEIGHT = 220.0  # px from forehead to chin, as in a character
CENTRE = (256.0, 250.0)  # px, middle between forehead and chin


@cache
def standard_face() -> Points:
    """Landmarks of the standard face, float32 (478, 3), px; do not write into it."""
    stored = np.load(Path(__file__).with_name("standard_face.npy"), allow_pickle=False)
    face = np.asarray(stored, np.float32)
    face.setflags(write=False)
    return face


def mean_face(faces: Sequence[Points]) -> Points:
    """Average faces after bringing their foreheads and chins together, and make the mean symmetrical.

    Parameters
    ----------
    faces : landmarks float32 (478, 3) each, any position, size and roll; frontal, mouths closed
    """
    upright = [_upright(face) for face in faces]
    mean = np.mean(upright, axis=0)
    mirrored = mean * np.array([-1, 1, 1], np.float32)
    partner = [int(np.argmin(np.linalg.norm(mirrored - point, axis=1))) for point in mean]
    whole = (mean + mirrored[partner]) / 2
    return np.asarray(whole + np.array([*CENTRE, 0]), np.float32)


def _upright(face: Points) -> Points:
    """Forehead to chin vertical, HEIGHT long, its middle at the origin."""
    axis = face[CHIN, :2] - face[FOREHEAD, :2]
    length = float(np.linalg.norm(axis))
    down = axis / length
    across = np.array([down[1], -down[0]])
    away = face[:, :2] - (face[CHIN, :2] + face[FOREHEAD, :2]) / 2
    out = np.empty_like(face)
    out[:, 0], out[:, 1], out[:, 2] = away @ across, away @ down, face[:, 2]
    return np.asarray(out * (HEIGHT / length), np.float32)
