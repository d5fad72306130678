"""Chibi: a huge head on a small body, large shining eyes, pink cheeks, soft flat colours, brown lines."""

from dataclasses import dataclass, field, replace
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, lab_to_rgb, mean_of, resized, rgb_to_lab, smoothstep, wide_gaussian
from engine.styles.blocks.complexion import complexion, held, soft_spot
from engine.styles.blocks.contours import face_contours
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.lines import flow_lines, line_ground
from engine.styles.blocks.portrait import face_place, finished, frontal_share
from engine.styles.blocks.strands import combed, rounded
from engine.styles.blocks.tones import stepped, without_olive
from engine.styles.composition import CANVAS, CHIN, RIGHT_EYE, TOP
from engine.styles.drawn import Drawing
from engine.styles.shape import NECK, ShapeChange
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Chibi:
    """Lightness in CIE L (0..100); lengths in px of the canvas unless said otherwise."""

    shape: ShapeChange = field(
        default=ShapeChange(eyes=1.42, eye_reach=0.24, nose=0.88, jaw=0.97, head=1.42, body=0.56)
    )
    eyes: EyeLook = field(
        default=EyeLook(
            iris=1.22,
            iris_of_opening=0.50,
            white=0.95,
            iris_cover=0.97,
            chroma=2.1,
            upper_lid=0.105,
            lower_lid=0.020,
            highlight=0.36,
        )
    )
    margin: float = 0.055  # of the canvas, free above the head and beside it
    chin: float = 0.765  # of the canvas, lowest place of the chin: a jaw that drops needs room
    skin_step: float = 11.0  # L between the flat tones of skin
    skin_ramp: float = 0.22  # share of a step that blends
    shadows: float = 0.55  # of the depth of shadows on skin
    lights: float = 0.55
    detail: float = 0.75  # of the quantised detail layer
    skin_chroma: float = 1.12
    blush: float = 12.0  # chroma towards red, in soft spots on the cheeks
    features: float = 0.85
    rest_step: float = 13.0
    rest_ramp: float = 0.22
    rest_light: float = 0.92  # darkness that is left of hair and clothes
    rest_chroma: float = 1.35
    gloss: float = 14.0  # L of the ring of light on hair
    gloss_height: float = 0.45  # of the way from the top of the head to the forehead: where the ring lies
    gloss_width: float = 0.055  # face heights, sigma
    gloss_bend: float = 0.42  # face heights by which it falls towards the ears
    line: tuple[float, float, float] = (22.0, 14.0, 12.0)  # Lab, on what is lighter
    lines: float = 0.92
    sigma: float = 2.0  # half the width of a line
    contour: float = 5.0  # the line around the figure
    edge: float = 4.5  # sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Chibi = Chibi()) -> Drawing:
    """Draw a person as a chibi; nothing here is random, so the seed changes nothing."""
    lab = _rest(sitting, style)
    lab += sitting.skin.share[..., None] * (_skin(sitting, style) - lab)
    features = rgb_to_lab(mean_of(sitting.pixels, sitting.smooth, 0.15))
    features[..., 0] += 0.5 * (features[..., 0] - gaussian(features[..., 0], 3.0))
    features[..., 1:] *= 1.3
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    matte = rounded(sitting.matte, style.edge)
    cover = style.lines * _lines(matte, sitting, style)
    ink = np.array(style.line, np.float32)
    # on what is darker than the ink a line is darker still
    lab += cover[..., None] * (ink * np.minimum(1, 0.6 * lab[..., :1] / ink[0]) - lab)
    return finished(lab_to_rgb(lab), matte, sitting, _fitted(matte, sitting, style), style.eyes)


def _fitted(matte: FloatMap, sitting: Sitting, style: Chibi) -> ShapeChange:
    """Shape with a head that, hair and hat included, fills the canvas and does not leave it."""
    chin = float(sitting.landmarks[CHIN, 1])
    neck = chin + NECK * sitting.face_height
    solid = matte > 0.5
    top = float(np.flatnonzero(solid.any(axis=1)).min(initial=round(chin) - 1))
    # at the eyes and above: hair and scarves that hang down may be cut by the frame
    columns = np.flatnonzero(solid[: round(float(sitting.landmarks[RIGHT_EYE, 1]))].any(axis=0))
    left, right = float(columns.min(initial=CANVAS)), float(columns.max(initial=0))
    wide = (1 - 2 * style.margin) * CANVAS / max(right - left, 1.0)
    high = (style.chin - style.margin) * CANVAS / max(chin - top, 1.0)
    head = min(style.shape.head, wide, high)
    # a profile's head is not above its chin
    shift = (head - 1) * (float(sitting.landmarks[CHIN, 0]) - (left + right) / 2)
    drop = style.margin * CANVAS - (neck + head * (top - neck))
    # the body still ends at the lower edge, where the photo gives out
    body = float(np.clip((CANVAS - neck - drop) / max(CANVAS - neck, 1.0), style.shape.body, 1.0))
    return replace(
        style.shape,
        head=head,
        body=body,
        drop=drop / sitting.face_height,
        shift=shift / sitting.face_height,
    )


