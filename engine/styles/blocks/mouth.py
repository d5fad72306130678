"""Mouth: a clean line between the lips and bright teeth; the lips themselves stay the painted ones."""

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import gaussian, lab_to_rgb, polygon, rgb_to_lab, rounded_off, smoothstep, unit
from engine.styles.blocks.strokes import curve, stroke, taper

# Inner edge of the upper and the lower lip, from the person's right corner to the left one.
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OPEN = 0.09  # inner gap over mouth width from which teeth may show


def draw_mouth(painted: Pixels, landmarks: Points, face_height: float, *, frontal: float = 1.0) -> Pixels:
    """Draw the line between the lips; whiten teeth where the mouth is open.

    Parameters
    ----------
    painted : uint8 (768, 768, 3)
    landmarks : float32 (478, 3), px of the drawing
    frontal : 0..1, how far the mesh can be trusted in this view
    """
    points = landmarks[:, :2]
    upper, lower = points[list(INNER_UPPER)], points[list(INNER_LOWER)]
    width = float(np.linalg.norm(points[308] - points[78]))
    if frontal <= 0 or width < 8:
        return painted
    pad = 0.25 * width
    low = np.floor(np.vstack([upper, lower]).min(axis=0) - pad).clip(0, painted.shape[0]).astype(int)
    high = np.ceil(np.vstack([upper, lower]).max(axis=0) + pad).clip(0, painted.shape[0]).astype(int)
    if (high - low).min() < 8:
        return painted
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    upper, lower = upper - low.astype(np.float32), lower - low.astype(np.float32)
    patch = painted[window]
    gap = float(np.linalg.norm(points[13] - points[14])) / width
    lab = rgb_to_lab(patch)
    dark = float(np.percentile(lab[..., 0], 5))
    if gap > OPEN:
        lab = _teeth(lab, upper, lower)
    rgb = lab_to_rgb(lab).astype(np.float32)
    colour = lab_to_rgb(np.array([[[min(dark, 0.5 * float(np.median(lab[..., 0]))), 14, 8]]], np.float32))[
        0, 0
    ]
    path = curve(upper if gap > OPEN else (upper + lower) / 2)
    thickness = (0.009 if gap > OPEN else 0.013) * face_height
    line = stroke(
        path,
        thickness * taper(len(path)),
        patch.shape[:2],
    )
    cover = 0.65 * frontal * unit(line)[..., None]
    result = painted.copy()
    result[window] = rounded_off(rgb + cover * (colour.astype(np.float32) - rgb))
    return result


def _teeth(lab: FloatMap, upper: Points, lower: Points) -> FloatMap:
    between = gaussian(unit(polygon(np.vstack([upper, lower[::-1]]), lab.shape[:2])), 1.2)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    tooth = between * smoothstep(42, 62, lab[..., 0]) * smoothstep(30, 16, chroma)
    lab[..., 0] += tooth * 0.55 * np.maximum(0, 93 - lab[..., 0])
    lab[..., 1:] *= (1 - 0.55 * tooth)[..., None]
    return lab
