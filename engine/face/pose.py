"""Head pose from the mesh: the axes of the face in the camera's frame."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Points

# Pairs on both sides of the face, the person's right first; far apart, so that noise averages out.
SIDE_PAIRS = ((33, 263), (133, 362), (234, 454), (127, 356), (93, 323), (61, 291), (58, 288))
# Pairs from the upper to the lower face on the middle line. Chin and mouth are left out: the jaw moves.
MIDDLE_PAIRS = ((10, 2), (151, 2), (9, 2), (10, 164))


@dataclass(frozen=True)
class HeadPose:
    """Degrees; yaw > 0 to the picture's right, pitch > 0 down, roll > 0 clockwise as seen."""

    yaw: float
    pitch: float
    roll: float


REST_PITCH = 0.0  # degrees that the middle line of a level head shows


def head_pose(landmarks: Points) -> HeadPose:
    """Pose of a mesh (478, 3) whose z is in the unit of x and y."""
    across = _mean_direction(landmarks, SIDE_PAIRS)
    down = _mean_direction(landmarks, MIDDLE_PAIRS)
    down = _unit(down - across * float(down @ across))
    forward = np.cross(down, across)  # out of the face; towards the camera z is negative
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    pitch = np.degrees(np.arcsin(np.clip(forward[1], -1, 1)))
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return HeadPose(float(yaw), float(pitch) - REST_PITCH, float(roll))


def _mean_direction(landmarks: Points, pairs: tuple[tuple[int, int], ...]) -> FloatMap:
    start, end = np.array(pairs).T
    return _unit((landmarks[end] - landmarks[start]).mean(axis=0))


def _unit(vector: FloatMap) -> FloatMap:
    unit: FloatMap = vector / np.linalg.norm(vector)
    return unit
