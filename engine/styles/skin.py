"""Skin map: which pixels of the canvas are skin, for smooth tones there and everything else elsewhere.

A Gaussian in Lab around the colour of this very face. Hair before skin (beards, moustaches, bangs, brows) is
both darker and less chromatic than skin; a shadow on skin is darker but keeps its chroma.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points
from engine.face.matte import FACE_OVAL
from engine.face.parts import BACKGROUND, CLOTH, GLASSES, HAIR, HAT, Parts
from engine.raster import (
    dilated,
    eroded,
    gaussian,
    polygon,
    resized,
    rgb_to_lab,
    smoothstep,
    unit,
    wide_gaussian,
)

HALF = 2  # the map is made at half the size
FINER = (1.8, 3.0)  # times the fine texture of the face's own skin: from there on it is hair or cloth ...
SMOOTHEST = 0.35  # ... but of a face as smooth as in paint, L
DARKER = (28.0, 40.0)  # L under this skin's: so deep no shadow is above the brows, but hair
FRINGE = 0.75  # of the face's L: a forehead that is darker is covered by hair
PARSED = 0.85  # how far a parser is trusted beside the colours
# Outlines in the order of the mesh; right and left as the person has them.
RIGHT_EYE_RING = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE_RING = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)


@dataclass(frozen=True)
class Skin:
    """Where the skin is, and its colour.

    Attributes
    ----------
    share : float32 (768, 768) in [0, 1]
    features : float32 (768, 768) in [0, 1], soft: eyes, brows and lips
    oval : float32 (768, 768) in [0, 1], the face without what lies outside the mesh
    lightness, a, b : colour of its lit part, CIE Lab
    median : L of all skin of the face
    """

    share: FloatMap
    features: FloatMap
    oval: FloatMap
    lightness: float
    a: float
    b: float
    median: float


def find_skin(
    pixels: Pixels, matte: FloatMap, landmarks: Points, face_height: float, parts: Parts | None = None
) -> Skin:
    """Find the skin of the person on the canvas, by its colour and by what a parser saw, if there is one."""
    height, width = matte.shape
    size = (height // HALF, width // HALF)
    lab = rgb_to_lab(resized(pixels, size[1], size[0]))
    small_matte = resized(matte, size[1], size[0])
    points: Points = landmarks[:, :2] * np.float32(1 / HALF)
    length = face_height / HALF
    oval = polygon(points[list(FACE_OVAL)], size)
    features = np.zeros(size, np.uint8)
    for ring in (RIGHT_EYE_RING, LEFT_EYE_RING, RIGHT_BROW, LEFT_BROW, LIPS):
        features = np.maximum(features, polygon(points[list(ring)], size))
    features = dilated(features, 0.045 * length)
    above_brows = _above_brows(points, size)
    plain = (oval > 200) & (features == 0) & (small_matte > 0.9)
    lightness, a, b = _reference(lab, _without_fringe(lab, plain, above_brows))
    expected = _expected(points, length, size)
    likely = _likeness(lab, lightness, a, b, expected)
    fine = _fine(lab[..., 0], length)
    busy = smoothstep(1.2, 3.0, fine)
    hair = np.maximum(_hair(lab, lightness, a, b, busy), above_brows * _dyed(lab, lightness, a, b))
    soft_oval = wide_gaussian(unit(oval), 0.03 * length)
    own = max(float(np.median(fine[plain])), SMOOTHEST) if plain.any() else SMOOTHEST
    textured = np.maximum(busy, smoothstep(*FINER, fine / own) * (1 - expected))
    dark = above_brows * smoothstep(*DARKER, lightness - lab[..., 0])
    # beside and over a forehead what may be both is hair
    unsure = above_brows * (1 - likely) * np.clip(1 - 2 * expected, 0, 1)
    kept = (1 - unsure) * (1 - np.maximum(0.9 * textured, dark))
    likely = likely * (soft_oval + (1 - soft_oval) * kept)
    share = np.maximum(likely, 0.92 * smoothstep(0.5, 0.95, soft_oval)) * (1 - hair)
    share = _with_highlights(share, lab[..., 0], lightness, length)
    if parts is not None:
        share = _parsed(share, parts)
    share = smoothstep(0.25, 0.75, gaussian(share, 0.008 * length)) * small_matte
    soft_features = smoothstep(0.1, 0.9, gaussian(unit(features), 0.012 * length))
    return Skin(
        resized(share, width, height),
        resized(soft_features, width, height),
        resized(soft_oval, width, height),
        lightness,
        a,
        b,
        face_median(lab[..., 0], share * (1 - soft_features) * unit(oval)),
    )


def face_median(lightness: FloatMap, plain: FloatMap) -> float:
    """Median of L where `plain` (skin of the face without features) is over one half."""
    samples = lightness[plain > 0.5]
    return float(np.median(samples)) if samples.size else 60.0


def _above_brows(points: Points, size: tuple[int, int]) -> FloatMap:
    """1 over the brows, 0 under them, float32 `size`."""
    y, x = np.ogrid[0 : size[0], 0 : size[1]]
    down = points[152] - points[10]
    down = down / max(float(np.linalg.norm(down)), 1.0)
    brows = float(points[[105, 334]].mean(axis=0) @ down)
    result: FloatMap = (x * down[0] + y * down[1] < brows).astype(np.float32)
    return result


def _without_fringe(lab: FloatMap, plain: NDArray[np.bool_], above_brows: FloatMap) -> NDArray[np.bool_]:
    """Where to read the skin's colour: under the brows alone when the forehead is covered by darker hair."""
    over, under = lab[plain & (above_brows > 0), 0], lab[plain & (above_brows == 0), 0]
    if min(len(over), len(under)) < 20 or np.median(over) > FRINGE * np.median(under):
        return plain
    result: NDArray[np.bool_] = plain & (above_brows == 0)
    return result


