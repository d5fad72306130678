"""Pencil: a graphite portrait of smudged tone, three fields of strokes, lines and a breath of colour."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import (
    blended,
    gaussian,
    lab_to_rgb,
    looked_up,
    mean_of,
    rgb_to_lab,
    rounded_off,
    smoothstep,
    wide_gaussian,
)
from engine.styles.blocks.contours import face_contours
from engine.styles.blocks.eyes import EyeLook, draw_eyes
from engine.styles.blocks.hatching import flowing_field, laid, straight_field
from engine.styles.blocks.lines import flow_lines, line_ground
from engine.styles.blocks.mouth import draw_mouth
from engine.styles.blocks.paper import paper_grain
from engine.styles.blocks.strands import rounded
from engine.styles.composition import CANVAS
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange, displacement, moved_landmarks, way_back
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Pencil:
    """Darkness 0 (paper) to 1 (black); lengths in px of the canvas."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.08, nose=0.985, jaw=0.985, head=1.08))
    eyes: EyeLook = field(default=EyeLook(white=0.35, iris_cover=0.5, upper_lid=0.045, lower_lid=0.018))
    smudge: float = 0.58  # share of the tone that is smudged graphite, without strokes
    features: float = 0.92  # the same on eyes, brows and lips
    strokes: tuple[float, float, float] = (0.44, 0.30, 0.24)  # graphite of a full stroke: flow, steep, flat
    starts: tuple[float, float, float] = (0.06, 0.10, 0.40)  # tone at which each field begins
    angles: tuple[float, float] = (-52.0, -20.0)  # degrees
    length: float = 64.0
    width: float = 2.6
    lines: float = 0.72
    grain: float = 0.075
    colour: float = 0.22  # of the photo's chroma, on skin and lips
    paper: tuple[int, int, int] = (253, 251, 247)
    graphite: tuple[int, int, int] = (34, 34, 40)
    edge: float = 1.6  # sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Pencil = Pencil()) -> Drawing:
    """Draw a person in pencil; the seed moves the strokes and the grain."""
    random = np.random.default_rng(seed)
    matte = rounded(sitting.matte, style.edge)
    lab = rgb_to_lab(_simplified(sitting, style))
    tone = _tone(lab[..., 0], sitting)
    features = sitting.skin.features
    ink = (style.smudge + (style.features - style.smudge) * features) * tone
    ink = 1 - (1 - ink) * (1 - _hatched(tone, sitting, style, random))
    ink = 1 - (1 - ink) * (1 - style.lines * _lines(matte, sitting))
    grain = paper_grain(CANVAS, random)
    ink = np.clip(ink * (1 + style.grain * grain * (1 - 0.7 * ink)), 0, 1)
    painted = _coloured(ink, lab, sitting, style)
    move = displacement(sitting.landmarks, sitting.face_height, style.shape)
    source = way_back(move)
    return Drawing(
        looked_up(painted, source, cv2.INTER_CUBIC),
        looked_up(matte, source),
        moved_landmarks(sitting.landmarks, move),
    )


def _simplified(sitting: Sitting, style: Pencil) -> Pixels:
    """Hair and clothes as strands, the face only freed of pores and noise, its eyes and mouth made clear."""
    features = mean_of(sitting.pixels, sitting.smooth, 0.6)
    skin = mean_of(sitting.pixels, sitting.smooth, 0.25)
    picture = blended(sitting.brushed, skin, np.maximum(sitting.skin.share, 0.5 * sitting.skin.oval))
    picture = blended(picture, features, sitting.skin.features)
    frontal = float(np.clip((48 - abs(sitting.yaw)) / 12, 0, 1))
    picture = draw_mouth(picture, sitting.landmarks, sitting.face_height, frontal=0.6 * frontal)
    return draw_eyes(picture, sitting.pixels, sitting.landmarks, style.eyes, frontal=frontal)


def _tone(lightness: FloatMap, sitting: Sitting) -> FloatMap:
    """Darkness wanted at each place: local contrast up a little, white cloth left to the paper.

    Dark hair and cloth are opened: on paper their strands and folds would drown in one black.
    """
    relief = lightness - wide_gaussian(lightness, 0.05 * sitting.face_height)
    strand = lightness - gaussian(lightness, 0.02 * sitting.face_height)
    skin = np.maximum(sitting.skin.share, sitting.skin.features)
    dark = (1 - skin) * smoothstep(45, 12, lightness)
    # Shine on skin is white in photos whatever the skin; a pencil leaves it a little lighter than the skin.
    shine = np.maximum(lightness - sitting.skin_lightness - 8, 0) * sitting.skin.share
    matt = lightness - 0.55 * shine
    light = np.clip((matt + 0.30 * relief + 1.6 * dark * strand) * 0.01, 0, 1)
    light += dark * (light**0.72 - light)
    tone: FloatMap = np.clip(1.08 * (1 - light) - 0.08, 0, 1)
    return tone


def _hatched(tone: FloatMap, sitting: Sitting, style: Pencil, random: np.random.Generator) -> FloatMap:
    """Graphite of three fields of strokes, each beginning at a deeper tone."""
    skin, clear = sitting.skin.share, 1 - sitting.skin.features
    directed = smoothstep(0.48, 0.78, wide_gaussian(sitting.flow.coherence, 6.0)) * (1 - 0.85 * skin)
    steep, flat = (
        straight_field(CANVAS, angle, random, length=style.length, width=style.width)
        for angle in style.angles
    )
    fields = (flowing_field(sitting.flow, random, width=0.8 * style.width), steep, flat)
    gentle = 1 - 0.40 * sitting.skin.oval * skin  # on a face strokes would look like scratches
    places = (directed, gentle * (1 - 0.8 * directed), gentle * (1 - 0.6 * directed))
    paper = np.ones_like(tone)
    for strokes, start, graphite, place in zip(fields, style.starts, style.strokes, places, strict=True):
        darkness = np.clip((tone - start) / (0.95 - start), 0, 1)
        paper *= 1 - graphite * laid(strokes, darkness, 0.22) * place * clear
    return 1 - paper


def _lines(matte: FloatMap, sitting: Sitting) -> FloatMap:
    lightness, plain = line_ground(sitting)
    lines = flow_lines(
        lightness,
        sitting.flow,
        sigma=1.0,
        threshold=0.45 + 0.5 * plain,
        softness=0.9,
        floor=1.0 - 0.5 * plain,
    )
    frontal = float(np.clip((42 - abs(sitting.yaw)) / 14, 0, 1))
    lines = np.maximum(lines, 0.6 * frontal * face_contours(sitting.landmarks, plain, sitting.face_height))
    outline = 1 - smoothstep(0.55, 0.98, gaussian(matte, 2.0))
    result: FloatMap = np.maximum(lines, 0.8 * outline)
    return result


def _coloured(ink: FloatMap, lab: FloatMap, sitting: Sitting, style: Pencil) -> Pixels:
    """Graphite on paper, with a trace of colour on skin and lips."""
    paper, graphite = np.array(style.paper, np.float32), np.array(style.graphite, np.float32)
    picture = rgb_to_lab(rounded_off(paper + ink[..., None] * (graphite - paper)))
    warm = style.colour * np.maximum(sitting.skin.share, sitting.skin.features)
    for channel in (1, 2):
        picture[..., channel] += warm * wide_gaussian(np.ascontiguousarray(lab[..., channel]), 4.0)
    return lab_to_rgb(picture)
