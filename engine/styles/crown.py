"""Crown: give a head that the photo's upper edge cuts off a top that one believes.

Hair seen from the front falls from a parting to both sides. So the missing hair is painted with the colours
of the hair beside the forehead, carried along parabolas that leave the parting level and fall outwards; a
forehead that is cut off closes in a low arch under it. Where there is no hair beside it, the head is bald.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import blended, looked_up, polygon, rgb_to_lab, smoothstep, unit
from engine.styles.composition import CANVAS, CHIN, LEAST_RISE, TOP

SKIN_SPOTS = (50, 280, 101, 330, 9, 151)  # landmarks on bare skin of nearly everybody


@dataclass(frozen=True)
class CrownShape:
    """Lengths in face heights (landmark 10 to 152) unless said otherwise."""

    whole_head: float = 1.40  # from the chin to the top that a head is completed to
    rises: tuple[float, float] = (LEAST_RISE, 0.85)  # of half the width of the cut: lowest and highest arch
    hairline: float = 0.13  # above landmark 10
    narrowest: float = 0.12  # a cut narrower than this is no head
    widest: float = 0.45  # half of what a forehead may measure
    bald: float = 0.10  # of the width of the cut: less hair beside the forehead than this is none
    thin: float = 0.30  # of the hair beside the forehead, where skin still shows or shades it
    seen: float = 0.035  # how many rows under the cut tell skin from hair
    halo: float = 0.05  # of the width of the cut: outermost hair, which the ground shines through
    strand: float = 0.012  # how deep below the cut colours are taken; deeper, a scarf shows the hair under it
    skin_lightness: float = 28.0  # L by which a forehead may differ from the cheeks
    skin_chroma: float = 13.0  # and its distance in a and b


def complete_top(
    pixels: Pixels,
    matte: FloatMap,
    landmarks: Points,
    photo_top: float,
    shape: CrownShape = CrownShape(),
) -> tuple[Pixels, FloatMap]:
    """Complete a head that the photo's upper edge cuts off; others stay as they are.

    Parameters
    ----------
    pixels, matte, landmarks : of the canvas
    photo_top : row at which the photo begins
    """
    row = int(np.ceil(photo_top)) + 2
    face_height = float(np.linalg.norm(landmarks[CHIN, :2] - landmarks[TOP, :2]))
    if row < 4 or row > landmarks[TOP, 1] + 0.3 * face_height:
        return pixels, matte
    columns = np.flatnonzero(matte[row] > 0.5)
    columns = columns[np.abs(columns - landmarks[TOP, 0]) < 0.9 * face_height]
    if len(columns) < shape.narrowest * face_height:
        return pixels, matte
    left, right = float(columns.min()), float(columns.max())
    centre, half = (left + right) / 2, max(4.0, (right - left) / 2)
    wanted = row - (float(landmarks[CHIN, 1]) - shape.whole_head * face_height)
    lowest, highest = shape.rises
    rise = min(float(np.clip(wanted, lowest * half, highest * half)), row - 4.0)
    y, x = np.mgrid[0:row, 0:CANVAS].astype(np.float32)
    radius = np.hypot((x - centre) / half, (row - y) / rise)
    forehead = _forehead(pixels, landmarks, row, (left, right), face_height, shape)
    pixels, matte = pixels.copy(), matte.copy()
    pixels[:row] = _painted(pixels, x, y, row, rise, (left, right), forehead, landmarks, face_height, shape)
    matte[:row] = smoothstep(1.5, -1.5, (radius - 1) * min(half, rise))
    seam = slice(row - 1, row + 1)
    matte[seam] = np.maximum(matte[seam], (matte[row + 1] > 0.5).astype(np.float32))
    return pixels, _without_notches(matte, row + round(0.30 * face_height))


def _forehead(
    pixels: Pixels,
    landmarks: Points,
    row: int,
    cut: tuple[float, float],
    face_height: float,
    shape: CrownShape,
) -> tuple[float, float] | None:
    """First and last column of bare forehead at the cut; None where hair or a hat covers it."""
    spots = landmarks[list(SKIN_SPOTS), :2].round().astype(int).clip(0, CANVAS - 1)
    skin = np.median(rgb_to_lab(np.ascontiguousarray(pixels[spots[:, 1], spots[:, 0]][None]))[0], axis=0)
    depth = max(4, round(shape.seen * face_height))
    lab = np.median(rgb_to_lab(np.ascontiguousarray(pixels[row : row + depth])), axis=0)
    scale = np.clip(lab[:, 0] / max(float(skin[0]), 1.0), 0.5, 1.2)[:, None]  # chroma falls with light
    alike = np.hypot(*((lab[:, 1:] - skin[1:] * scale).T)) < shape.skin_chroma
    alike &= np.abs(lab[:, 0] - skin[0]) < shape.skin_lightness
    closed = cv2.morphologyEx(
        alike.astype(np.uint8)[None],
        cv2.MORPH_CLOSE,
        np.ones((1, max(3, round(0.08 * face_height))), np.uint8),
    )[0]
    inside = np.flatnonzero(closed[int(cut[0]) : int(cut[1]) + 1]) + int(cut[0])
    inside = inside[np.abs(inside - landmarks[TOP, 0]) < shape.widest * face_height]
    if not inside.size:
        return None
    return float(inside[0]), float(inside[-1])


def _painted(
    pixels: Pixels,
    x: FloatMap,
    y: FloatMap,
    row: int,
    rise: float,
    cut: tuple[float, float],
    forehead: tuple[float, float] | None,
    landmarks: Points,
    face_height: float,
    shape: CrownShape,
) -> Pixels:
    """Colours of the rows above the cut, uint8 (row, 768, 3)."""
    left, right = cut
    fall = np.maximum((y - (row - 1.12 * rise)) / np.float32(1.12 * rise), 0.02)
    depth = np.minimum(0.7 * (row - y), np.float32(shape.strand * face_height))

    def carried(parting: float, spans: tuple[tuple[float, float], tuple[float, float]]) -> Pixels:
        """Colours of the cut's columns, from inner to outer on each side, along falling parabolas."""
        sides = []
        for (inner, outer), end in zip(spans, (left, right), strict=True):
            wide = max(4.0, abs(end - parting) - 4)
            along = np.minimum(np.abs(x - parting) / np.sqrt(fall) / np.float32(wide), 1)
            column = inner + along * np.float32(outer - inner)
            sides.append(looked_up(pixels, cv2.merge([column.astype(np.float32), row + depth])))
        lean = smoothstep(-0.04, 0.04, (x - parting) / np.float32(max(8.0, right - left)))
        return blended(sides[0], sides[1], lean)

    inset = max(5.0, shape.halo * (right - left))
    centre = (left + right) / 2
    plain = ((centre, left + inset), (centre, right - inset))
    if forehead is None:
        return carried(centre, plain)
    first, last = forehead
    least = shape.bald * (right - left)
    hair = (
        (first - shape.thin * max(0.0, first - left), left + inset),
        (last + shape.thin * max(0.0, right - last), right - inset),
    )
    lengths = [inner - outer if outer < inner else 0.0 for inner, outer in (hair[0], hair[1][::-1])]
    if max(lengths) < least:
        return carried(centre, plain)
    if lengths[0] < 0.5 * least:
        hair = (hair[1], hair[1])
    elif lengths[1] < 0.5 * least:
        hair = (hair[0], hair[0])
    middle, reach = (first + last) / 2, max(2.0, (last - first) / 2)
    height = row - (float(landmarks[TOP, 1]) - shape.hairline * face_height)
    height = float(np.clip(height, 0.05 * face_height, 0.55 * rise))
    # a little inside the forehead's own edge, so that no hair is carried up into it
    inner = 0.8 * reach
    mirrored = row + np.minimum(row - y, np.float32(shape.strand * face_height))
    columns = np.clip(x, middle - inner, middle + inner)
    skin = looked_up(pixels, np.dstack([columns, mirrored]).astype(np.float32))
    arch = np.hypot((x - middle) / reach, (row - y) / height)
    ripple = 0.05 * np.sin((x - middle) * np.float32(40 / face_height))  # no hairline is an ellipse
    return blended(skin, carried(middle, hair), smoothstep(0.86, 1.04, arch + ripple))


def _without_notches(matte: FloatMap, end: int) -> FloatMap:
    """Fill what the outline above row `end` leaves concave: where a completed top meets wider hair."""
    rows, columns = np.nonzero(matte[:end] > 0.5)
    if len(rows) < 3:
        return matte
    hull = cv2.convexHull(np.column_stack([columns, rows]).astype(np.int32)).reshape(-1, 2)
    filled = unit(polygon(hull.astype(np.float32), (end, matte.shape[1])))
    matte[:end] = np.maximum(matte[:end], filled)
    return matte
