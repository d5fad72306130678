"""Paper cut: layers of coloured paper on one another, light on dark, each with its shadow on the next."""

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import (
    gaussian,
    lab_to_rgb,
    mean_of,
    resized,
    rgb_to_lab,
    smoothstep,
    warped,
    wide_gaussian,
)
from engine.styles.blocks.complexion import complexion, held
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.paper import paper_grain
from engine.styles.blocks.portrait import finished
from engine.styles.blocks.strands import rounded
from engine.styles.blocks.tones import stepped
from engine.styles.composition import CANVAS
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Papercut:
    """Lightness in CIE L (0..100); lengths in px of the canvas unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.16, nose=0.97, jaw=0.975, head=1.10))
    eyes: EyeLook = field(
        default=EyeLook(white=0.95, iris_cover=1.0, chroma=1.6, upper_lid=0.10, lower_lid=0.0, highlight=0.30)
    )
    skin_step: float = 12.0  # L between two papers of skin
    rest_step: float = 17.0  # L between two papers of hair and clothes
    ramp: float = 0.05  # share of a step that blends: scissors cut sharply
    round_off: float = 2.2  # sigma that rounds what is cut
    detail: float = 0.75
    skin_sheets: float = 0.55  # thickness of the papers of skin, the others being 1
    skin_chroma: float = 1.15
    blush: float = 3.0
    rest_chroma: float = 1.5
    on_top: float = 1.6  # layers that hair and clothes lie over the skin
    thrown: tuple[float, float] = (3.5, 5.0)  # how far shadows fall, across and down
    softness: float = 3.2  # sigma of the shadows
    shadow: float = 17.0  # L
    cut_edge: float = 7.0  # L of the light that a cut edge catches
    grain: float = 1.3  # L of the paper's fibres
    edge: float = 3.5  # sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Papercut = Papercut()) -> Drawing:
    """Cut a person out of paper; the seed moves the fibres."""
    random = np.random.default_rng(seed)
    rest, rest_layer = _rest(sitting, style)
    skin, skin_layer = _skin(sitting, style)
    share = _cut(sitting.skin.share)
    lab = rest + share[..., None] * (skin - rest)
    layer = rest_layer + style.on_top + share * (skin_layer - rest_layer - style.on_top)
    features, feature_layer = _features(sitting, style)
    place = sitting.skin.features
    lab += (0.92 * place)[..., None] * (features - lab)
    layer += place * (feature_layer - layer)
    lab[..., 0] += _relief(layer, style) * (1 - 0.5 * place)
    lab[..., 0] += style.grain * paper_grain(CANVAS, random, size=1.0)
    return finished(lab_to_rgb(lab), rounded(sitting.matte, style.edge), sitting, style.shape, style.eyes)


def _cut(share: FloatMap) -> FloatMap:
    """The same area with one sharp, round border."""
    return smoothstep(0.46, 0.54, wide_gaussian(share, 3.0))


def _rest(sitting: Sitting, style: Papercut) -> tuple[FloatMap, FloatMap]:
    """Hair and clothes in few papers; Lab, and the number of the layer, which need not be whole."""
    half = resized(sitting.brushed, CANVAS // 2, CANVAS // 2)
    calm = cv2.medianBlur(cv2.medianBlur(half, 11), 11)
    lab = rgb_to_lab(resized(cast(Pixels, calm), CANVAS, CANVAS))
    lightness: FloatMap = gaussian(np.ascontiguousarray(lab[..., 0]), style.round_off)
    tones = stepped(lightness, style.rest_step, style.ramp, origin=4.0)
    lab[..., 0] = tones + 3
    lab[..., 1:] *= style.rest_chroma
    return lab, tones / np.float32(style.rest_step)


def _skin(sitting: Sitting, style: Papercut) -> tuple[FloatMap, FloatMap]:
    seen = complexion(sitting, window=0.030, one_colour=0.85)
    detail = face_detail(seen.lightness, sitting.face_height, step=1.0, ramp=1.0)
    relief: FloatMap = 0.70 * seen.tone + style.detail * detail
    tones = stepped(gaussian(relief, 1.4 * style.round_off), style.skin_step, style.ramp)
    lightness = held(sitting.skin_lightness + tones, sitting)
    warm = 0.2 * np.clip(-tones, 0, 20) + style.blush * seen.cheeks
    a, b = style.skin_chroma * seen.a + seen.warm[0] * warm, style.skin_chroma * seen.b + seen.warm[1] * warm
    layer = tones * np.float32(style.skin_sheets / style.skin_step)
    return cast(FloatMap, cv2.merge([lightness, a, b])), layer


def _features(sitting: Sitting, style: Papercut) -> tuple[FloatMap, FloatMap]:
    """Eyes, brows and lips in papers finer than the rest."""
    lab = rgb_to_lab(mean_of(sitting.pixels, sitting.smooth, 0.3))
    lightness: FloatMap = gaussian(np.ascontiguousarray(lab[..., 0]), 1.0)
    tones = stepped(lightness, 8.0, 0.25)
    lab[..., 0] = tones
    lab[..., 1:] = 1.3 * gaussian(np.ascontiguousarray(lab[..., 1:]), 2.0)
    return lab, (tones - np.float32(sitting.skin_lightness)) / np.float32(2 * style.skin_step)


def _relief(layer: FloatMap, style: Papercut) -> FloatMap:
    """L that a layer gains at its cut edge, and loses under the edge of a higher one."""
    height = np.ascontiguousarray(layer)

    def from_above_left(across: float, down: float) -> FloatMap:
        shift = np.array([[1, 0, across], [0, 1, down]], np.float32)
        return warped(height, shift, CANVAS, CANVAS, border=cv2.BORDER_REPLICATE)

    under = np.clip(gaussian(from_above_left(*style.thrown), style.softness) - height, 0, 1.4)
    lit = np.clip(height - from_above_left(1.2, 1.6), 0, 1)
    result: FloatMap = style.cut_edge * lit - style.shadow * under
    return result
