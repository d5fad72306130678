"""Relighting: even out how a photo was lit, within bounds that keep every skin tone what it is.

Levels on the person alone, a part of the large-scale light on the face flattened, then one smooth curve that
moves the skin's median by a few L at most. Hue is never touched.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import lab_to_rgb, rgb_to_lab, smoothstep, wide_gaussian
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