def _rest(sitting: Sitting, style: Chibi) -> FloatMap:
    """Hair and clothes in few soft tones with round borders."""
    strands = cast(Pixels, cv2.medianBlur(combed(sitting.brushed, sigma=12.0, kept=face_place(sitting)), 7))
    lab = resized(without_olive(rgb_to_lab(strands)), CANVAS, CANVAS)
    lightness = np.ascontiguousarray(lab[..., 0])
    tones = stepped(gaussian(lightness, 1.5), style.rest_step, style.rest_ramp)
    tones = 100 - style.rest_light * (100 - tones)
    lab[..., 0] = tones + style.gloss * _gloss(lightness, sitting, style) * np.clip((96 - tones) / 60, 0.1, 1)
    lab[..., 1:] *= style.rest_chroma
    return lab


def _gloss(lightness: FloatMap, sitting: Sitting, style: Chibi) -> FloatMap:
    """A ring of light across the hair, bent as the head is round, broken by strands; in [0, 1]."""
    length, middle = sitting.face_height, float(sitting.landmarks[TOP, 0])
    columns = slice(max(0, round(middle - 0.15 * length)), round(middle + 0.15 * length))
    top = float(np.flatnonzero((sitting.matte[:, columns] > 0.5).any(axis=1)).min(initial=0))
    places = np.arange(CANVAS, dtype=np.float32)
    aside = (places - middle) / np.float32(length)
    height = top + style.gloss_height * (float(sitting.landmarks[TOP, 1]) - top)
    ring = height + style.gloss_bend * length * (aside / 0.6) ** 2
    away = (places[:, None] - ring) / np.float32(style.gloss_width * length)
    band = np.exp(-0.5 * away * away) * smoothstep(0.75, 0.35, np.abs(aside))
    strand = np.clip(1 + 0.12 * (lightness - gaussian(lightness, 6.0)), 0.4, 1.5)
    skin = np.maximum(sitting.skin.share, np.maximum(sitting.skin.features, sitting.skin.oval))
    directed = smoothstep(0.35, 0.65, wide_gaussian(sitting.flow.coherence, 8.0))
    result: FloatMap = smoothstep(0.45, 0.75, band * strand) * directed * (1 - skin)
    return result


def _skin(sitting: Sitting, style: Chibi) -> FloatMap:
    seen = complexion(sitting, window=0.036, one_colour=0.80)
    tone = seen.tone * np.where(seen.tone < 0, style.shadows, style.lights).astype(np.float32)
    tone = stepped(tone, style.skin_step, style.skin_ramp)
    detail = face_detail(seen.lightness, sitting.face_height, step=5.0, ramp=0.5)
    lightness = held(sitting.skin_lightness + tone + style.detail * detail, sitting)
    warm = 0.25 * np.clip(-tone, 0, 20)
    pink = style.blush * _cheeks(sitting)
    a = style.skin_chroma * seen.a + seen.warm[0] * warm + pink
    b = style.skin_chroma * seen.b + seen.warm[1] * warm + 0.15 * pink
    return cast(FloatMap, cv2.merge([lightness, a, b]))


def _cheeks(sitting: Sitting) -> FloatMap:
    """Two soft oval spots, float32 in [0, 1]."""
    radii = (0.085 * sitting.face_height, 0.055 * sitting.face_height)
    spots = np.zeros(sitting.matte.shape, np.float32)
    for cheek in (50, 280):
        spots += soft_spot(sitting.landmarks[cheek], radii, spots.shape)
    return smoothstep(0.05, 1.0, spots)


def _lines(matte: FloatMap, sitting: Sitting, style: Chibi) -> FloatMap:
    lightness, plain = line_ground(sitting)
    lines = flow_lines(
        gaussian(lightness, 1.5),
        sitting.flow,
        sigma=style.sigma,
        threshold=0.85 + 0.7 * plain,
        softness=0.4,
        floor=2.0 - 0.5 * sitting.skin.oval,
    )
    jaw = face_contours(sitting.landmarks, plain, sitting.face_height, width=0.014)
    lines = np.maximum(lines * (1 - 0.3 * plain), frontal_share(sitting, 42, 28) * jaw)
    inner = smoothstep(0.55, 0.92, gaussian(matte, style.contour))
    result: FloatMap = np.maximum(lines, 1 - inner)
    return result
