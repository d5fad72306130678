"""Contours: the jaw and the wings of the nose as tapered strokes through the mesh.

They run only where there is skin on the drawing: a beard, a scarf or a hand before the jaw stays untouched.
"""

import cv2
import numpy as np

from engine.arrays import FloatMap, Points
from engine.raster import unit
from engine.styles.blocks.strokes import curve, stroke, taper

JAW = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
RIGHT_WING, LEFT_WING = (129, 64, 98), (358, 294, 327)


def face_contours(
    landmarks: Points, plain: FloatMap, face_height: float, *, width: float = 0.011
) -> FloatMap:
    """Cover of the strokes, float32 (768, 768) in [0, 1].

    Parameters
    ----------
    landmarks : float32 (478, 3), px of the canvas
    plain : float32 (768, 768) in [0, 1], skin without features
    width : face heights, thickest place
    """
    size = plain.shape[:2]
    cover = np.zeros(size, np.float32)
    for indices, thickness, strength in ((JAW, 1.0, 0.8), (RIGHT_WING, 0.8, 0.42), (LEFT_WING, 0.8, 0.42)):
        path = curve(landmarks[list(indices), :2])
        if indices is JAW:
            path = path + np.array([0, 0.006 * face_height], np.float32)
        on_skin = cv2.remap(plain, path[:, 0], path[:, 1], cv2.INTER_LINEAR).ravel()
        widths = width * thickness * face_height * taper(len(path)) * np.clip(1.4 * on_skin - 0.4, 0, 1)
        cover = np.maximum(cover, strength * unit(stroke(path, widths.astype(np.float32), size)))
    return cover
