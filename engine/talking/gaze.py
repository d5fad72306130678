"""Gaze: the iris moves in the eye as it is drawn.

Inside the opening between the lids the picture slides with the iris; between the iris and a corner the white
is stretched where the iris left and pressed together where it goes. Lids and lashes stay, so they cut the
iris off as they did before, whatever the style: nothing is drawn that was not there. An eye in which no iris
can be told from its white stays still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import looked_up, smoothstep
from engine.talking.eyes import EYES, EyeView
from engine.talking.geometry import curve

EYEBALL = 0.42  # of the eye's width: 12 mm radius, 29 mm from corner to corner
SHOWN = 1.3  # how much larger than life: a small picture shows little of it
GIVES_WAY = 0.65  # part of the white beside an iris that it may take
UP_ROOM, DOWN_ROOM = 0.40, 0.22  # part of the way from the iris' middle to a lid that it may go: a look up
# hides more of it, one down shows what nobody has drawn
LID_EDGE = 1.2  # px inside the lids over which the movement begins: lashes stay where they are
UNCLEAR, CLEAR = 10.0, 24.0  # of 255, how much darker than its white an iris is
SLIT, OPEN = 0.22, 0.36  # of the iris, how much of it the lids show
FAR_EYE = 0.5  # of the other eye's width: narrower is the far eye of a profile
Limits = tuple[float, float, float, float]


@dataclass(frozen=True)
class Iris:
    """One iris that can move.

    Attributes
    ----------
    rows, columns : of the opening in the texture
    drawn : uint8 (h, w, 4), the opening at rest
    index : float32 (h, w, 2), (column, row) of each sample
    x, y : float32 (h, w), px along the eye's axes
    inside : float32 (h, w), 1 between the lids
    up, down : float32 (h, w), what share of a look up or down a sample takes part in
    centre : float32 (2,), px along the axes
    radius : px
    corners : px along the eye, left and right
    axes : float32 (2, 2), samples a px along the eye and across it
    travel : px for a look by 90 degrees
    limits : sines to the left, right, up, down
    landmarks : of the iris
    dot : samples of a pixel of the style, 0 for none
    """

    rows: slice
    columns: slice
    drawn: Pixels
    index: Points
    x: FloatMap
    y: FloatMap
    inside: FloatMap
    up: FloatMap
    down: FloatMap
    centre: Points
    radius: float
    corners: tuple[float, float]
    axes: Points
    travel: float
    limits: Limits
    landmarks: tuple[int, ...]
    dot: int

    def way(self, gaze: FloatMap) -> tuple[float, float]:
        """Px along the axes that a look (yaw, pitch) in degrees moves the iris."""
        across, down = np.sin(np.deg2rad(gaze)).tolist()
        left, right, above, below = self.limits
        return (
            self.travel * float(np.clip(across, -left, right)),
            self.travel * float(np.clip(down, -above, below)),
        )

    def looking(self, gaze: FloatMap) -> Pixels:
        """Draw the opening with the iris looking (yaw, pitch) in degrees; uint8 (h, w, 4)."""
        across, down = self.way(gaze)
        away = self.x - np.float32(self.centre[0] + across)
        left = np.float32(1 / max(self.centre[0] + across - self.radius - self.corners[0], 0.5))
        right = np.float32(1 / max(self.corners[1] - self.centre[0] - across - self.radius, 0.5))
        beyond = np.maximum(
            -left * (away + np.float32(self.radius)), right * (away - np.float32(self.radius))
        )
        beside = np.float32(across) * self.inside * np.clip(1 - beyond, 0, 1)
        above = np.float32(down) * (self.up if down < 0 else self.down)
        moved = beside[..., None] * self.axes[0] + above[..., None] * self.axes[1]
        if self.dot:
            moved = np.round(moved / np.float32(self.dot)) * np.float32(self.dot)
        return looked_up(self.drawn, self.index - moved)


def prepare_irises(
    texture: Pixels, landmarks: Points, views: Sequence[EyeView], dot: int = 0
) -> tuple[Iris | None, ...]:
    """Get the irises of both eyes ready; None for an eye that stays still.

    Parameters
    ----------
    texture : uint8 (H, W, 4)
    landmarks : float32 (478, 3), px
    dot : px, side of a pixel in a style that is made of them
    """
    widths = [float(np.ptp(view.upper_lid[[0, -1], 0])) for view in views]
    found: list[Iris | None] = []
    for view, eye, width in zip(views, EYES, widths, strict=True):
        iris = None if width < FAR_EYE * max(widths) else _iris(texture, landmarks, view, eye.iris, dot)
        found.append(iris)
    moving = [iris for iris in found if iris is not None]
    if not moving:
        return tuple(found)
    # both eyes look the same way: where one has no room, the other does not go on alone
    left, right, up, down = (min(room) for room in zip(*(iris.limits for iris in moving), strict=True))
    return tuple(iris and replace(iris, limits=(left, right, up, down)) for iris in found)


def iris_travel(landmarks: Points, irises: Sequence[Iris | None], gaze: FloatMap) -> Points:
    """Displace the irises' landmarks by a look (yaw, pitch), float32 (N, 2) for all landmarks, px."""
    away = np.zeros((len(landmarks), 2), np.float32)
    for iris in irises:
        if iris is not None:
            unit = iris.axes / np.linalg.norm(iris.axes, axis=1, keepdims=True)
            away[list(iris.landmarks)] = np.array(iris.way(gaze), np.float32) @ unit
    return away


