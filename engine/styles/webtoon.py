"""Webtoon: smooth skin in soft tones, glossy strands of hair, clear eyes, coloured lines."""

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, lab_to_rgb, mean_of, rgb_to_lab, smoothstep
from engine.styles.blocks.complexion import complexion, held
from engine.styles.blocks.contours import face_contours
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.lines import flow_lines, line_ground
from engine.styles.blocks.portrait import finished, frontal_share
from engine.styles.blocks.strands import rounded, shocked
from engine.styles.blocks.tones import stepped
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Webtoon:
    """Lightness in CIE L (0..100); lengths in face heights unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.26, nose=0.96, jaw=0.965, head=1.10))
    eyes: EyeLook = field(default=EyeLook())
    skin_window: float = 0.026  # what is finer counts as detail, not as tone
    skin_step: float = 9.0  # L between the tones of skin
    skin_ramp: float = 0.30  # share of a step that blends
    skin_steps: float = 0.85  # how much of the skin's tone is stepped; the rest stays smooth
    shadows: float = 0.54  # of the depth of shadows on skin
    lights: float = 0.75  # of the height of lights on skin
    detail: float = 0.78  # of the quantised detail layer
    shadow_warmth: float = 0.20  # chroma towards red for one L of shadow
    blush: float = 4.5  # chroma towards red on the cheeks
    features: float = 0.88  # how much of the filtered photo eyes, brows and lips keep
    rest_step: float = 10.0  # L between the tones of hair and clothes
    rest_ramp: float = 0.28
    rest_chroma: float = 1.30
    skin_chroma: float = 1.14
    one_colour: float = 0.60  # how far the colour of skin is drawn to one
    line_lightness: float = 0.20  # a line's L, as a share of what it runs on
    contour: float = 3.2  # px of the canvas, the line around the figure
    edge: float = 2.2  # px of the canvas: sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Webtoon = Webtoon()) -> Drawing:
    """Draw a person as in a webtoon; nothing here is random, so the seed changes nothing."""
    rest = _rest(sitting, style)
    skin = _skin(sitting, style)
    features = _features(sitting.pixels, sitting.smooth)
    lab = rest + sitting.skin.share[..., None] * (skin - rest)
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    matte = rounded(sitting.matte, style.edge)
    lab = _lined(lab, matte, sitting, style)
    return finished(lab_to_rgb(lab), matte, sitting, style.shape, style.eyes)


def _rest(sitting: Sitting, style: Webtoon) -> FloatMap:
    """Hair and clothes in few tones."""
    lab = rgb_to_lab(sitting.brushed)
    lab[..., 0] = 0.15 * lab[..., 0] + 0.85 * stepped(lab[..., 0], style.rest_step, style.rest_ramp)
    lab[..., 1:] *= style.rest_chroma
    return lab


def _skin(sitting: Sitting, style: Webtoon) -> FloatMap:
    seen = complexion(sitting, window=style.skin_window, one_colour=style.one_colour)
    tone = seen.tone * np.where(seen.tone < 0, style.shadows, style.lights).astype(np.float32)
    steps = stepped(tone, style.skin_step, style.skin_ramp, origin=-style.skin_step / 2)
    tone += style.skin_steps * (steps - tone)
    detail = face_detail(seen.lightness, sitting.face_height, step=4.0, ramp=0.55)
    lightness = held(sitting.skin_lightness + tone + style.detail * detail, sitting)
    shade = style.shadow_warmth * np.clip(-tone, 0, 25)
    blush = style.blush * seen.cheeks
    a = style.skin_chroma * seen.a + 0.9 * seen.warm[0] * shade + blush
    b = style.skin_chroma * seen.b + 0.9 * seen.warm[1] * shade + 0.35 * blush
    return cast(FloatMap, cv2.merge([lightness, a, b]))


def _features(pixels: Pixels, smooth: Pixels) -> FloatMap:
    """Eyes, brows and lips: the smoothed photo, crisper."""
    lab = rgb_to_lab(shocked(mean_of(pixels, smooth, 0.30), 1.6))
    lab[..., 0] += 0.6 * (lab[..., 0] - gaussian(lab[..., 0], 2.5))
    lab[..., 1:] *= 1.14
    return lab


def _lined(lab: FloatMap, matte: FloatMap, sitting: Sitting, style: Webtoon) -> FloatMap:
    """Coloured lines: what a line runs on, much darker."""
    lightness, plain = line_ground(sitting)
    lines = flow_lines(
        lightness,
        sitting.flow,
        threshold=0.62 + 0.55 * plain,
        softness=0.60,
        floor=1.2 - 0.7 * sitting.skin.oval,
    )
    lines *= 0.95 - 0.20 * plain
    frontal = frontal_share(sitting, 42, 28)
    lines = np.maximum(lines, frontal * face_contours(sitting.landmarks, plain, sitting.face_height))
    inner = smoothstep(0.55, 0.98, gaussian(matte, style.contour))
    lines = np.maximum(lines, 0.9 * (1 - inner))
    lab[..., 0] *= 1 - (1 - style.line_lightness) * lines
    return lab
