"""Pencil: a graphite portrait - smudged tone, three fields of strokes, lines, paper grain, a breath of colour."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, looked_up, resized, rgb_to_lab, smoothstep, wide_gaussian
from engine.styles.blocks.hatching import flowing_field, laid, straight_field
from engine.styles.blocks.lines import flow_lines
from engine.styles.blocks.paper import paper_grain
from engine.styles.blocks.strands import strands
from engine.styles.composition import CANVAS
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange, displacement, moved_landmarks, way_back
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Pencil:
    """Darkness 0 (paper) to 1 (black); lengths in px of the canvas."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.08, nose=0.985, jaw=0.985, head=1.07))
    smudge: float = 0.46  # share of the tone that is smudged graphite, without strokes
    strokes: tuple[float, float, float] = (0.34, 0.30, 0.24)  # graphite of a full stroke: flow, steep, flat
    angles: tuple[float, float] = (-52.0, -20.0)  # degrees
    length: float = 46.0
    width: float = 2.1
    lines: float = 0.62
    grain: float = 0.16
    colour: float = 0.30  # of the photo's chroma, on skin and lips
    paper: tuple[int, int, int] = (252, 250, 245)
    graphite: tuple[int, int, int] = (38, 38, 44)


def draw(sitting: Sitting, seed: int, style: Pencil = Pencil()) -> Drawing:
    """Draw a person in pencil; the seed moves the strokes and the grain."""
    random = np.random.default_rng(seed)
    lab = rgb_to_lab(_simplified(sitting))
    tone = _tone(lab[..., 0], sitting)
    ink = style.smudge * gaussian(tone, 1.2)
    ink = 1 - (1 - ink) * (1 - _hatched(tone, sitting, style, random))
    ink = 1 - (1 - ink) * (1 - style.lines * _lines(lab[..., 0], sitting))
    grain = paper_grain(CANVAS, random)
    ink = np.clip(ink * (1 + style.grain * grain * smoothstep(1.0, 0.55, ink)), 0, 1)
    painted = _coloured(ink, lab, sitting, style)
    move = displacement(sitting.landmarks, sitting.face_height, style.shape)
    source = way_back(move)
    return Drawing(
        looked_up(painted, source, cv2.INTER_CUBIC),
        looked_up(sitting.matte, source),
        moved_landmarks(sitting.landmarks, move),
    )


def _simplified(sitting: Sitting) -> Pixels:
    """Hair and clothes as strands, the face only freed of pores and noise."""
    painted = strands(sitting.pixels, sitting.flow, rounds=1)
    half = cv2.bilateralFilter(resized(sitting.pixels, CANVAS // 2, CANVAS // 2), 5, 16, 2)
    smooth = resized(half, CANVAS, CANVAS)
    face = np.maximum(sitting.skin.share, sitting.skin.oval)[..., None]
    fine = cv2.addWeighted(sitting.pixels, 0.5, smooth, 0.5, 0)
    return cv2.convertScaleAbs(painted + face * (fine.astype(np.float32) - painted))


def _tone(lightness: FloatMap, sitting: Sitting) -> FloatMap:
    """Darkness wanted at each place: local contrast up a little, white cloth left to the paper."""
    local = lightness + 0.35 * (lightness - wide_gaussian(lightness, 0.06 * sitting.face_height))
    light = np.clip(local * 0.01, 0, 1)
    return np.clip(1.06 * (1 - light) ** 0.95 - 0.07, 0, 1)


def _hatched(tone: FloatMap, sitting: Sitting, style: Pencil, random: np.random.Generator) -> FloatMap:
    """Three fields, each beginning at a deeper tone."""
    flowing = flowing_field(sitting.flow, random, width=style.width * 0.8)
    steep, flat = (
        straight_field(CANVAS, angle, random, length=style.length, width=style.width)
        for angle in style.angles
    )
    skin = sitting.skin.share
    clear = 1 - np.maximum(sitting.skin.features, 0)
    paper = np.ones_like(tone)
    for strokes, start, graphite, where in (
        (flowing, 0.10, style.strokes[0], 1 - 0.75 * skin),
        (steep, 0.14, style.strokes[1], 0.55 + 0.45 * skin),
        (flat, 0.42, style.strokes[2], 1.0),
    ):
        darkness = np.clip((tone - start) / (0.92 - start), 0, 1)
        paper *= 1 - graphite * laid(strokes, darkness) * where * (0.45 + 0.55 * clear)
    return 1 - paper


def _lines(lightness: FloatMap, sitting: Sitting) -> FloatMap:
    plain = sitting.skin.share * (1 - sitting.skin.features)
    lines = flow_lines(lightness, sitting.flow, sigma=1.0, threshold=0.45 + 0.45 * plain, softness=1.0)
    contour = np.maximum(0, sitting.matte - gaussian(sitting.matte, 1.8))
    return np.maximum(lines, smoothstep(0.1, 0.4, contour))


def _coloured(ink: FloatMap, lab: FloatMap, sitting: Sitting, style: Pencil) -> Pixels:
    """Graphite on paper, with a trace of the skin's colour."""
    paper, graphite = np.float32(style.paper), np.float32(style.graphite)
    picture = paper + ink[..., None] * (graphite - paper)
    lab_picture = rgb_to_lab(cv2.convertScaleAbs(picture))
    warm = style.colour * np.maximum(sitting.skin.share, sitting.skin.features)
    for channel in (1, 2):
        lab_picture[..., channel] += warm * wide_gaussian(lab[..., channel], 3.0)
    rgb = cv2.cvtColor(lab_picture, cv2.COLOR_Lab2RGB)
    return cv2.convertScaleAbs(np.clip(rgb, 0, 1), alpha=255)
