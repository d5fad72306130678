"""3D toon: a rendered character - smooth skin, large glossy eyes, silky hair, soft light from one side."""

from dataclasses import dataclass, field, replace
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap
from engine.raster import gaussian, lab_to_rgb, rgb_to_lab, smoothstep, wide_gaussian
from engine.styles.blocks.complexion import Complexion, complexion, held, soft_spot
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.light import lit_from_right
from engine.styles.blocks.portrait import finished
from engine.styles.blocks.relief import Relief, relief
from engine.styles.blocks.strands import rounded
from engine.styles.composition import CHIN
from engine.styles.drawn import Drawing
from engine.styles.flow import along_flow
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting


@dataclass(frozen=True)
class Toon3D:
    """Lightness in CIE L (0..100); lengths in face heights unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.28, nose=0.96, jaw=0.965, head=1.10))
    eyes: EyeLook = field(
        default=EyeLook(
            iris=1.20,
            iris_of_opening=0.49,
            white=0.85,
            iris_cover=0.95,
            chroma=1.9,
            upper_lid=0.080,
            lower_lid=0.014,
            highlight=0.33,
        )
    )
    key: tuple[float, float, float] = (-0.50, -0.58, 0.64)  # towards the light: x right, y down, z to us
    other_side: tuple[float, float] = (1.0, 12.0)  # L by which a photo is lit from the right: so is this
    light: float = 22.0  # L between what faces the light and what looks away from it
    wrap: float = 0.45  # how far the light reaches around
    skin_window: float = 0.034
    own_shade: float = 0.58  # of the photo's light and shade on skin
    detail: float = 0.95  # of the detail layer, here almost without steps
    one_colour: float = 0.70
    skin_chroma: float = 1.22
    glow: float = 0.20  # chroma towards red for one L of shade: light that went through skin
    blush: float = 5.0
    hollow: float = 15.0  # L that hair and chin take from the skin under them
    sheen: float = 12.0  # L of the soft shine on skin
    glints: float = 15.0  # L of the small lights on nose, lip, cheeks and brow
    rim: float = 13.0  # L of the light from behind on the other side
    features: float = 0.86  # how much of the smoothed photo eyes, brows and lips keep
    rest_chroma: float = 1.32
    rest_lift: tuple[float, float] = (6.0, 40.0)  # L added to black, and the L from which nothing is added
    silk: float = 16.0  # L of the band of light across hair
    edge: float = 2.6  # px of the canvas: sigma that rounds the figure's outline


# Where small lights sit, lit from the left: landmark, shift across and up in face heights, radius, strength.
GLINTS = (
    (4, -0.012, 0.012, 0.020, 1.0),  # tip of the nose
    (6, -0.008, 0.000, 0.016, 0.45),  # its bridge
    (50, 0.000, 0.045, 0.050, 0.42),  # cheeks
    (280, -0.010, 0.045, 0.045, 0.30),
    (151, -0.050, -0.010, 0.075, 0.38),  # brow
    (199, -0.015, 0.000, 0.035, 0.35),  # chin
)


def draw(sitting: Sitting, seed: int, style: Toon3D = Toon3D()) -> Drawing:
    """Draw a person as a rendered character; nothing here is random, so the seed changes nothing."""
    side = float(smoothstep(*style.other_side, np.array(lit_from_right(sitting), np.float32)))
    across = 1 - 2 * side  # of the key light: 1 from the left, -1 from the right
    style = replace(style, key=(across * style.key[0], *style.key[1:]))
    form = relief(sitting, light_from_left=across)
    lit = _diffuse(form, sitting, style)
    lab = _rest(sitting, form, lit, style)
    skin = _skin(sitting, form, lit, across, style)
    lab += sitting.skin.share[..., None] * (skin - lab)
    features = _features(sitting, lit, style)
    lab += (style.features * sitting.skin.features)[..., None] * (features - lab)
    lab[..., 0] += style.rim * _rim(form, sitting.matte, across)
    matte = rounded(sitting.matte, style.edge)
    return finished(lab_to_rgb(lab), matte, sitting, style.shape, style.eyes)


def _diffuse(form: Relief, sitting: Sitting, style: Toon3D) -> FloatMap:
    """L that the new light adds or takes, 0 in the median of the face."""
    towards = (np.array(style.key) / np.linalg.norm(style.key)).astype(np.float32)
    light: FloatMap = np.clip((form.normals @ towards + style.wrap) / (1 + style.wrap), 0, 1)
    face = sitting.skin.share * (1 - sitting.skin.features) * sitting.skin.oval
    samples = light[::4, ::4][face[::4, ::4] > 0.5]
    middle = float(np.median(samples)) if samples.size else 0.8
    return np.float32(style.light) * (light - np.float32(middle))


def _skin(sitting: Sitting, form: Relief, lit: FloatMap, across: float, style: Toon3D) -> FloatMap:
    seen: Complexion = complexion(sitting, window=style.skin_window, one_colour=style.one_colour)
    shade = style.own_shade * np.clip(seen.tone, -28, 12) + lit - style.hollow * form.hollow
    detail = face_detail(seen.lightness, sitting.face_height, step=3.0, ramp=0.95)
    lightness = sitting.skin_lightness + shade + style.detail * detail
    dark = style.glow * np.clip(-shade, 0, 22)
    blush = style.blush * seen.cheeks
    shine = style.sheen * _shine(form, style, power=14.0) + style.glints * _glints(sitting, across)
    # light skin is near white already: what is left to the top bounds its shine
    lightness = held(lightness + shine * np.clip((97 - lightness) / 40, 0.15, 1), sitting)
    a = style.skin_chroma * seen.a + seen.warm[0] * dark + blush
    b = style.skin_chroma * seen.b + seen.warm[1] * dark + 0.35 * blush
    return cast(FloatMap, cv2.merge([lightness, a, b]))


def _shine(form: Relief, style: Toon3D, power: float) -> FloatMap:
    """Blinn's highlight: 1 where the surface lies half-way between the light and us."""
    half = np.array(style.key, np.float32) / np.linalg.norm(style.key) + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    result: FloatMap = np.power(np.clip(form.normals @ half.astype(np.float32), 0, 1), power)
    return result


