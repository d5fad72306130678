"""Blinking: a picture of each eye with its lid down, laid over the open eye from above.

The lid is not stretched out of the few clean pixels between brow and lashes alone: the eye's place is
filled with the colours above and below it, so that no old lid line can show, and the lash line is drawn
where the lid ends. Everything is prepared for LEVELS steps of the lid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import gaussian, looked_up, smoothstep
from engine.talking.dots import PARTS, in_dots
from engine.talking.eyes import EYES, EyeView
from engine.talking.geometry import curve
from engine.talking.palette import MouthPalette

LEVELS = 16  # steps of the lid from open to shut
SHUT_AT = 0.80  # of the way from upper to lower lid: where the lids meet
LID_ENDS = (1.02, 1.18)  # of half the eye's width: a lid fades out beyond its corners
STRIP = 48  # columns of the strips that colours are taken from
GRAIN_BELOW = 0.07  # fh below the eye: the cheek whose grain the lid takes
GRAIN_SIZE = 5.0  # samples, coarsest grain
GRAIN_MOST = 45.0  # of 255: lines stronger than this are no grain
LASH = 0.016  # fh, thickness of the lash line
LASH_OF_DOTS = 0.75  # of a dot, where a style is made of them: about one dot is then dark
STRAY = 0.045  # fh, dark things narrower than this around a shut eye are ends of its open lashes
STRAY_FROM, STRAY_TO = 5.0, 16.0  # of 255, how much darker than the skin around them
STRAY_REACH, RIM_REACH = 1.75, 1.6  # of half the eye's width, without and with glasses: rims are no lashes
STRAY_ABOVE, STRAY_BELOW = 0.055, 0.060  # fh beyond the lids where they are looked for


@dataclass(frozen=True)
class LidPatch:
    """One eye's lid at every step, to lay over the eye.

    Attributes
    ----------
    rows, columns : where it lies in the texture
    keep : uint8 (LEVELS + 1, h, w, 4), how much of the eye is left, of 255
    paint : uint8 (LEVELS + 1, h, w, 4), what is added
    """

    rows: slice
    columns: slice
    keep: Pixels
    paint: Pixels

    def over(self, eye: Pixels, level: int) -> Pixels:
        """Lay the lid over an eye, uint8 (h, w, 4)."""
        kept = cv2.multiply(eye, self.keep[level], scale=1 / 255)
        return cast(Pixels, cv2.add(kept, self.paint[level]))


def prepare_lids(
    texture: Pixels, views: Sequence[EyeView], palette: MouthPalette, glasses: float = 0.0
) -> tuple[LidPatch, ...]:
    """Draw the lids of both eyes at every step.

    Parameters
    ----------
    texture : uint8 (H, W, 4)
    glasses : 0 .. 1, how surely there are any
    """
    return tuple(_lid_patch(texture, view, palette, glasses) for view in views)


def lid_travel(landmarks: Points, amount: float) -> Points:
    """Displace the lids' landmarks by a blink, float32 (N, 2) for all landmarks."""
    away = np.zeros((len(landmarks), 2), np.float32)
    for eye in EYES:
        upper, lower = landmarks[list(eye.upper), :2], landmarks[list(eye.lower), :2]
        away[list(eye.upper)] = amount * SHUT_AT * (lower - upper)
        away[list(eye.lower)] = amount * (1 - SHUT_AT) * (upper - lower)
    return away


def _lid_patch(texture: Pixels, view: EyeView, palette: MouthPalette, glasses: float) -> LidPatch:
    lid = _lid_colours(texture, view) + palette.grain * _grain(texture, view)
    drawn = texture[view.rows, view.columns, :3].astype(np.float32)
    cover, _ = _cover(view, 1.0)
    skin, stray = _stray_lashes(drawn + (lid - drawn) * cover[..., None], view, glasses)
    keep = np.full((LEVELS + 1, *view.x.shape, 4), 255, np.uint8)
    paint = np.zeros_like(keep)
    for step in range(1, LEVELS + 1):
        begins = min(max(step / LEVELS - 0.12, 0.0) / 0.10, 1.0)  # less would be no more than fading lashes
        left, added = _lid(lid, view, step / LEVELS, begins, palette)
        gone = np.float32(begins) * stray
        added += skin * (gone * left)[..., None]
        keep[step, ..., :3] = (255 * left * (1 - gone) + np.float32(0.5))[..., None]
        paint[step, ..., :3] = np.clip(added + np.float32(0.5), 0, 255)
        if palette.dot:
            place, side = (view.rows.start, view.columns.start), palette.dot * view.scale // PARTS
            keep[step], paint[step] = (in_dots(part[step], *place, side) for part in (keep, paint))
    return LidPatch(view.rows, view.columns, keep, paint)


