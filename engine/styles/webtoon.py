"""Webtoon: smooth skin in soft tones, glossy strands of hair, clear eyes, coloured lines."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import (
    gaussian,
    lab_to_rgb,
    looked_up,
    mean_of,
    rgb_to_lab,
    smoothstep,
    wide_gaussian,
)
from engine.styles.blocks.contours import face_contours
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook, draw_eyes
from engine.styles.blocks.lines import flow_lines, line_ground
from engine.styles.blocks.mouth import draw_mouth
from engine.styles.blocks.strands import rounded, shocked
from engine.styles.blocks.tones import stepped
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange, displacement, moved_landmarks, way_back
from engine.styles.sitting import Sitting
from engine.styles.skin import face_median


@dataclass(frozen=True)
class Webtoon:
    """Lightness in CIE L (0..100); lengths in face heights unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.20, nose=0.96, jaw=0.965, head=1.10))
    eyes: EyeLook = field(default=EyeLook())
    skin_window: float = 0.026  # what is finer counts as detail, not as tone
    skin_step: float = 8.0  # L between the tones of skin
    skin_ramp: float = 0.42  # share of a step that blends
    skin_steps: float = 0.65  # how much of the skin's tone is stepped; the rest stays smooth
    # L by which the median of skin is raised: a little for everybody, dark skin stays dark
    tones: tuple[float, ...] = (25.0, 60.0, 76.0, 90.0)
    lifts: tuple[float, ...] = (3.5, 6.5, 6.0, 0.0)
    shadows: float = 0.58  # of the depth of shadows on skin
    lights: float = 0.75  # of the height of lights on skin
    detail: float = 0.78  # of the quantised detail layer
    shadow_warmth: float = 0.20  # chroma towards red for one L of shadow
    blush: float = 3.2  # chroma towards red on the cheeks
    features: float = 0.88  # how much of the filtered photo eyes, brows and lips keep
    rest_step: float = 8.0  # L between the tones of hair and clothes
    rest_ramp: float = 0.40
    rest_chroma: float = 1.22
    skin_chroma: float = 1.10
    one_colour: float = 0.38  # how far the colour of skin is drawn to one
    line_lightness: float = 0.26  # a line's L, as a share of what it runs on
    contour: float = 2.6  # px of the canvas, the line around the figure
    edge: float = 2.2  # px of the canvas: sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Webtoon = Webtoon()) -> Drawing:
    """Draw a person as in a webtoon; nothing here is random, so the seed changes nothing."""
    smooth = sitting.smooth
    rest = _rest(sitting, style)
    skin = _skin(smooth, sitting, style)
    features = _features(sitting.pixels, smooth)
    lab = rest + sitting.skin.share[..., None] * (skin - rest)
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    matte = rounded(sitting.matte, style.edge)
    lab = _lined(lab, matte, sitting, style)
    return _shaped(lab_to_rgb(lab), matte, sitting, style)


def _rest(sitting: Sitting, style: Webtoon) -> FloatMap:
    """Hair and clothes in few tones."""
    lab = rgb_to_lab(sitting.brushed)
    lab[..., 0] = 0.25 * lab[..., 0] + 0.75 * stepped(lab[..., 0], style.rest_step, style.rest_ramp)
    lab[..., 1:] *= style.rest_chroma
    return lab


def _skin(smooth: Pixels, sitting: Sitting, style: Webtoon) -> FloatMap:
    length, middle = sitting.face_height, sitting.skin_lightness
    lab = rgb_to_lab(smooth)
    lightness = lab[..., 0]
    share = np.maximum(sitting.skin.share * (1 - sitting.skin.features), 0.01)

    def spread(values: FloatMap, sigma: float) -> FloatMap:
        """Mean over skin alone: hair and features do not bleed in."""
        result: FloatMap = wide_gaussian(values * share, sigma) / wide_gaussian(share, sigma)
        return result

    tone = spread(lightness, style.skin_window * length) - middle
    tone *= np.where(tone < 0, style.shadows, style.lights).astype(np.float32)
    steps = stepped(tone, style.skin_step, style.skin_ramp, origin=-style.skin_step / 2)
    tone += style.skin_steps * (steps - tone)
    detail = face_detail(lightness, length, step=4.0, ramp=0.55)
    drawn = middle + tone + style.detail * detail
    plain = (share * sitting.skin.oval)[::2, ::2]
    lift = float(np.interp(sitting.skin.median, style.tones, style.lifts))
    drawn += sitting.skin.median + lift - face_median(drawn[::2, ::2], plain)
    lab[..., 0] = np.clip(drawn, 0, 100)
    # One clean colour: shine is grey in photos, which makes dark skin look ashen.
    grown = np.clip(lab[..., 0] / max(middle, 1.0), 0.75, 1.12)
    for channel, own in ((1, sitting.skin.a), (2, sitting.skin.b)):
        mixed = spread(lab[..., channel], 0.03 * length)
        lab[..., channel] = style.skin_chroma * (mixed + style.one_colour * (own * grown - mixed))
    shade = style.shadow_warmth * np.clip(-tone, 0, 25)
    blush = style.blush * _cheeks(sitting.landmarks, length, sitting.matte.shape)
    lab[..., 1] += 0.75 * shade + blush
    lab[..., 2] += 0.55 * shade + 0.35 * blush
    return lab


def _cheeks(landmarks: Points, length: float, size: tuple[int, ...]) -> FloatMap:
    """Soft spots under the eyes, float32 in [0, 1]."""
    y, x = np.ogrid[0 : size[0], 0 : size[1]]
    spots = np.zeros(size[:2], np.float32)
    for cheek in (50, 280):
        distance = (x - landmarks[cheek, 0]) ** 2 + 1.6 * (y - landmarks[cheek, 1]) ** 2
        spots += np.exp(-distance / (2 * (0.10 * length) ** 2)).astype(np.float32)
    return spots


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
        softness=0.75,
        floor=1.2 - 0.7 * sitting.skin.oval,
    )
    lines *= 0.85 - 0.15 * plain
    frontal = float(np.clip((42 - abs(sitting.yaw)) / 14, 0, 1))
    lines = np.maximum(lines, frontal * face_contours(sitting.landmarks, plain, sitting.face_height))
    inner = smoothstep(0.55, 0.98, gaussian(matte, style.contour))
    lines = np.maximum(lines, 0.9 * (1 - inner))
    lab[..., 0] *= 1 - (1 - style.line_lightness) * lines
    return lab


def _shaped(painted: Pixels, matte: FloatMap, sitting: Sitting, style: Webtoon) -> Drawing:
    move = displacement(sitting.landmarks, sitting.face_height, style.shape)
    source = way_back(move)
    landmarks = moved_landmarks(sitting.landmarks, move)
    pixels = looked_up(painted, source, cv2.INTER_CUBIC)
    photo = looked_up(sitting.pixels, source)
    frontal = float(np.clip((48 - abs(sitting.yaw)) / 12, 0, 1))
    pixels = draw_mouth(pixels, landmarks, sitting.face_height, frontal=frontal)
    pixels = draw_eyes(pixels, photo, landmarks, style.eyes, frontal=frontal)
    return Drawing(pixels, looked_up(matte, source), landmarks)
