"""Watercolour: transparent washes, wet edges, grained paper, a few pencil lines, a body that dissolves."""

from dataclasses import dataclass, field, replace
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import (
    blended,
    gaussian,
    lab_to_rgb,
    looked_up,
    mean_of,
    resized,
    rgb_to_lab,
    smoothstep,
    wide_gaussian,
)
from engine.styles.blocks.complexion import complexion, held, skin_hued
from engine.styles.blocks.contours import face_contours
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.lines import flow_lines, line_ground
from engine.styles.blocks.paper import paper_grain
from engine.styles.blocks.pigment import trembling, turbulence, wet_edges, with_density
from engine.styles.blocks.portrait import face_place, finished, frontal_share, seen_from_the_side
from engine.styles.blocks.strands import half_with_flow, rounded
from engine.styles.blocks.tones import stepped, without_olive
from engine.styles.composition import CANVAS, CHIN, TOP
from engine.styles.drawn import Drawing
from engine.styles.flow import Flow, along_flow
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting
from engine.styles.skin import Skin


@dataclass(frozen=True)
class Watercolour:
    """Lightness in CIE L (0..100); lengths in px of the canvas unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.12, nose=0.975, jaw=0.98, head=1.09))
    eyes: EyeLook = field(
        default=EyeLook(white=0.55, iris_cover=0.80, upper_lid=0.058, lower_lid=0.016, highlight=0.24)
    )
    tremble: float = 3.0  # how far the edges of washes wander
    skin_window: float = 0.024  # face heights; what is finer counts as detail, not as tone
    skin_step: float = 9.0  # L between washes on skin
    skin_ramp: float = 0.45  # share of a step that blends
    shadows: float = 0.62  # of the depth of shadows on skin
    lights: float = 0.90
    detail: float = 0.85  # of the quantised detail layer
    # Step, shadows, lights and detail of a head seen from the side: light and shade tell who it is.
    from_the_side: tuple[float, float, float, float] = (5.0, 0.80, 1.0, 1.2)
    blush: float = 6.5  # chroma towards red on the cheeks, wet in wet
    skin_chroma: float = 1.22
    features: float = 0.88  # how much of the photo eyes, brows and lips keep
    rest_step: float = 14.0
    rest_ramp: float = 0.30
    rest_light: float = 0.72  # darkness that is left of hair and clothes: washes are transparent
    dark_light: float = 0.94  # the same of black: in a light wash black hair would turn grey
    rest_chroma: float = 1.55
    edges: tuple[float, float] = (0.55, 0.12)  # pigment density at wet edges: elsewhere, on the face
    clouds: float = 0.21  # deviation of the density between
    strand: float = 8.0  # over which hair has one direction
    directed: tuple[float, float] = (0.30, 0.60)  # coherence from which clouds are streaks, and wholly so
    grain: float = 0.065
    calm: float = 0.88  # how much less of clouds there is on the face
    paper: tuple[float, float, float] = (98.6, 0.2, 1.6)  # Lab
    bare: float = 15.0  # px of paper left free along the outline, in places
    dissolve: float = 0.16  # face heights under the chin: from there to the end of the body colour fades
    wet: float = 8.0  # times as wide is the edge of what dissolves
    pencil: float = 0.42  # cover of the lines
    lead: tuple[float, float, float] = (34.0, 6.0, 4.0)  # Lab
    edge: float = 1.8  # sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Watercolour = Watercolour()) -> Drawing:
    """Paint a person in watercolour; the seed moves washes, clouds and grain."""
    random = np.random.default_rng(seed)
    style = _turned(style, seen_from_the_side(sitting))
    calm = face_place(sitting)
    half, flow = half_with_flow(sitting.brushed, style.strand)
    strands = blended(along_flow(half, flow), half, resized(calm, *half.shape[1::-1]))
    rest = _rest(strands, sitting.skin, style)
    share = gaussian(sitting.skin.share, 1.5)
    lab = rest + share[..., None] * (_skin(sitting, style) - rest)
    features = _features(sitting)
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    painted = _trembled(lab_to_rgb(lab), calm, sitting, style, random)
    painted = with_density(painted, _density(painted, calm, flow, style, random))
    matte = rounded(sitting.matte, style.edge)
    lines = style.pencil * _lines(sitting)
    painted = blended(painted, _plain(style.lead), lines)
    drawing = finished(painted, matte, sitting, style.shape, style.eyes)
    return Drawing(_on_paper(drawing, style, random), drawing.matte, drawing.landmarks)


def _turned(style: Watercolour, from_the_side: float) -> Watercolour:
    usual = np.array([style.skin_step, style.shadows, style.lights, style.detail])
    step, shadows, lights, detail = usual + from_the_side * (np.array(style.from_the_side) - usual)
    return replace(
        style, skin_step=float(step), shadows=float(shadows), lights=float(lights), detail=float(detail)
    )


def _rest(strands: Pixels, skin: Skin, style: Watercolour) -> FloatMap:
    """Hair and clothes, seen at half the size, in few transparent washes."""
    calm = cast(Pixels, cv2.medianBlur(strands, 5))
    lab = without_olive(rgb_to_lab(calm))
    lit = smoothstep(0.55, 0.80, lab[..., 0] / max(skin.lightness, 1.0))
    strong = style.rest_chroma + skin_hued(lab, skin) * lit * (style.skin_chroma - style.rest_chroma)
    lab[..., 1:] *= strong[..., None]
    lab = resized(lab, CANVAS, CANVAS)
    tones = stepped(lab[..., 0], style.rest_step, style.rest_ramp)
    kept = style.rest_light + (style.dark_light - style.rest_light) * smoothstep(50, 15, lab[..., 0])
    lab[..., 0] = 100 - kept * (100 - (0.85 * tones + 0.15 * lab[..., 0]))
    return lab


def _skin(sitting: Sitting, style: Watercolour) -> FloatMap:
    seen = complexion(sitting, window=style.skin_window, one_colour=0.45)
    tone = seen.tone * np.where(seen.tone < 0, style.shadows, style.lights).astype(np.float32)
    tone = 0.3 * tone + 0.7 * stepped(tone, style.skin_step, style.skin_ramp, origin=-style.skin_step / 2)
    detail = face_detail(seen.lightness, sitting.face_height, step=4.0, ramp=0.60)
    lightness = held(sitting.skin_lightness + tone + style.detail * detail, sitting)
    warm = 0.22 * np.clip(-tone, 0, 20) + style.blush * seen.cheeks
    a, b = style.skin_chroma * seen.a + 0.8 * warm, style.skin_chroma * seen.b + 0.35 * warm
    return cast(FloatMap, cv2.merge([lightness, a, b]))


def _features(sitting: Sitting) -> FloatMap:
    lab = rgb_to_lab(mean_of(sitting.pixels, sitting.smooth, 0.45))
    lab[..., 0] += 0.5 * (lab[..., 0] - gaussian(lab[..., 0], 2.5))
    lab[..., 1:] *= 1.25
    return lab


def _trembled(
    painted: Pixels, calm: FloatMap, sitting: Sitting, style: Watercolour, random: np.random.Generator
) -> Pixels:
    """Edges that wander as a brush does, but not those of the features."""
    wandering = looked_up(painted, trembling(CANVAS, random, style.tremble))
    held_still = wide_gaussian(np.maximum(sitting.skin.features, 0.8 * calm), 6.0)
    return blended(wandering, painted, np.clip(1.2 * held_still, 0, 1))


def _lines(sitting: Sitting) -> FloatMap:
    lightness, plain = line_ground(sitting)
    lines = flow_lines(
        lightness,
        sitting.flow,
        sigma=1.0,
        threshold=0.70 + 0.45 * plain,
        softness=0.8,
        floor=1.5 - 0.7 * sitting.skin.oval,
    )
    jaw = face_contours(sitting.landmarks, plain, sitting.face_height, width=0.008)
    result: FloatMap = np.maximum(lines, 0.7 * frontal_share(sitting, 42, 28) * jaw)
    return result


def _plain(colour: tuple[float, float, float]) -> Pixels:
    """One Lab colour over the canvas."""
    return np.full((CANVAS, CANVAS, 3), lab_to_rgb(np.array([[colour]], np.float32))[0, 0], np.uint8)


def _density(
    painted: Pixels, calm: FloatMap, flow: Flow, style: Watercolour, random: np.random.Generator
) -> FloatMap:
    """How dense the pigment lies: it gathers at wet edges, and in clouds that follow strands of hair."""
    clouds = turbulence(CANVAS // 2, random)
    streaks = along_flow(clouds, flow)
    streaks *= clouds.std() / streaks.std()
    clouds += smoothstep(*style.directed, wide_gaussian(flow.coherence, 4.0)) * (streaks - clouds)
    elsewhere, on_face = style.edges
    edges = elsewhere + (on_face - elsewhere) * calm
    gathered = style.clouds * resized(clouds, CANVAS, CANVAS) * (1 - style.calm * calm)
    density: FloatMap = 1 + edges * wet_edges(painted) + gathered
    return density


def _on_paper(drawing: Drawing, style: Watercolour, random: np.random.Generator) -> Pixels:
    """Lay the painting on grained paper, bare where no colour is."""
    grain = paper_grain(CANVAS, random, size=1.3)
    clouds = resized(gaussian(turbulence(CANVAS // 2, random), 3.0), CANVAS, CANVAS)
    covered, rim = _covered(drawing, clouds, style)
    painted = with_density(drawing.pixels, 1 + 0.55 * rim + style.grain * grain)
    return blended(_plain(style.paper), painted, covered)


def _covered(drawing: Drawing, clouds: FloatMap, style: Watercolour) -> tuple[FloatMap, FloatMap]:
    """Where there is colour at all, and the darker rim in which a wash dries; both in [0, 1]."""
    landmarks = drawing.landmarks
    face_height = float(np.linalg.norm(landmarks[CHIN, :2] - landmarks[TOP, :2]))
    first = float(landmarks[CHIN, 1]) + style.dissolve * face_height
    bottom = float(np.flatnonzero((drawing.matte > 0.5).any(axis=1)).max(initial=0))
    last = max(bottom, first) + 0.12 * face_height
    down = smoothstep(first, last, np.arange(CANVAS, dtype=np.float32))[:, None]
    # The field is over 0 where there is colour: away from the outline, and not where the body dissolves.
    inside = wide_gaussian(drawing.matte, style.bare)
    edge = inside - 0.36 + 0.09 * clouds - 0.62 * down * (1 - 0.15 * clouds)
    soft = edge / (1 + style.wet * down)  # what dissolves has no edge that dries
    covered = smoothstep(-0.015, 0.045, soft) * (1 - 0.55 * down)
    rim = np.exp(-(((soft - 0.05) / 0.035) ** 2)).astype(np.float32) * (1 - 0.6 * down)
    return covered, rim
