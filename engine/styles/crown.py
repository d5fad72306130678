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
from engine.styles.composition import CANVAS, CHIN, LEAST_RISE, LEFT_EYE, RIGHT_EYE, TOP

SKIN_SPOTS = (50, 280, 101, 330, 9, 151)  # landmarks on bare skin of nearly everybody

Span = tuple[float, float, int]
"""Where hair is taken from: inner and outer column, and the row."""


@dataclass(frozen=True)
class CrownShape:
    """Lengths in face heights (landmark 10 to 152) unless said otherwise."""

    whole_head: float = 1.40  # from the chin to the top that a head is completed to
    rises: tuple[float, float] = (LEAST_RISE, 0.85)  # of half the width of the cut: lowest and highest arch
    hairline: float = 0.13  # above landmark 10
    narrowest: float = 0.12  # a cut narrower than this is no head
    widest: float = 0.45  # half of what a forehead may measure
    forehead: float = 0.30  # half of what it measures under hair
    enough: float = 0.12  # hair beside the forehead at the cut; where there is less, lower rows are looked at
    bald: float = 0.035  # less hair than this beside the face is none
    temple: float = 0.27  # from the middle of the face: hair and what it frames meet further out
    dark: float = 0.48  # of the skin's L: what is darker is hair ...
    pale: float = 0.85  # ... when it has less than this of the chroma that skin would have there
    through_hair: float = 0.18  # above landmark 10: a cut that is higher shows the hair itself
    thin: float = 0.30  # of the hair beside the forehead, where skin still shows or shades it
    little: float = 0.10  # of the width of the cut: less hair than this at a high cut is none
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
    skin = _skin_colour(pixels, landmarks)
    forehead = _forehead(pixels, skin, landmarks, row, (left, right), face_height, shape)
    hair = _hair_at_cut(forehead, row, (left, right), shape)
    if row > float(landmarks[TOP, 1]) - shape.through_hair * face_height:
        hair = _hair_beside(pixels, matte, skin, landmarks, row, face_height, shape)
    pixels, matte = pixels.copy(), matte.copy()
    pixels[:row] = _painted(
        pixels, x, y, row, rise, (left, right), forehead, hair, landmarks, face_height, shape
    )
    matte[:row] = smoothstep(1.5, -1.5, (radius - 1) * min(half, rise))
    seam = slice(row - 1, row + 1)
    matte[seam] = np.maximum(matte[seam], (matte[row + 1] > 0.5).astype(np.float32))
    return pixels, _without_notches(matte, row + round(0.30 * face_height))


def _skin_colour(pixels: Pixels, landmarks: Points) -> FloatMap:
    """Lab of the face, float32 (3,)."""
    spots = landmarks[list(SKIN_SPOTS), :2].round().astype(int).clip(0, CANVAS - 1)
    lab = rgb_to_lab(np.ascontiguousarray(pixels[spots[:, 1], spots[:, 0]][None]))[0]
    result: FloatMap = np.median(lab, axis=0).astype(np.float32)
    return result


def _unlike(lab: FloatMap, skin: FloatMap) -> FloatMap:
    """Distance in a and b from skin in the same light: chroma falls with it."""
    scale = np.clip(lab[..., :1] / max(float(skin[0]), 1.0), 0.5, 1.2)
    away = lab[..., 1:] - skin[1:] * scale
    result: FloatMap = np.hypot(away[..., 0], away[..., 1])
    return result


def _hair_at_cut(
    forehead: tuple[float, float] | None, row: int, cut: tuple[float, float], shape: CrownShape
) -> tuple[Span | None, Span | None]:
    """Hair left and right of a forehead, where a cut through hair shows both."""
    if forehead is None:
        return None, None
    left, right = cut
    inset = _inset(cut, shape)
    first, last = forehead
    near = first - shape.thin * max(0.0, first - left), left + inset
    far = last + shape.thin * max(0.0, right - last), right - inset
    lengths = max(0.0, near[0] - near[1]), max(0.0, far[1] - far[0])
    least = shape.little * (right - left)
    if max(lengths) < least:
        return None, None
    return (
        (*near, row) if lengths[0] >= 0.5 * least else None,
        (*far, row) if lengths[1] >= 0.5 * least else None,
    )