def _glints(sitting: Sitting, light_from_left: float) -> FloatMap:
    """Small lights where a face is round and moist, float32 in [0, 1]."""
    length = sitting.face_height
    spots = np.zeros(sitting.matte.shape, np.float32)
    for landmark, across, up, radius, strength in GLINTS:
        shift = np.array([light_from_left * across, -up], np.float32)
        centre = sitting.landmarks[landmark, :2] + shift * length
        spots += strength * soft_spot(centre, (radius * length, radius * length), spots.shape)
    return spots


def _rest(sitting: Sitting, form: Relief, lit: FloatMap, style: Toon3D) -> FloatMap:
    """Hair as silk, clothes as soft cloth."""
    silk = along_flow(along_flow(sitting.brushed, sitting.flow), sitting.flow)
    lab = rgb_to_lab(gaussian(silk, 1.3))
    most, until = style.rest_lift
    lightness = np.ascontiguousarray(lab[..., 0])
    lightness += most * smoothstep(until, 0, lightness)
    across = _silk(sitting, form, style) * (1 - sitting.skin.oval * sitting.skin.share)
    strand = np.clip(1 + 0.10 * (lightness - gaussian(lightness, 5.0)), 0.2, 1.8)
    lab[..., 0] = lightness + lit + style.silk * across * strand * np.clip((95 - lightness) / 60, 0.1, 1)
    lab[..., 1:] *= style.rest_chroma
    return lab


def _silk(sitting: Sitting, form: Relief, style: Toon3D) -> FloatMap:
    """Light across strands (Kajiya and Kay, 1989): full where they run at right angles to it."""
    along = cv2.resize(sitting.flow.along, sitting.matte.shape[::-1], interpolation=cv2.INTER_NEAREST)
    # A strand lies on the body: its depth follows from the slope under it.
    depth = -(along * form.normals[..., :2]).sum(axis=2) / np.maximum(form.normals[..., 2], 0.2)
    half = np.array(style.key) / np.linalg.norm(style.key) + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    facing = along[..., 0] * half[0] + along[..., 1] * half[1] + depth * half[2]
    facing /= np.sqrt(1 + depth * depth)
    sine = np.sqrt(np.clip(1 - facing * facing, 0, 1)).astype(np.float32)
    directed = smoothstep(0.45, 0.80, wide_gaussian(sitting.flow.coherence, 8.0))
    rows = np.arange(len(directed), dtype=np.float32)
    chin, length = float(sitting.landmarks[CHIN, 1]), sitting.face_height
    directed *= smoothstep(chin + 0.5 * length, chin - 0.1 * length, rows)[:, None]
    result: FloatMap = wide_gaussian(np.power(sine, 22) * directed, 3.0)
    return result


def _features(sitting: Sitting, lit: FloatMap, style: Toon3D) -> FloatMap:
    """Eyes, brows and lips: the smoothed photo, softly lit, lips with a gloss."""
    lab = rgb_to_lab(sitting.smooth)
    lightness = lab[..., 0]
    lab[..., 0] = lightness + 0.5 * (lightness - gaussian(lightness, 3.0)) + 0.4 * lit
    lab[..., 1:] *= 1.18
    return lab


def _rim(form: Relief, matte: FloatMap, light_from_left: float) -> FloatMap:
    """Light from behind, across from the key light: on what turns away from us there."""
    turned = 1 - form.normals[..., 2]
    side = np.clip(np.float32(light_from_left) * form.normals[..., 0] + 0.15, 0, 1)
    result: FloatMap = smoothstep(0.10, 0.55, turned) * side * matte
    return result