def _iris(
    texture: Pixels, landmarks: Points, view: EyeView, points: tuple[int, ...], dot: int
) -> Iris | None:
    places = view.frame.local(landmarks[list(points), :2])
    radius = float(np.linalg.norm(places[1:] - places[0], axis=1).mean())
    samples = dot * view.scale
    rows, columns, index, x, y = _opening(view, samples)
    if index.size == 0:
        return None
    upper, lower = curve(view.upper_lid, x), curve(view.lower_lid, x)
    inside = smoothstep(0, LID_EDGE, y - upper) * smoothstep(0, LID_EDGE, lower - y)
    if samples:
        inside = (inside > 0.3).astype(np.float32)
    drawn = texture[rows, columns].copy()
    top, bottom = (float(curve(edge, places[:1, 0])[0]) for edge in (view.upper_lid, view.lower_lid))
    middle = float(np.clip(places[0, 1], 0.7 * top + 0.3 * bottom, 0.3 * top + 0.7 * bottom))
    corners = float(view.upper_lid[0, 0]), float(view.upper_lid[-1, 0])
    width = corners[1] - corners[0]
    white = inside * (np.abs(x) < 0.42 * width)
    clear = _clearness(drawn, np.hypot(x - places[0, 0], y - places[0, 1]) / radius, x - places[0, 0], white)
    travel = SHOWN * EYEBALL * width
    if clear * _shown(bottom - top, radius) < 0.5 or (drawn[..., 3][inside > 0] < 255).any():
        return None
    room = (places[0, 0] - radius - corners[0], corners[1] - places[0, 0] - radius)
    limits = [GIVES_WAY * max(0.0, float(free)) / travel for free in room]
    limits += [UP_ROOM * (middle - top) / travel, DOWN_ROOM * (bottom - middle) / travel]
    # lids hold what is near them: a look up stretches below the iris, a look down above it
    rises = np.clip((y - upper) / np.maximum(middle - upper, 1), 0, 1)
    falls = np.clip((lower - y) / np.maximum(lower - middle, 1), 0, 1)
    axes = np.stack([view.frame.across, view.frame.down]) * np.float32(view.scale)
    return Iris(
        rows, columns, drawn, index, x, y, inside,
        up=np.asarray(inside * falls, np.float32),
        down=np.asarray(inside * rises, np.float32),
        centre=places[0], radius=radius, corners=corners, axes=axes.astype(np.float32),
        travel=travel, limits=(limits[0], limits[1], limits[2], limits[3]), landmarks=points, dot=samples,
    )  # fmt: skip


def _opening(view: EyeView, dot: int) -> tuple[slice, slice, Points, FloatMap, FloatMap]:
    """The part of an eye's view between its lids: rows, columns, index, x, y; of the dots' middles."""
    outline = np.concatenate([view.upper_lid, view.lower_lid])
    between = (view.y > curve(view.upper_lid, view.x)) & (view.y < curve(view.lower_lid, view.x))
    between &= (view.x > outline[:, 0].min()) & (view.x < outline[:, 0].max())
    left, top, width, height = cv2.boundingRect(between.astype(np.uint8))
    grid = np.meshgrid(np.arange(width), np.arange(height))
    index = np.stack(grid, axis=-1).astype(np.float32)
    rows = slice(view.rows.start + top, view.rows.start + top + height)
    columns = slice(view.columns.start + left, view.columns.start + left + width)
    places = index + np.array([columns.start, rows.start], np.float32)
    if dot:
        places = np.floor(places / dot) * dot + np.float32((dot - 1) / 2)
    local = view.frame.local((places - np.float32((view.scale - 1) / 2)) / np.float32(view.scale))
    x, y = (np.ascontiguousarray(local[..., axis]) for axis in (0, 1))
    return rows, columns, index, x, y


def _clearness(drawn: Pixels, away: FloatMap, across: FloatMap, white: NDArray[np.float32]) -> float:
    """How surely there is an iris: darker than the white on one side of it at least; 0 .. 1."""
    light = cv2.cvtColor(np.ascontiguousarray(drawn[..., :3]), cv2.COLOR_RGB2GRAY)
    iris = light[(away < 0.75) & (white > 0.5)]
    sides = [light[(away > 1.1) & (white > 0.5) & side] for side in (across < 0, across > 0)]
    seen = [float(np.percentile(side, 75)) for side in sides if side.size >= 12]
    if not seen or not iris.size:
        return 0.0
    contrast = np.array([max(seen) - float(np.median(iris))], np.float32)
    return float(smoothstep(UNCLEAR, CLEAR, contrast)[0])


def _shown(gap: float, radius: float) -> float:
    """How surely the lids are open wide enough; 0 .. 1."""
    return float(smoothstep(SLIT, OPEN, np.array([gap / (2 * radius)], np.float32))[0])