def _inset(cut: tuple[float, float], shape: CrownShape) -> float:
    """Px at each end of the cut that the ground shines through."""
    return max(5.0, shape.halo * (cut[1] - cut[0]))


def _hair_beside(
    pixels: Pixels,
    matte: FloatMap,
    skin: FloatMap,
    landmarks: Points,
    row: int,
    face_height: float,
    shape: CrownShape,
) -> tuple[Span | None, Span | None]:
    """Hair left and right of the face: at the cut, or further down to the eyes where it is widest."""
    eyes = int(landmarks[[RIGHT_EYE, LEFT_EYE], 1].mean())
    rows = np.arange(row + 2, max(row + 3, eyes), 3)
    lab = rgb_to_lab(np.ascontiguousarray(pixels[rows]))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    share = np.clip(lab[..., 0] / max(float(skin[0]), 1.0), 0.3, 1.0)
    usual = float(np.hypot(skin[1], skin[2])) * share**0.8  # of skin in this light: shadows stay colourful
    hair = (lab[..., 0] < shape.dark * skin[0]) & (chroma < shape.pale * usual)
    hair[0] |= _unlike(lab[0], skin) > 1.1 * shape.skin_chroma  # further down ears are redder than skin
    hair &= matte[rows] > 0.95
    x = np.arange(CANVAS) - float(landmarks[TOP, 0])
    found: list[Span | None] = []
    for side in (-1, 1):
        beside = hair & (side * x > shape.temple * face_height) & (side * x < 0.9 * face_height)
        width = beside.sum(axis=1)
        best = 0 if width[0] >= shape.enough * face_height else int(np.argmax(width))
        if width[best] < shape.bald * face_height:
            found.append(None)
            continue
        ends = np.percentile(np.flatnonzero(beside[best]), (10, 80) if side < 0 else (90, 20))
        found.append((float(ends[1]), float(ends[0]), int(rows[best])))
    return found[0], found[1]


def _forehead(
    pixels: Pixels,
    skin: FloatMap,
    landmarks: Points,
    row: int,
    cut: tuple[float, float],
    face_height: float,
    shape: CrownShape,
) -> tuple[float, float] | None:
    """First and last column of bare forehead at the cut; None where hair or a hat covers it."""
    depth = max(4, round(shape.seen * face_height))
    lab = np.median(rgb_to_lab(np.ascontiguousarray(pixels[row : row + depth])), axis=0)
    alike = _unlike(lab.astype(np.float32), skin) < shape.skin_chroma
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
    beside: tuple[Span | None, Span | None],
    landmarks: Points,
    face_height: float,
    shape: CrownShape,
) -> Pixels:
    """Colours of the rows above the cut, uint8 (row, 768, 3)."""
    left, right = cut
    fall = np.maximum((y - (row - 1.12 * rise)) / np.float32(1.12 * rise), 0.02)
    depth = np.minimum(0.7 * (row - y), np.float32(shape.strand * face_height))

    def carried(parting: float, spans: tuple[Span, Span]) -> Pixels:
        """Colours of a row's columns, from inner to outer on each side, along falling parabolas."""
        sides = []
        for (inner, outer, source), end in zip(spans, (left, right), strict=True):
            wide = max(4.0, abs(end - parting) - 4)
            along = np.minimum(np.abs(x - parting) / np.sqrt(fall) / np.float32(wide), 1)
            column = inner + along * np.float32(outer - inner)
            sides.append(looked_up(pixels, cv2.merge([column.astype(np.float32), source + depth])))
        lean = smoothstep(-0.04, 0.04, (x - parting) / np.float32(max(8.0, right - left)))
        return blended(sides[0], sides[1], lean)

    inset = _inset(cut, shape)
    centre = (left + right) / 2
    plain = ((centre, left + inset, row), (centre, right - inset, row))
    near, far = beside[0] or beside[1], beside[1] or beside[0]
    if forehead is None or near is None or far is None:
        return carried(centre, plain)
    first, last = forehead
    if row > float(landmarks[TOP, 1]) - shape.through_hair * face_height:
        first = max(first, float(landmarks[TOP, 0]) - shape.forehead * face_height)
        last = min(last, float(landmarks[TOP, 0]) + shape.forehead * face_height)
    hair = (near, far)
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
