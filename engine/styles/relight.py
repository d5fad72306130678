"""Relighting: even out how a photo was lit, within bounds that keep every skin tone what it is.

A photo that is too dark as a whole, or taken against the light, is exposed first, as its camera should have.
Dark skin is no reason: whites of eyes, teeth and shine are light in every face.

Levels on the person alone, a part of the large-scale light on the face flattened, then one smooth curve that
moves the skin's median by a few L at most. Hue is never touched.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.face.matte import FACE_OVAL
from engine.raster import lab_to_rgb, polygon, rgb_to_lab, smoothstep, wide_gaussian
from engine.styles.skin import Skin


@dataclass(frozen=True)
class Light:
    """How much is evened out. Lightness in CIE L, 0..100."""

    highest_gain: float = 1.12  # of the levels
    flatten: float = 0.36  # share of the light's slow course over the skin that is taken away
    flatten_range: tuple[float, float] = (-14.0, 22.0)
    window: float = 0.22  # face heights: sigma of what counts as slow
    lift: float = 4.0  # L by which the skin's median is raised, the same for every tone ...
    bright: tuple[float, float] = (72.0, 86.0)  # ... but for skin that is already this light: less, then none


# L that the lightest 2 % of a face have at least. 42 photos, the darkest skin among them: 59 to 96; the same
# against the light 26 to 39, at night 42 to 60, in a dark room 14 to 21.
LEAST_LIGHT, LIGHTEST = 53.0, 98
GAMMA = 2.2  # of a screen, nearly
MOST_EXPOSED = 10.0  # times as much light: noise is exposed along


def exposed(pixels: Pixels, landmarks: Points) -> Pixels:
    """Give a photo the light that its face lacks; others stay as they are.

    Parameters
    ----------
    pixels : uint8 (768, 768, 3), RGB
    landmarks : float32 (478, 3), px of the canvas
    """
    face = polygon(landmarks[list(FACE_OVAL)], pixels.shape[:2])[::4, ::4] > 127
    if not face.any():
        return pixels
    light = float(np.percentile(rgb_to_lab(np.ascontiguousarray(pixels[::4, ::4]))[..., 0][face], LIGHTEST))
    if light >= LEAST_LIGHT:
        return pixels
    gain = min(_luminance(LEAST_LIGHT) / _luminance(light), MOST_EXPOSED)
    levels = np.arange(256, dtype=np.float32) / 255
    brighter = np.minimum(levels * np.float32(gain ** (1 / GAMMA)), 1)
    return cast(Pixels, cv2.LUT(pixels, np.rint(255 * brighter).astype(np.uint8)))


def _luminance(lightness: float) -> float:
    """Light of a CIE L."""
    return float(((lightness + 16) / 116) ** 3)


def relight(
    pixels: Pixels, matte: FloatMap, skin: Skin, face_height: float, light: Light
) -> tuple[Pixels, float]:
    """Even out the light.

    Returns
    -------
    uint8 (768, 768, 3), RGB, and the skin's median lightness after it
    """
    lab = rgb_to_lab(pixels)
    lightness = lab[..., 0]
    sample = lightness[::4, ::4][matte[::4, ::4] > 0.9]
    low, high = np.percentile(sample, (1, 99)) if sample.size else (0.0, 100.0)
    slow = _slow_light(lightness, skin, light.window * face_height)
    lowest, highest = light.flatten_range
    flat = lightness - light.flatten * np.clip(slow, lowest, highest) * skin.share
    gain = float(np.clip(96 / max(float(high - low), 1.0), 1.0, light.highest_gain))
    start = min(float(low), 6.0) * 0.6

    def level(value: FloatMap) -> FloatMap:
        result: FloatMap = np.clip((value - start) * gain, 0, 100)
        return result

    median = float(level(np.array([skin.lightness], np.float32))[0])
    low_bright, high_bright = light.bright
    share = np.clip((high_bright - skin.lightness) / (high_bright - low_bright), 0, 1)
    wanted = float(np.clip(skin.lightness + light.lift * share, 6, 92))
    power = float(np.clip(np.log(wanted / 100) / np.log(np.clip(median, 4, 96) / 100), 0.55, 1.6))
    relit = 100 * _power(level(flat) * np.float32(0.01), power)
    grown = np.clip(
        _power(np.divide(np.maximum(relit, 4), np.maximum(lightness, 4), dtype=np.float32), 0.7), 0.8, 1.35
    )
    lab[..., 0] = relit
    lab[..., 1] *= grown
    lab[..., 2] *= grown
    return lab_to_rgb(lab), wanted


def _power(values: FloatMap, power: float) -> FloatMap:
    return cast(FloatMap, cv2.pow(values, power))  # numpy's takes three times as long


def _slow_light(lightness: FloatMap, skin: Skin, sigma: float) -> FloatMap:
    """How much lighter than its median the skin is at large scale, from skin alone; 0 far from skin."""
    share = skin.share * (1 - skin.features)
    weight = wide_gaussian(share, sigma)
    mean: FloatMap = wide_gaussian(share * lightness, sigma) / (weight + 1e-3)
    return (mean - skin.lightness) * smoothstep(0.02, 0.15, weight)