def _stray_lashes(shut: FloatMap, view: EyeView, glasses: float) -> tuple[FloatMap, FloatMap]:
    """Find what lashes of the open eye stick out beyond its lids, where the shut one has none.

    Parameters
    ----------
    shut : float32 (h, w, 3), the eye with its lid down

    Returns
    -------
    colours of the skin without them, float32 (h, w, 3); where they are, float32 (h, w) in [0, 1]
    """
    fh = view.frame.height
    side = 2 * round(STRAY * fh * view.scale / 2) + 1
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    skin = gaussian(np.asarray(cv2.morphologyEx(shut, cv2.MORPH_CLOSE, round_brush), np.float32), 2.0)
    darker = np.asarray((skin - shut).mean(axis=-1), np.float32)
    below = view.y - curve(view.lower_lid, view.x)
    above = curve(view.upper_lid, view.x) - view.y
    far = np.abs(view.across)
    near = smoothstep(STRAY_BELOW * fh, 0.7 * STRAY_BELOW * fh, below)
    # over the middle of the eye a dark line is the fold of the lid, which stays
    near *= smoothstep(STRAY_ABOVE * fh, 0.6 * STRAY_ABOVE * fh, above)
    near *= np.maximum(smoothstep(0.75, 0.95, far), smoothstep(0.2, -0.5, above))
    reach = STRAY_REACH + glasses * (RIM_REACH - STRAY_REACH)
    outside = view.across * view.outer > 0
    near *= np.where(outside, smoothstep(reach, reach - 0.2, far), smoothstep(1.3, 1.1, far))
    near *= 1 - smoothstep(0, 0.01 * fh, -above) * smoothstep(0, 0.01 * fh, -below)  # the eye itself
    return skin, smoothstep(STRAY_FROM, STRAY_TO, darker) * near


def _grain(texture: Pixels, view: EyeView) -> FloatMap:
    """Take hatching and paper from the cheek below the eye."""
    height = view.rows.stop - view.rows.start
    opening = float(np.ptp(np.concatenate([view.upper_lid, view.lower_lid])[:, 1]))
    first = view.rows.start + round((opening + GRAIN_BELOW * view.frame.height) * view.scale)
    first = min(first, texture.shape[0] - height)
    cheek = texture[first : first + height, view.columns, :3].astype(np.float32)
    grain = np.clip(cheek - gaussian(cheek, GRAIN_SIZE), -GRAIN_MOST, GRAIN_MOST)
    return np.asarray(grain, np.float32)


def _lid(
    lid: FloatMap, view: EyeView, amount: float, begins: float, palette: MouthPalette
) -> tuple[FloatMap, FloatMap]:
    """Draw the lid as far down as `amount` says, with its lashes.

    Returns
    -------
    how much of the eye is left, float32 (h, w) in [0, 1]; what is added, float32 (h, w, 3)
    """
    fh, y, far = view.frame.height, view.y, np.abs(view.across)
    cover, edge = _cover(view, amount)
    cover = cover * np.float32(begins)
    shadow = 1 - 0.16 * np.exp(-np.maximum(edge - y, 0) / (0.022 * fh)) * (y < edge)
    thickness = LASH * fh * (0.35 + 0.65 * np.sqrt(np.clip(1 - (far / 1.08) ** 2, 0, 1)))
    thickness = np.maximum(thickness, LASH_OF_DOTS * palette.dot)
    away = np.asarray(np.abs(y - edge - 0.2 * thickness) / thickness, np.float32)
    lash = smoothstep(1.0, 0.35, away)
    lash = lash * smoothstep(1.14, 0.98, far) * np.float32(begins * max(palette.line_strength, 0.8))
    ink = np.minimum(np.array(palette.line, np.float32), 0.42 * lid)  # darker than the darkest skin
    bare = 1 - lash
    added = lid * (shadow * cover * bare)[..., None] + ink * lash[..., None]
    return np.asarray((1 - cover) * bare, np.float32), np.asarray(added, np.float32)


