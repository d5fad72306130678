"""Pixel art: a portrait in large square dots, few colours, a dark outline one dot wide."""

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.arrays import FloatMap, Pixels
from engine.face.matte import FACE_OVAL
from engine.raster import Raster, dilated, gaussian, lab_to_rgb, mean_of, polygon, resized, rgb_to_lab
from engine.styles.blocks.complexion import complexion, held
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.portrait import finished
from engine.styles.blocks.tones import stepped
from engine.styles.composition import CANVAS
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class PixelArt:
    """Lightness in CIE L (0..100); lengths in px of the canvas unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.22, nose=0.97, jaw=0.98, head=1.11))
    eyes: EyeLook = field(
        default=EyeLook(white=0.85, chroma=1.9, upper_lid=0.12, lower_lid=0.0, highlight=0.36)
    )
    dot: int = 9  # side of a dot: six px of the sticker
    colours: int = 22  # of hair and clothes
    face_colours: int = 16  # of the face, so that blond hair and a pale shirt do not take its hue along
    skin_step: float = 9.0  # L between the tones of skin
    skin_ramp: float = 0.15  # share of a step that blends
    detail: float = 1.0
    skin_chroma: float = 1.18
    blush: float = 3.0
    rest_chroma: float = 1.6
    crisp: float = 0.75  # share of the local contrast that is added: what a dot averages away
    crisp_gain: float = 2.0  # L by which that lightens the middle of a cheek
    dither: float = 2.2  # L by which neighbouring dots may differ from their colour
    outline: float = 0.30  # L of the outline, as a share of what it runs on
    solid: float = 0.5  # of a dot that the figure must cover


# Bayer's matrix of order 4: thresholds spread so that every tone looks even
BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 15 - 0.5).astype(
    np.float32
)


def draw(sitting: Sitting, seed: int, style: PixelArt = PixelArt()) -> Drawing:
    """Draw a person in dots; nothing here is random, so the seed changes nothing."""
    lab = rgb_to_lab(sitting.brushed)
    lab[..., 1:] *= style.rest_chroma
    lab += sitting.skin.share[..., None] * (_skin(sitting, style) - lab)
    features = rgb_to_lab(mean_of(sitting.pixels, sitting.smooth, 0.5))
    features[..., 1:] *= 1.3
    lab += (0.9 * sitting.skin.features)[..., None] * (features - lab)
    drawing = finished(lab_to_rgb(lab), sitting.matte, sitting, style.shape, style.eyes)
    # The canvas is no whole number of dots: the last row and column are cut.
    side = -(-CANVAS // style.dot)
    span = side * style.dot - CANVAS
    paint = cv2.copyMakeBorder(drawing.pixels, 0, span, 0, span, cv2.BORDER_REPLICATE)
    matte = cv2.copyMakeBorder(drawing.matte, 0, span, 0, span, cv2.BORDER_CONSTANT)
    figure = (resized(cast(FloatMap, matte), side, side) > style.solid).astype(np.float32)
    dots = lab_to_rgb(_outlined(_dots(cast(Pixels, paint), side, style), figure, style))
    face = polygon(drawing.landmarks[list(FACE_OVAL), :2] / np.float32(style.dot), figure.shape) > 127
    few = np.where(
        face[..., None],
        _few(dots, face & (figure > 0.5), style.face_colours),
        _few(dots, ~face & (figure > 0.5), style.colours),
    )
    return Drawing(_large(few, style.dot), _large(figure, style.dot), drawing.landmarks)


def _skin(sitting: Sitting, style: PixelArt) -> FloatMap:
    seen = complexion(sitting, one_colour=0.65)
    tone = stepped(0.75 * seen.tone, style.skin_step, style.skin_ramp)
    detail = face_detail(seen.lightness, sitting.face_height, step=4.0, ramp=0.5)
    lightness = held(sitting.skin_lightness + tone + style.detail * detail, sitting) - style.crisp_gain
    warm = 0.2 * np.clip(-tone, 0, 20) + style.blush * seen.cheeks
    a, b = style.skin_chroma * seen.a + seen.warm[0] * warm, style.skin_chroma * seen.b + seen.warm[1] * warm
    return cast(FloatMap, cv2.merge([lightness, a, b]))


def _dots(paint: Pixels, side: int, style: PixelArt) -> FloatMap:
    """Mean colour of each dot, Lab, crisper and dithered."""
    lab = rgb_to_lab(resized(paint, side, side))
    lab[..., 0] += style.crisp * (lab[..., 0] - gaussian(lab[..., 0], 1.2))
    lab[..., 0] += style.dither * np.tile(BAYER, (side // 4 + 1, side // 4 + 1))[:side, :side]
    lab[..., 0] = np.clip(lab[..., 0], 0, 100)
    return lab


def _outlined(lab: FloatMap, figure: FloatMap, style: PixelArt) -> FloatMap:
    """A dark dot wherever the figure meets what is not."""
    rim = figure * dilated((1 - figure).astype(np.float32), 3)
    lab[..., 0] *= 1 - (1 - style.outline) * rim
    return lab


def _few(dots: Pixels, where: NDArray[np.bool_], colours: int) -> Pixels:
    """All dots in the few colours that suit those `where` best, chosen by median cut."""
    if not where.any():
        return dots
    palette = Image.fromarray(dots[where][None]).quantize(colours, Image.Quantize.MEDIANCUT, kmeans=3)
    matched = Image.fromarray(dots).quantize(palette=palette, dither=Image.Dither.NONE)
    return np.asarray(matched.convert("RGB"))


def _large(dots: Raster, side: int) -> Raster:
    """Each dot a square of `side` px, cut to the canvas."""
    return np.repeat(np.repeat(dots, side, axis=0), side, axis=1)[:CANVAS, :CANVAS]
