"""Webtoon: smooth skin in soft tones, glossy strands of hair, clear eyes, coloured lines."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import (
    gaussian,
    grey,
    lab_to_rgb,
    looked_up,
    resized,
    rgb_to_lab,
    smoothstep,
    wide_gaussian,
)
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook, draw_eyes
from engine.styles.blocks.lines import flow_lines
from engine.styles.blocks.mouth import draw_mouth
from engine.styles.blocks.strands import strands
from engine.styles.blocks.tones import stepped
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange, displacement, moved_landmarks, way_back
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Webtoon:
    """Lightness in CIE L (0..100); lengths in face heights unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.24, nose=0.96, jaw=0.965, head=1.10))
    eyes: EyeLook = field(default=EyeLook())
    skin_window: float = 0.016  # what is finer counts as detail, not as tone
    skin_step: float = 9.0  # L between the tones of skin
    skin_ramp: float = 0.55  # share of a step that blends
    skin_steps: float = 0.60  # how much of the skin's tone is stepped; the rest stays smooth
    detail: float = 0.85  # of the quantised detail layer
    features: float = 0.85  # how much of the filtered photo eyes, brows and lips keep
    rest_step: float = 8.0  # L between the tones of hair and clothes
    rest_ramp: float = 0.45
    rest_chroma: float = 1.22
    skin_chroma: float = 1.08
    line_lightness: float = 0.28  # a line's L, as a share of what it runs on
    contour: float = 2.2  # px of the canvas, the line around the figure


def draw(sitting: Sitting, seed: int, style: Webtoon = Webtoon()) -> Drawing:
    """Draw a person as in a webtoon; nothing here is random, so the seed changes nothing."""
    painted_rest = strands(sitting.pixels, sitting.flow)
    smooth = _smoothed(sitting.pixels)
    rest = _rest(painted_rest, style)
    skin = _skin(smooth, sitting, style)
    features = _features(painted_rest, smooth)
    share = sitting.skin.share[..., None]
    lab = rest + share * (skin - rest)
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    lab = _lined(lab, smooth, sitting, style)
    return _shaped(lab_to_rgb(lab), sitting, style)


def _smoothed(pixels: Pixels) -> Pixels:
    """Photo without pores and noise, edges kept; at half the size."""
    height, width = pixels.shape[:2]
    half = resized(pixels, width // 2, height // 2)
    for _ in range(2):
        half = cv2.bilateralFilter(half, 7, 22, 3)
    return resized(half, width, height)


def _rest(painted: Pixels, style: Webtoon) -> FloatMap:
    lab = rgb_to_lab(painted)
    lab[..., 0] = 0.25 * lab[..., 0] + 0.75 * stepped(lab[..., 0], style.rest_step, style.rest_ramp)
    lab[..., 1:] *= style.rest_chroma
    return lab


def _skin(smooth: Pixels, sitting: Sitting, style: Webtoon) -> FloatMap:
    length = sitting.face_height
    lab = rgb_to_lab(smooth)
    lightness = lab[..., 0]
    share = np.maximum(sitting.skin.share * (1 - sitting.skin.features), 0.01)

    def spread(values: FloatMap, sigma: float) -> FloatMap:
        """Mean over skin alone: hair and features do not bleed in."""
        return wide_gaussian(values * share, sigma) / wide_gaussian(share, sigma)

    tone = spread(lightness, style.skin_window * length)
    steps = stepped(
        tone, style.skin_step, style.skin_ramp, origin=sitting.skin_lightness - style.skin_step / 2
    )
    tone = tone + style.skin_steps * (steps - tone)
    lab[..., 0] = tone + style.detail * face_detail(lightness, length)
    for channel in (1, 2):
        lab[..., channel] = style.skin_chroma * spread(lab[..., channel], 0.02 * length)
    return lab


def _features(painted: Pixels, smooth: Pixels) -> FloatMap:
    """Eyes, brows and lips: the smoothed photo, crisper."""
    mixed = cv2.addWeighted(painted, 0.35, smooth, 0.65, 0)
    lab = rgb_to_lab(mixed)
    lab[..., 0] += 0.7 * (lab[..., 0] - gaussian(lab[..., 0], 2.5))
    lab[..., 1:] *= 1.12
    return lab


def _lined(lab: FloatMap, smooth: Pixels, sitting: Sitting, style: Webtoon) -> FloatMap:
    """Coloured lines: what a line runs on, much darker."""
    lightness = grey(smooth).astype(np.float32) * np.float32(100 / 255)
    plain = sitting.skin.share * (1 - sitting.skin.features)
    lines = flow_lines(lightness, sitting.flow, threshold=0.75 + 0.75 * plain, softness=0.9)
    lines *= 0.75 - 0.25 * plain
    inner = cv2.erode(sitting.matte, np.ones((3, 3), np.uint8))
    contour = sitting.matte - gaussian(inner, style.contour)
    contour = smoothstep(0.12, 0.45, contour)
    lines = np.maximum(lines, 0.75 * contour)
    lab[..., 0] *= 1 - (1 - style.line_lightness) * lines
    return lab


def _shaped(painted: Pixels, sitting: Sitting, style: Webtoon) -> Drawing:
    move = displacement(sitting.landmarks, sitting.face_height, style.shape)
    source = way_back(move)
    landmarks = moved_landmarks(sitting.landmarks, move)
    pixels = looked_up(painted, source, cv2.INTER_CUBIC)
    photo = looked_up(sitting.pixels, source)
    matte = looked_up(sitting.matte, source)
    frontal = float(np.clip((48 - abs(sitting.yaw)) / 12, 0, 1))
    pixels = draw_mouth(pixels, landmarks, sitting.face_height, frontal=frontal)
    pixels = draw_eyes(pixels, photo, landmarks, style.eyes, frontal=frontal)
    return Drawing(pixels, matte, landmarks)