def _cover(view: EyeView, amount: float) -> tuple[FloatMap, FloatMap]:
    """Where the lids lie, float32 (h, w) in [0, 1], and the upper one's edge, px across the eye."""
    fh, y = view.frame.height, view.y
    upper, lower = curve(view.upper_lid, view.x), curve(view.lower_lid, view.x)
    meet = upper + np.float32(SHUT_AT) * (lower - upper)
    edge = upper + np.float32(amount) * (meet - upper)
    rising = lower - np.float32(amount) * (lower - meet)
    soft = 0.012 * fh
    over_top = smoothstep(-0.042 * fh, -0.042 * fh + soft, y - upper) * smoothstep(0.4, -0.4, y - edge)
    over_bottom = smoothstep(-0.4, 0.4, y - rising) * smoothstep(0.024 * fh + soft, 0.024 * fh, y - lower)
    sides = smoothstep(LID_ENDS[1], LID_ENDS[0], np.abs(view.across))
    return np.asarray(np.maximum(over_top, over_bottom) * sides, np.float32), edge


def _lid_colours(texture: Pixels, view: EyeView) -> FloatMap:
    """Fill the eye's place with the colours of the clean strips above the lashes and below the eye."""
    fh = view.frame.height
    upper, lower, brow = view.upper_lid, view.lower_lid, view.brow
    columns = np.linspace(upper[0, 0] * 1.15, upper[-1, 0] * 1.15, STRIP).astype(np.float32)
    room = np.maximum(curve(upper, columns) - curve(brow, columns), 0.02 * fh)
    start = curve(upper, columns) - np.linspace(0.42, 0.72, 7, dtype=np.float32)[:, None] * room
    end = curve(lower, columns) + np.linspace(0.030, 0.060, 7, dtype=np.float32)[:, None] * np.float32(fh)
    above, below = (_strip(texture, view, columns, band) for band in (start, end))
    above = _brightened(above, below)
    middle = float(upper[:, 1].mean() + lower[:, 1].mean()) / 2
    index = np.interp(view.x, columns, np.arange(STRIP)).astype(np.intp)
    mix = smoothstep(middle - 0.02 * fh, middle + 0.05 * fh, view.y)[..., None]
    return above[index] * (1 - mix) + below[index] * mix


def _strip(texture: Pixels, view: EyeView, columns: FloatMap, band: FloatMap) -> FloatMap:
    """One smooth colour per column, float32 (STRIP, 3); dark lines (glasses, lashes) do not count."""
    local = np.stack(np.broadcast_arrays(columns, band), axis=-1)
    places = (view.frame.origin + view.frame.vectors(local)) * view.scale + (view.scale - 1) / 2
    seen = looked_up(texture, places.astype(np.float32))[..., :3]
    colours = np.median(seen, axis=0).astype(np.float32)
    light = colours.mean(axis=1)
    brighter = light - np.median(light)
    trust = np.exp(-((np.minimum(brighter, 0) / 22) ** 2) - (np.maximum(brighter, 0) / 45) ** 2)
    weight = (trust + 1e-3)[:, None].astype(np.float32)
    return _along(colours * weight) / _along(weight)


def _brightened(above: FloatMap, below: FloatMap) -> FloatMap:
    """Keep a lid from the darkness of its socket: a shut lid stands out and catches the cheek's light."""
    mixed = 0.7 * above + 0.3 * below
    light, cheek = mixed.mean(axis=1, keepdims=True), below.mean(axis=1, keepdims=True)
    return np.asarray(mixed * np.maximum(1, 0.88 * cheek / np.maximum(light, 1)), np.float32)


def _along(values: FloatMap) -> FloatMap:
    """Gaussian smoothing over the first axis, 6 columns."""
    smooth = cv2.GaussianBlur(values, (1, 37), sigmaX=1.0, sigmaY=6.0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32).reshape(values.shape)
