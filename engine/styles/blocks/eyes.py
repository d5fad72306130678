"""Eyes: drawn anew over the painted ones - clear white, round iris with two highlights, tapered lids.

The colour of the iris and where it looks come from the photo. An eye that is shut, covered or turned away
keeps the painted photo.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import gaussian, lab_to_rgb, polygon, rgb_to_lab, rounded_off, smoothstep, unit
from engine.styles.blocks.strokes import curve, stroke, taper

# Outer to inner corner, along the upper and the lower lid; right and left as the person has them.
RIGHT_UPPER = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER = (263, 249, 390, 373, 374, 380, 381, 382, 362)
RIGHT_IRIS, LEFT_IRIS = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)


@dataclass(frozen=True)
class EyeLook:
    """How eyes are drawn. Lengths in iris radii or eye widths."""

    iris: float = 1.08  # of the iris in the photo
    iris_of_opening: float = 0.42  # at least this share of the opening between the lids
    white: float = 0.60  # how much of the white is painted over
    iris_cover: float = 0.92  # how much of the iris is painted over
    chroma: float = 1.5
    upper_lid: float = 0.070  # eye widths, thickest place
    lower_lid: float = 0.026
    lid_cover: float = 0.92
    highlight: float = 0.27  # iris radii
    shut: float = 0.13  # opening over width under which an eye counts as shut


@dataclass(frozen=True)
class _Eye:
    """One eye within its window of the canvas; points in px of the window."""

    upper: Points
    lower: Points
    centre: Points
    radius: float
    width: float
    opening: float


def draw_eyes(
    painted: Pixels, photo: Pixels, landmarks: Points, look: EyeLook, *, frontal: float = 1.0
) -> Pixels:
    """Draw both eyes over `painted`.

    Parameters
    ----------
    painted, photo : uint8 (768, 768, 3), the drawing so far and the relit photo in the same shape
    landmarks : float32 (478, 3), px of both
    frontal : 0..1, how far the mesh can be trusted in this view
    """
    result = painted.copy()
    sides = ((RIGHT_UPPER, RIGHT_LOWER, RIGHT_IRIS), (LEFT_UPPER, LEFT_LOWER, LEFT_IRIS))
    widths = [
        float(np.linalg.norm(landmarks[upper[0], :2] - landmarks[upper[-1], :2])) for upper, _, _ in sides
    ]
    for (upper, lower, iris), width in zip(sides, widths, strict=True):
        if width < 0.45 * max(widths) or width < 6:
            continue
        ring = landmarks[[*upper, *lower], :2]
        low = np.floor(ring.min(axis=0) - 0.6 * width).astype(int)
        high = np.ceil(ring.max(axis=0) + 0.6 * width).astype(int)
        low, high = np.clip(low, 0, painted.shape[0]), np.clip(high, 0, painted.shape[0])
        if (high - low).min() < 8:
            continue
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        eye = _eye(landmarks[:, :2] - low.astype(np.float32), upper, lower, iris, look)
        result[window] = _drawn(result[window], photo[window], eye, look, frontal)
    return result


def _eye(
    points: Points, upper: tuple[int, ...], lower: tuple[int, ...], iris: tuple[int, ...], look: EyeLook
) -> _Eye:
    centre = points[iris[0]]
    radius = float(np.linalg.norm(points[list(iris[1:])] - centre, axis=1).mean())
    width = float(np.linalg.norm(points[upper[0]] - points[upper[-1]]))
    opening = float(np.linalg.norm(points[upper[4]] - points[lower[4]]))
    radius = max(radius * look.iris, look.iris_of_opening * opening)
    return _Eye(curve(points[list(upper)]), curve(points[list(lower)]), centre, radius, width, opening)


def _drawn(painted: Pixels, photo: Pixels, eye: _Eye, look: EyeLook, frontal: float) -> Pixels:
    size = painted.shape[:2]
    between = unit(polygon(np.vstack([eye.upper, eye.lower[::-1]]), size))
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    distance = np.hypot(x - eye.centre[0], y - eye.centre[1]) / eye.radius
    lab = rgb_to_lab(photo)
    iris_place = (
        (between > 0.5) & (distance > 0.42) & (distance < 0.82) & (y > eye.centre[1] - 0.25 * eye.radius)
    )
    white_place = (between > 0.5) & (distance > 1.15)
    trust = frontal * float(eye.opening > look.shut * eye.width)
    if iris_place.sum() < 6 or white_place.sum() < 6:
        trust = 0.0
    result = rgb_to_lab(painted)
    if trust > 0:
        # the lashes' shadow darkens most of an iris: its colour is that of the lighter pixels
        iris_colour, white_colour = _lighter(lab[iris_place]), np.median(lab[white_place], axis=0)
        contrast = float(white_colour[0] - iris_colour[0])
        trust *= float(np.clip((contrast - 2) / 8, 0, 1))
        edge = 1.2 / eye.radius
        disc = between * smoothstep(1 + edge, 1 - edge, distance)
        result = _mixed(result, _white(result, white_colour), look.white * trust * between * (1 - disc))
        iris = _iris(iris_colour, (y - eye.centre[1]) / eye.radius, distance, look)
        result = _mixed(result, iris, look.iris_cover * trust * disc)
        below = eye.upper + np.array([0, 0.10 * eye.opening], np.float32)
        shade = stroke(below, np.full(len(eye.upper), 0.34 * eye.opening), size)
        shade_map = gaussian(unit(shade), max(0.8, 0.06 * eye.opening)) * between
        result[..., 0] *= 1 - 0.34 * trust * shade_map
    rgb = lab_to_rgb(result).astype(np.float32)
    if trust > 0:
        for dx, dy, share, strength in ((-0.34, -0.38, 1.0, 0.95), (0.36, 0.40, 0.5, 0.55)):
            spot = np.hypot(x - eye.centre[0] - dx * eye.radius, y - eye.centre[1] - dy * eye.radius)
            reach = look.highlight * share * eye.radius
            cover = (
                strength * trust * smoothstep(reach + 0.9, reach - 0.9, spot) * np.minimum(1, 1.2 * between)
            )
            rgb += cover[..., None] * (255 - rgb)
    return _lids(rgb, painted, eye, look, max(frontal * 0.6, trust))


def _lighter(samples: FloatMap) -> FloatMap:
    """Median colour of the lighter half."""
    median: FloatMap = np.median(samples[samples[:, 0] >= np.median(samples[:, 0])], axis=0)
    return median


def _white(result: FloatMap, colour: FloatMap) -> FloatMap:
    white = np.empty_like(result)
    white[..., 0] = min(94.0, float(colour[0]) * 0.78 + 25.0)
    white[..., 1:] = colour[1:] * 0.30
    return white


def _iris(colour: FloatMap, height: FloatMap, distance: FloatMap, look: EyeLook) -> FloatMap:
    """Dark above, light below, a dark ring and a dark pupil."""
    lightness = float(np.clip(1.1 * colour[0], 20, 56))
    shade = lightness * (0.60 + 0.70 * smoothstep(-0.7, 0.8, height))
    shade = shade * (1 - 0.5 * smoothstep(0.78, 0.98, distance))
    shade = shade * (1 - 0.85 * smoothstep(0.46, 0.34, distance))
    iris = np.empty((*height.shape, 3), np.float32)
    iris[..., 0] = shade
    chroma = look.chroma * (0.4 + 0.6 * smoothstep(0.28, 0.5, distance))
    iris[..., 1], iris[..., 2] = colour[1] * chroma, colour[2] * chroma
    return iris


def _lids(rgb: FloatMap, painted: Pixels, eye: _Eye, look: EyeLook, trust: float) -> Pixels:
    size = painted.shape[:2]
    dark = np.percentile(painted.reshape(-1, 3), 4, axis=0) * 0.45 + np.array([14, 8, 12])
    wing = eye.upper[0] + (eye.upper[0] - eye.upper[4]) * 0.12 + (0, -0.03 * eye.width)
    upper = np.vstack([wing[None], eye.upper]).astype(np.float32)
    widths = look.upper_lid * eye.width * taper(len(upper), 0.1, 0.15, 0.34)
    lower = eye.lower[: round(len(eye.lower) * 0.86)]
    thin = look.lower_lid * eye.width * taper(len(lower), 0.2, 0.0, 0.3)
    for path, width, cover in ((upper - (0, 0.012 * eye.width), widths, look.lid_cover), (lower, thin, 0.55)):
        line = unit(stroke(path.astype(np.float32), width, size))[..., None]
        rgb += cover * trust * line * (dark - rgb)
    return rounded_off(rgb)


def _mixed(below: FloatMap, above: FloatMap, cover: FloatMap) -> FloatMap:
    return below + cover[..., None] * (above - below)
