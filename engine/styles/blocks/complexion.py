"""Complexion: the skin of a face as painters see it - its light and shade, its one clean colour, its blush.

Everything is averaged over skin alone, so that hair and features do not bleed in, and nothing here moves the
median of the skin further than asked: dark skin stays dark, light skin light.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Points
from engine.raster import rgb_to_lab, smoothstep, wide_gaussian
from engine.styles.sitting import Sitting
from engine.styles.skin import Skin, face_median

# L by which the median of skin is raised over the photo's, by its own L: a little for everybody
TONES = (25.0, 60.0, 76.0, 90.0)
LIFTS = (2.5, 5.0, 4.5, 0.0)
SPOTS = (50, 280, 205, 425, 101, 330, 151, 108, 337, 36, 266)  # landmarks on bare skin of nearly everybody
DOUBT = 4.0  # L, how far these spots are trusted against the whole face
TURN = 0.35  # radians by which hues are turned back at most
SPOT = 0.02  # face heights, sigma of such a spot
SHINE = (0.75, 1.12)  # how far chroma falls in shade and rises in light, as shares of the skin's own


@dataclass(frozen=True)
class Complexion:
    """Skin of the working canvas; all maps float32 (768, 768).

    Attributes
    ----------
    lightness : CIE L of the smoothed photo
    tone : L over (+) or under (-) the skin's median, without fine detail
    a, b : CIE a and b of the skin, cleaned of grey shine and blotches
    cheeks : 0..1, soft spots under the eyes
    warm : a and b of one unit of chroma in this skin's own hue, a little redder: what shade and blush add
    """

    lightness: FloatMap
    tone: FloatMap
    a: FloatMap
    b: FloatMap
    cheeks: FloatMap
    warm: tuple[float, float]


def complexion(sitting: Sitting, *, window: float = 0.026, one_colour: float = 0.38) -> Complexion:
    """Look at the skin of a person.

    Parameters
    ----------
    window : face heights; what is finer counts as detail, not as tone
    one_colour : 0..1, how far the colour is drawn to one; grey shine in photos makes dark skin ashen
    """
    length, middle = sitting.face_height, sitting.skin_lightness
    lab = rgb_to_lab(sitting.smooth)
    share = np.maximum(sitting.skin.share * (1 - sitting.skin.features), 0.01)
    lightness = np.ascontiguousarray(lab[..., 0])

    def spread(values: FloatMap, sigma: float) -> FloatMap:
        result: FloatMap = wide_gaussian(values * share, sigma) / wide_gaussian(share, sigma)
        return result

    grown = np.clip(lightness / max(middle, 1.0), *SHINE)
    a, b = (
        mixed + one_colour * (own * grown - mixed)
        for own, mixed in (
            (sitting.skin.a, spread(lab[..., 1], 0.03 * length)),
            (sitting.skin.b, spread(lab[..., 2], 0.03 * length)),
        )
    )
    tone = spread(lightness, window * length) - middle
    a, b = _same_hue(a, b, lab, sitting)
    red, yellow = max(1.25 * sitting.skin.a, 3.0), max(sitting.skin.b, 1.0)
    chroma = float(np.hypot(red, yellow))
    spots = cheeks(sitting.landmarks, length, lightness.shape)
    return Complexion(lightness, tone, a, b, spots, (red / chroma, yellow / chroma))


def _same_hue(a: FloatMap, b: FloatMap, seen: FloatMap, sitting: Sitting) -> tuple[FloatMap, FloatMap]:
    """Colours turned so that the hue of cheeks, forehead and chin together is the one seen."""
    columns, rows = _spots(sitting)
    before, after = (
        float(np.arctan2(np.median(second[rows, columns]), np.median(first[rows, columns])))
        for first, second in ((seen[..., 1], seen[..., 2]), (a, b))
    )
    turn = float(np.clip((before - after + np.pi) % (2 * np.pi) - np.pi, -TURN, TURN))
    sine, cosine = np.float32(np.sin(turn)), np.float32(np.cos(turn))
    return cosine * a - sine * b, sine * a + cosine * b


def _spots(sitting: Sitting, shrunk: int = 1) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Columns and rows of the spots of bare skin on the canvas, or on one `shrunk` so many times."""
    side = len(sitting.matte) // shrunk
    places = np.clip(sitting.landmarks[list(SPOTS), :2] / shrunk, 0, side - 1).astype(np.intp)
    return places[:, 0], places[:, 1]


def held(drawn: FloatMap, sitting: Sitting, doubt: float = DOUBT) -> FloatMap:
    """Lightness of drawn skin, moved so that cheeks, forehead and chin are as light as in the photo.

    A little lighter, by the usual raise; where the mesh's spots lie on no skin, the whole face counts.
    `doubt`: L by which the spots may say something else than the whole face.
    """
    raised = sitting.skin.median + float(np.interp(sitting.skin.median, TONES, LIFTS))
    plain = (sitting.skin.share * (1 - sitting.skin.features))[::2, ::2]
    drawn_half = drawn[::2, ::2]
    move = raised - face_median(drawn_half, plain * sitting.skin.oval[::2, ::2])
    columns, rows = _spots(sitting, shrunk=2)
    on_skin = plain[rows, columns] > 0.6
    if on_skin.sum() >= 5:
        before, after = (
            float(np.median(wide_gaussian(half, SPOT * sitting.face_height / 2)[rows, columns][on_skin]))
            for half in (_lightness(sitting), drawn_half)
        )
        by_spots = before - sitting.skin_lightness + raised - after
        move = float(np.clip(by_spots, move - doubt, move + doubt))
    result: FloatMap = np.clip(drawn + np.float32(move), 0, 100)
    return result


def _lightness(sitting: Sitting) -> FloatMap:
    """L of the smoothed photo at half the size."""
    half = rgb_to_lab(np.ascontiguousarray(sitting.smooth[::2, ::2]))
    return np.ascontiguousarray(half[..., 0])


def skin_hued(lab: FloatMap, skin: Skin) -> FloatMap:
    """How far colours (H, W, 3) have the hue of this skin, float32 (H, W) in [0, 1].

    Ears, necks and hands that were not taken for skin: as strong as cloth they would turn to raw meat.
    """
    own = np.array([skin.a, skin.b], np.float32)
    own /= np.float32(max(float(np.hypot(*own)), 1.0))
    chroma: FloatMap = np.hypot(lab[..., 1], lab[..., 2])
    along = (lab[..., 1] * own[0] + lab[..., 2] * own[1]) / np.maximum(chroma, np.float32(1))
    return smoothstep(0.86, 0.97, along)


def cheeks(landmarks: Points, length: float, size: tuple[int, ...]) -> FloatMap:
    """Soft spots under the eyes, float32 in [0, 1]."""
    spots = np.zeros(size[:2], np.float32)
    for cheek in (50, 280):
        spots += soft_spot(landmarks[cheek], (0.10 * length, 0.08 * length), size)
    return spots


def soft_spot(centre: Points, radii: tuple[float, float], size: tuple[int, ...]) -> FloatMap:
    """Gaussian spot, float32 `size`, 1 at `centre` (x, y); `radii` are its sigmas across and down, px."""
    across, down = (
        np.exp(-0.5 * ((np.arange(side, dtype=np.float32) - middle) / sigma) ** 2)
        for side, middle, sigma in zip((size[1], size[0]), centre[:2], radii, strict=True)
    )
    spot: FloatMap = np.multiply.outer(down, across).astype(np.float32, copy=False)
    return spot
