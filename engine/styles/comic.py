"""Comic: flat, strong colours, ink in bold lines and solid black, dots of print in the shade."""

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, lab_to_rgb, mean_of, resized, rgb_to_lab, smoothstep
from engine.styles.blocks.complexion import complexion, held, skin_hued
from engine.styles.blocks.contours import face_contours
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.halftone import Halftone
from engine.styles.blocks.lines import flow_lines, line_ground
from engine.styles.blocks.portrait import finished, frontal_share
from engine.styles.blocks.strands import rounded, shocked
from engine.styles.blocks.tones import stepped
from engine.styles.composition import CANVAS
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Comic:
    """Lightness in CIE L (0..100); lengths in px of the canvas unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.14, nose=0.97, jaw=0.975, head=1.10))
    eyes: EyeLook = field(
        default=EyeLook(white=0.85, chroma=1.8, upper_lid=0.095, lower_lid=0.036, highlight=0.24)
    )
    skin_window: float = 0.020  # face heights; what is finer counts as detail, not as tone
    skin_step: float = 15.0  # L between the flat tones of skin
    skin_ramp: float = 0.10  # share of a step that blends
    shadows: float = 0.75  # of the depth of shadows on skin
    lights: float = 0.80  # of the height of lights on skin
    detail: float = 0.85  # of the quantised detail layer
    shadow_warmth: float = 0.22  # chroma towards red for one L of shadow
    blush: float = 2.0
    skin_chroma: float = 1.22
    most_chroma: float = 1.4  # times the skin's own: what shadows may reach
    one_colour: float = 0.60  # how far the colour of skin is drawn to one
    features: float = 0.85  # how much of the filtered photo eyes, brows and lips keep
    rest_step: float = 18.0  # L between the flat tones of hair and clothes
    rest_ramp: float = 0.10
    rest_lift: float = 4.0  # L
    rest_chroma: float = 0.75  # added to colours that are one; greys stay grey
    dot_pitch: float = 10.0
    dot_depth: float = 0.30  # share of the light that a dot takes
    dots_on_skin: tuple[float, float] = (-5.0, -22.0)  # L under the median: first and fullest dots
    dots_on_rest: tuple[float, float] = (58.0, 22.0)  # L: first and fullest dots
    black: float = 0.12  # share of the figure that may be solid black
    blackest: float = 27.0  # L that solid black needs at least to stay under
    ink: tuple[float, float, float] = (7.0, 3.0, -5.0)  # Lab
    fine: float = 1.25  # sigma of the fine lines
    bold: float = 2.6  # sigma of the bold ones
    contour: float = 6.5  # the line around the figure
    edge: float = 2.4  # sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Comic = Comic()) -> Drawing:
    """Draw a person as in a printed comic; nothing here is random, so the seed changes nothing."""
    skin, shade = _skin(sitting, style)
    rest = _rest(sitting, style)
    features = _features(sitting)
    share = sitting.skin.share
    lab = rest + share[..., None] * (skin - rest)
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    matte = rounded(sitting.matte, style.edge)
    ink = np.maximum(_lines(matte, sitting, style), _black(sitting, style))
    lab += ink[..., None] * (np.array(style.ink, np.float32) - lab)
    halftone = Halftone(shade * (1 - ink), style.dot_pitch, style.dot_depth)
    return finished(lab_to_rgb(lab), matte, sitting, style.shape, style.eyes, halftone)


def _skin(sitting: Sitting, style: Comic) -> tuple[FloatMap, FloatMap]:
    """Flat tones, Lab, and where print lays dots, 0..1, over the whole canvas."""
    seen = complexion(sitting, window=style.skin_window, one_colour=style.one_colour)
    tone = seen.tone * np.where(seen.tone < 0, style.shadows, style.lights).astype(np.float32)
    flat = stepped(tone, style.skin_step, style.skin_ramp)
    detail = face_detail(seen.lightness, sitting.face_height, step=5.0, ramp=0.30)
    lightness = held(sitting.skin_lightness + flat + style.detail * detail, sitting)
    depth = style.shadow_warmth * np.clip(-flat, 0, 16) + style.blush * seen.cheeks
    a = style.skin_chroma * seen.a + 0.85 * seen.warm[0] * depth
    b = style.skin_chroma * seen.b + 0.85 * seen.warm[1] * depth
    most = style.most_chroma * style.skin_chroma * float(np.hypot(sitting.skin.a, sitting.skin.b))
    strong = np.minimum(1, most / np.maximum(np.hypot(a, b), 1))
    a, b = a * strong, b * strong
    share = sitting.skin.share
    rest = rgb_to_lab(sitting.brushed)[..., 0]
    shade = 0.8 * (1 - share) * smoothstep(*style.dots_on_rest, rest)
    shade += share * smoothstep(*style.dots_on_skin, tone)
    shade *= 1 - sitting.skin.features
    return cast(FloatMap, cv2.merge([lightness, a, b])), shade


def _rest(sitting: Sitting, style: Comic) -> FloatMap:
    """Hair and clothes in flat patches with round outlines; what has a colour gets more of it."""
    lab = rgb_to_lab(_patches(sitting.brushed))
    lab[..., 0] = stepped(gaussian(lab[..., 0], 1.5), style.rest_step, style.rest_ramp) + style.rest_lift
    chroma: FloatMap = np.hypot(lab[..., 1], lab[..., 2])
    spared = np.maximum(sitting.skin.oval, skin_hued(lab, sitting.skin))
    boost = style.rest_chroma * smoothstep(4, 18, chroma) * (1 - spared)
    lab[..., 1:] *= (1 + boost)[..., None]
    return lab


def _patches(pixels: Pixels) -> Pixels:
    """Without what is narrower than about 10 px; medians keep edges and round corners."""
    small = resized(pixels, CANVAS // 2, CANVAS // 2)
    return resized(cast(Pixels, cv2.medianBlur(small, 9)), CANVAS, CANVAS)


def _features(sitting: Sitting) -> FloatMap:
    """Eyes, brows and lips: the smoothed photo, harder."""
    lab = rgb_to_lab(shocked(mean_of(sitting.pixels, sitting.smooth, 0.25), 1.8))
    lab[..., 0] += 0.9 * (lab[..., 0] - gaussian(lab[..., 0], 3.0))
    lab[..., 1:] *= 1.3
    return lab


def _black(sitting: Sitting, style: Comic) -> FloatMap:
    """Solid black: the darkest of hair and clothes."""
    lightness = gaussian(rgb_to_lab(sitting.brushed)[..., 0], 1.5)
    figure = lightness[::4, ::4][sitting.matte[::4, ::4] > 0.5]
    limit = min(float(np.quantile(figure, style.black)), style.blackest) if figure.size else 0.0
    outside = 1 - np.maximum(sitting.skin.share, sitting.skin.features)
    return outside * smoothstep(limit + 1.5, limit - 1.5, lightness)


def _lines(matte: FloatMap, sitting: Sitting, style: Comic) -> FloatMap:
    """Ink: fine lines where something ends, bold ones where much does, and the figure's contour."""
    lightness, plain = line_ground(sitting)
    fine = flow_lines(
        lightness,
        sitting.flow,
        sigma=style.fine,
        threshold=0.65 + 0.50 * plain,
        softness=0.45,
        floor=1.3 - 0.6 * sitting.skin.oval,
    )
    bold = flow_lines(
        lightness,
        sitting.flow,
        sigma=style.bold,
        threshold=0.8 + 0.5 * plain,
        softness=0.30,
        floor=2.2 - 0.6 * sitting.skin.oval,
    )
    lines = np.maximum(fine, bold) * (1 - 0.15 * plain)
    jaw = face_contours(sitting.landmarks, plain, sitting.face_height, width=0.016)
    lines = np.maximum(lines, frontal_share(sitting, 42, 28) * jaw)
    inner = smoothstep(0.55, 0.90, gaussian(matte, style.contour))
    result: FloatMap = np.maximum(lines, 1 - inner)
    return result