def _reference(lab: FloatMap, where: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Median colour of the face; a second look leaves out hair, deep shadow and highlights."""
    samples = lab[where]
    if len(samples) < 20:
        return 60.0, 12.0, 16.0
    lightness = np.percentile(samples[:, 0], 60)
    kept = samples[np.abs(samples[:, 0] - lightness) < 14]
    middle = np.median(kept if len(kept) >= 20 else samples, axis=0)
    return float(middle[0]), float(middle[1]), float(middle[2])


def _expected(points: Points, length: float, size: tuple[int, int]) -> FloatMap:
    """Where skin is likely whatever its light: the neck under the chin, a forehead above the mesh."""
    y, x = np.ogrid[0 : size[0], 0 : size[1]]
    chin, top = points[152], points[10]
    down = (chin - top) / max(length, 1.0)
    expected = np.zeros(size, np.float32)
    for centre, wide, high, strength in (
        (chin + 0.20 * length * down, 0.34 * length, 0.42 * length, 0.70),
        (top - 0.05 * length * down, 0.40 * length, 0.34 * length, 0.45),
    ):
        distance = ((x - centre[0]) / wide) ** 2 + ((y - centre[1]) / high) ** 2
        expected = np.maximum(expected, strength * smoothstep(1.0, 0.4, distance.astype(np.float32)))
    return expected


def _likeness(lab: FloatMap, lightness: float, a: float, b: float, expected: FloatMap) -> FloatMap:
    spread = 6.5
    step = lab[..., 0] - lightness
    scale = np.clip(lab[..., 0] / max(lightness, 1.0), 0.45, 1.15)  # chroma falls with light
    distance = ((lab[..., 1] - a * scale) / spread) ** 2 + ((lab[..., 2] - b * scale) / (spread * 1.1)) ** 2
    distance += np.where(step < 0, (step / 32) ** 2, (step / 20) ** 2)
    distance *= 1 - expected
    likely: FloatMap = np.exp(-0.5 * np.maximum(distance - 1.5, 0)).astype(np.float32)
    return likely


def _hair(lab: FloatMap, lightness: float, a: float, b: float, busy: FloatMap) -> FloatMap:
    """Darker and less chromatic than this skin, both at once; or grey and of fine texture (white beards)."""
    chroma = np.sqrt(lab[..., 1] ** 2 + lab[..., 2] ** 2)
    darker = smoothstep(0.22, 0.42, 1 - lab[..., 0] / max(lightness, 1.0))
    # a shadow loses chroma with its light; hair has less than that
    shaded = np.clip(lab[..., 0] / max(lightness, 1.0), 0.4, 1.0) ** 0.8
    paler = smoothstep(0.12, 0.45, 1 - chroma / np.maximum(1.0, shaded * float(np.hypot(a, b))))
    grey = smoothstep(0.45, 0.70, 1 - chroma / max(1.0, float(np.hypot(a, b))))
    result: FloatMap = np.maximum(darker * paler, grey * busy)
    return result


def _dyed(lab: FloatMap, lightness: float, a: float, b: float) -> FloatMap:
    """Darker than this skin and of another hue: dyed hair; a shadow keeps the hue."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    along = (lab[..., 1] * a + lab[..., 2] * b) / np.maximum(chroma * np.hypot(a, b), 1.0)
    darker = smoothstep(0.15, 0.35, 1 - lab[..., 0] / max(lightness, 1.0))
    result: FloatMap = darker * smoothstep(0.88, 0.70, along) * smoothstep(4.0, 8.0, chroma)
    return result


def _with_highlights(share: FloatMap, lightness: FloatMap, skin_lightness: float, length: float) -> FloatMap:
    """Gaps in skin that are lighter than it are its highlights; eyes, hair and beards are darker."""
    height, width = share.shape
    small = resized(share, width // HALF, height // HALF)  # large discs are slow, and these gaps are large
    closed = eroded(dilated(small, 0.30 / HALF * length), 0.30 / HALF * length)
    closed = resized(closed, width, height)
    result: FloatMap = np.maximum(share, closed * smoothstep(0, 6, lightness - skin_lightness))
    return result


def _parsed(share: FloatMap, parts: Parts) -> FloatMap:
    """Skin is what is neither hair, cloth nor ground; through glasses the colours know better."""
    size = share.shape[::-1]
    other = resized(parts.sure_of(BACKGROUND, CLOTH, HAIR, HAT), *size)
    trust = PARSED * resized(parts.seen - parts.sure_of(GLASSES), *size)
    result: FloatMap = share + trust * (1 - other - share)
    return result


def _fine(lightness: FloatMap, length: float) -> FloatMap:
    """L of the fine texture: hair and cloth of the skin's colour have more than skin."""
    fine = np.abs(lightness - gaussian(lightness, max(0.8, 0.006 * length)))
    return wide_gaussian(fine, 0.02 * length)
