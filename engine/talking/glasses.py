"""Glasses: found by their bridge, so that what moves behind them does not bend them."""

import cv2
import numpy as np

from engine.arrays import Pixels, Points
from engine.raster import gaussian, looked_up, smoothstep
from engine.talking.geometry import FaceFrame

INNER_CORNERS = (133, 362)  # of the eyes
ACROSS = 0.45  # of half the way between the inner corners: the ridge of the nose
DOWN = (-0.09, 0.11)  # fh below the corners: where bridges sit
THICK = 0.030  # fh, a bridge is thinner
NONE, SURE = (
    0.12,
    0.24,
)  # depth of the dark bar over the light of the nose; with glasses .20 to .49
ROWS, COLUMNS = 81, 15  # samples


def glasses(drawing: Pixels, landmarks: Points) -> float:
    """How surely there is a dark bar across the nose between the eyes, 0 .. 1.

    Parameters
    ----------
    drawing : uint8 (H, W, 4)
    landmarks : float32 (478, 3), px
    """
    corners = landmarks[list(INNER_CORNERS), :2]
    frame = FaceFrame.of(landmarks, corners.mean(axis=0), across=corners[1] - corners[0])
    half = float(np.linalg.norm(corners[1] - corners[0])) / 2
    x = np.linspace(-ACROSS, ACROSS, COLUMNS) * half
    y = np.linspace(*DOWN, ROWS) * frame.height
    places = frame.origin + frame.vectors(np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32))
    grey = cv2.cvtColor(np.ascontiguousarray(drawing[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = looked_up(gaussian(grey, 0.7), places.astype(np.float32))
    away = round(THICK / (DOWN[1] - DOWN[0]) * (ROWS - 1))
    dip = np.minimum(light[: -2 * away], light[2 * away :]) - light[away:-away]
    depth = np.median(dip.max(axis=0)) / (np.median(light) + 20)  # 20: noise of dark skin is no bar
    return float(smoothstep(NONE, SURE, np.array([depth], np.float32))[0])
