"""Crown: give a head that the photo's upper edge cuts off a top that one believes.

Nothing may show where the photo ended. Hair goes on in the colours that it has at the cut, carried along
parabolas that leave a parting level and fall to both sides, as hair does seen from the front; where the cut
shows a forehead, those of the hair on both sides meet above it. The forehead goes on in its own colours and
closes in a low arch. Without hair at the cut or beside the face the head is bald. The border of a turned
photo slants: heights are counted from it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import gaussian, lab_to_rgb, looked_up, polygon, rgb_to_lab, smoothstep, unit
from engine.styles.composition import CANVAS, CHIN, LEAST_RISE, LEFT_EYE, RIGHT_EYE, TOP
from engine.styles.skin import Skin, find_skin

STRANDS_SEED = 7  # strands are the same in every drawing of a person


@dataclass(frozen=True)
class CrownShape:
    """Lengths in face heights (landmark 10 to 152) unless said otherwise."""

    whole_head: float = 1.40  # from the chin to the top that a head is completed to
    rises: tuple[float, float] = (LEAST_RISE, 0.85)  # of half the width of the cut: lowest and highest arch
    hairline: float = 0.13  # above landmark 10
    narrowest: float = 0.12  # a cut narrower than this is no head
    widest: float = 0.45  # half of what a forehead may measure
    seen: float = 0.035  # how many rows under the cut tell its colours
    halo: float = 0.03  # of the width of the cut: outermost hair, which the ground shines through
    even: float = 0.015  # sigma, over which the colours of the cut are evened out
    spread: float = 0.10  # the same for those of bare skin, high above the cut
    passes: float = 0.12  # height over which what is no hair at the cut passes over into hair
    bare: float = 0.5  # share of skin above which a column of the cut shows a forehead
    same_chroma: float = 12.0  # distance in a and b at which a colour is still this skin's ...
    shine: float = 0.25  # ... and by how much more for each L over that of skin
    darker: float = 26.0  # L under that of skin at which a colour is still its own
    ear_hue: float = 0.94  # cosine of the angle in a and b within which an ear has the hue of the face
    ear_darker: float = 28.0  # L under that of skin at which it is still one
    through_hair: float = 0.16  # above landmark 10: a cut that is higher shows hair rather than shiny skin
    hair_edge: float = 0.04  # beside a forehead, where hair and skin mix
    some: float = 0.10  # of the width of the cut: hair there that is enough to go on from
    beside: tuple[float, float] = (0.30, 0.80)  # from the middle of the face: where hair is looked for
    enough: float = 0.006  # square face heights of hair beside the face; with less a head is bald
    strand: float = 0.008  # sigma of a strand's width
    contrast: float = 4.0  # L of the strands
    rim: float = 8.0  # L by which the dome is darker at its outline


@dataclass(frozen=True)
class _Cut:
    """Where the photo ends: a row for each column, (768,) float32; first and last column of the head.

    `brow`: x and y of landmark 10, the upper end of the face.
    """

    rows: FloatMap
    left: float
    right: float
    brow: Points
    face_height: float

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2

    @property
    def half(self) -> float:
        return max(4.0, (self.right - self.left) / 2)

    def row(self, column: float) -> float:
        """Where the photo ends in a column, the nearest one of the canvas."""
        return float(self.rows[int(np.clip(column, 0, CANVAS - 1))])


@dataclass(frozen=True)
class _Seen:
    """What the photo shows where it ends.

    Attributes
    ----------
    colours : float32 (768, 3), Lab under the cut
    bare : float32 (768,) in [0, 1], how much of that is skin
    forehead : first and last column of bare forehead; None where hair or a hat covers it
    hair : float32 (768, 3), Lab of the hair, led across a forehead; None for a bald head
    """

    colours: FloatMap
    bare: FloatMap
    forehead: tuple[float, float] | None
    hair: FloatMap | None


def complete_top(
    pixels: Pixels,
    matte: FloatMap,
    landmarks: Points,
    photo_top: FloatMap,
    shape: CrownShape = CrownShape(),
) -> tuple[Pixels, FloatMap]:
    """Complete a head that the photo's upper edge cuts off; others stay as they are.

    Parameters
    ----------
    pixels, matte, landmarks : of the canvas
    photo_top : float32 (768,), row at which the photo begins in each column
    """
    cut = _cut_through(matte, landmarks, np.ceil(photo_top).astype(np.float32) + 2, shape)
    if cut is None:
        return pixels, matte
    row = float(cut.rows[round(cut.centre)])
    wanted = row - (float(landmarks[CHIN, 1]) - shape.whole_head * cut.face_height)
    lowest, highest = shape.rises
    rise = min(float(np.clip(wanted, lowest * cut.half, highest * cut.half)), max(row - 4.0, 4.0))
    last = int(cut.rows[int(cut.left) : int(cut.right) + 1].max())
    y, x = np.mgrid[0:last, 0:CANVAS].astype(np.float32)
    height: FloatMap = cut.rows[None] - y
    radius = np.hypot((x - cut.centre) / cut.half, np.maximum(height, 0) / rise)
    seen = _look(pixels, matte, landmarks, cut, shape)
    lab = _painted(seen, x, height, cut, rise, shape)
    shade = smoothstep(0.55, 1.0, radius) * smoothstep(0, 0.2 * cut.face_height, height)
    lab[..., 0] = np.clip(lab[..., 0] - shape.rim * shade, 0, 100)
    above = (height > 0) & (np.abs(x - cut.centre) < cut.half + 3)
    pixels, matte = pixels.copy(), matte.copy()
    pixels[:last][above] = lab_to_rgb(lab)[above]
    matte[:last][above] = smoothstep(1.5, -1.5, (radius - 1) * min(cut.half, rise))[above]
    columns = np.arange(int(cut.left), int(cut.right) + 1)
    rows = cut.rows[columns].astype(int)
    for seam in (rows - 1, rows):
        matte[seam, columns] = np.maximum(matte[seam, columns], matte[rows + 1, columns] > 0.5)
    return pixels, _without_notches(matte, last + round(0.30 * cut.face_height))


def _cut_through(matte: FloatMap, landmarks: Points, rows: FloatMap, shape: CrownShape) -> _Cut | None:
    """Where the photo cuts the head, if it does."""
    face_height = float(np.linalg.norm(landmarks[CHIN, :2] - landmarks[TOP, :2]))
    columns = np.arange(CANVAS)
    met = (rows >= 4) & (rows < landmarks[TOP, 1] + 0.3 * face_height)
    met &= np.abs(columns - landmarks[TOP, 0]) < 0.9 * face_height
    met &= matte[np.clip(rows, 0, CANVAS - 1).astype(int), columns] > 0.5
    head = np.flatnonzero(met)
    if len(head) < shape.narrowest * face_height:
        return None
    return _Cut(rows, float(head[0]), float(head[-1]), landmarks[TOP, :2], face_height)


def _look(pixels: Pixels, matte: FloatMap, landmarks: Points, cut: _Cut, shape: CrownShape) -> _Seen:
    """Tell hair and skin apart where the photo ends."""
    skin = find_skin(pixels, matte, landmarks, cut.face_height)
    colours = _profile(pixels, cut, shape)
    bare = _profile(skin.share, cut, shape)
    like_skin = np.maximum(bare, _alike(colours, skin, shape))
    low = cut.row(float(cut.brow[0])) > float(cut.brow[1]) - shape.through_hair * cut.face_height
    forehead = _forehead(like_skin if low else bare, cut, shape)
    if forehead is not None:  # ears and temples beside it are no hair either
        bare = like_skin
    hair = _hair_profile(colours, bare, forehead, cut, shape)
    if hair is None:
        hair = _hair_beside(pixels, matte, landmarks, skin, cut, shape)
    return _Seen(colours, bare, forehead, hair)


def _painted(
    seen: _Seen, x: FloatMap, height: FloatMap, cut: _Cut, rise: float, shape: CrownShape
) -> FloatMap:
    """What is painted above the cut, Lab, float32 (rows, 768, 3): skin, hair, or hair over a forehead."""
    if seen.hair is not None and seen.forehead is None:
        return _hair(seen.hair, cut.centre, x, height, cut, rise, shape)
    weight = (seen.bare + 1e-3)[:, None]
    slow = _evened(seen.colours * weight, shape.spread, cut) / _evened(weight, shape.spread, cut)[:, None]
    columns = np.clip(np.round(x), 0, CANVAS - 1).astype(int)
    up = smoothstep(0, 0.5 * rise, height)[..., None]
    grown = _evened(seen.colours, shape.even, cut)[columns]
    skin: FloatMap = grown + up * (slow[columns] - grown)
    if seen.hair is None or seen.forehead is None:
        return skin
    field = _hair(seen.hair, sum(seen.forehead) / 2, x, height, cut, rise, shape)
    over = _over_arch(x, height, seen.forehead, cut, rise, shape)
    over *= smoothstep(0, shape.passes * cut.face_height, height)  # temples and ears go on, too
    return np.asarray(skin + over[..., None] * (field - skin), np.float32)


def _hair(
    colours: FloatMap,
    parting: float,
    x: FloatMap,
    height: FloatMap,
    cut: _Cut,
    rise: float,
    shape: CrownShape,
) -> FloatMap:
    """Colours (768, 3) of hair at the cut, carried upwards in strands, Lab (rows, 768, 3)."""
    carried = _carried(x, height, parting, cut, rise)
    strands = np.random.default_rng(STRANDS_SEED).standard_normal((1, CANVAS), dtype=np.float32)
    strands = gaussian(strands, max(0.8, shape.strand * cut.face_height))[0]
    field = _evened(colours, shape.even, cut)[carried]
    field[..., 0] += (
        shape.contrast / strands.std() * strands[carried] * smoothstep(0, 0.08 * cut.face_height, height)
    )
    return np.asarray(field, np.float32)


def _profile(picture: Pixels | FloatMap, cut: _Cut, shape: CrownShape) -> FloatMap:
    """Median under the cut in each column: Lab (768, 3) of pixels, (768,) of a map; its ends go on."""
    depth = np.arange(max(4, round(shape.seen * cut.face_height)), dtype=np.float32)
    columns = np.broadcast_to(np.arange(CANVAS, dtype=np.float32), (len(depth), CANVAS))
    places = np.dstack([columns, cut.rows[None] + depth[:, None]])
    if picture.dtype == np.uint8:
        band = rgb_to_lab(looked_up(np.asarray(picture, np.uint8), places))
    else:
        band = looked_up(np.asarray(picture, np.float32), places)
    inset = max(4.0, shape.halo * 2 * cut.half)
    inside = np.clip(np.arange(CANVAS), cut.left + inset, cut.right - inset).astype(int)
    result: FloatMap = np.median(band, axis=0).astype(np.float32)[inside]
    return result


def _alike(lab: FloatMap, skin: Skin, shape: CrownShape) -> FloatMap:
    """1 where colours (..., 3) are those of this skin in about this light, else 0."""
    scale = np.clip(lab[..., 0] / max(skin.lightness, 1.0), 0.5, 1.2)  # chroma falls with light
    away = np.hypot(lab[..., 1] - skin.a * scale, lab[..., 2] - skin.b * scale)
    lighter = lab[..., 0] - skin.lightness  # shine is, and paler
    near = (away < shape.same_chroma + shape.shine * np.maximum(lighter, 0)) & (lighter > -shape.darker)
    along = lab[..., 1] * skin.a + lab[..., 2] * skin.b  # ears are redder than the face, but of its hue
    chroma, usual = np.hypot(lab[..., 1], lab[..., 2]), max(float(np.hypot(skin.a, skin.b)), 1.0)
    ear = (along > shape.ear_hue * chroma * usual) & (chroma > usual) & (lighter > -shape.ear_darker)
    near |= ear
    return np.asarray(near, np.float32)


def _evened(profile: FloatMap, sigma: float, cut: _Cut) -> FloatMap:
    """Profile (768, n) blurred along the cut by `sigma` face heights."""
    blurred = cv2.GaussianBlur(
        profile[None], (0, 0), max(0.5, sigma * cut.face_height), borderType=cv2.BORDER_REPLICATE
    )
    result: FloatMap = np.asarray(blurred, np.float32)[0]
    return result


def _forehead(bare: FloatMap, cut: _Cut, shape: CrownShape) -> tuple[float, float] | None:
    """First and last column of bare forehead at the cut; None where hair or a hat covers it."""
    gap = np.ones((1, max(3, round(0.08 * cut.face_height))), np.uint8)
    closed = cv2.morphologyEx((bare > shape.bare).astype(np.uint8)[None], cv2.MORPH_CLOSE, gap)[0]
    columns = np.arange(CANVAS)
    closed[(columns < cut.left) | (columns > cut.right)] = 0
    closed[np.abs(columns - cut.brow[0]) > shape.widest * cut.face_height] = 0
    inside = np.flatnonzero(closed)
    return (float(inside[0]), float(inside[-1])) if len(inside) > 0.05 * cut.face_height else None


def _hair_profile(
    at_cut: FloatMap, bare: FloatMap, forehead: tuple[float, float] | None, cut: _Cut, shape: CrownShape
) -> FloatMap | None:
    """Colours of the hair that the cut shows, Lab (768, 3), led across a forehead; None if it shows none."""
    columns = np.arange(CANVAS)
    own = (bare < shape.bare) & (columns >= cut.left) & (columns <= cut.right)
    if forehead is not None:  # what is not bare within it is a shadow, a shine or a wrinkle
        edge = shape.hair_edge * cut.face_height
        own &= (columns < forehead[0] - edge) | (columns > forehead[1] + edge)
    if own.sum() < shape.some * 2 * cut.half:
        return None
    return _led(columns[own], _evened(at_cut, shape.even, cut)[own])


def _led(columns: NDArray[np.intp], colours: FloatMap) -> FloatMap:
    """Colours (n, 3) of some columns, led from one to the next across all of them, (768, 3)."""
    bands = [np.interp(np.arange(CANVAS), columns, colours[:, band]) for band in range(3)]
    result: FloatMap = np.column_stack(bands).astype(np.float32)
    return result


def _hair_beside(
    pixels: Pixels, matte: FloatMap, landmarks: Points, skin: Skin, cut: _Cut, shape: CrownShape
) -> FloatMap | None:
    """Colours of the hair beside the face, between cut and eyes, led from one side to the other."""
    eyes = int(landmarks[[RIGHT_EYE, LEFT_EYE], 1].mean())
    first = int(np.clip(cut.rows[round(cut.centre)], 0, max(0, eyes - 2)))
    lab = rgb_to_lab(np.ascontiguousarray(pixels[first:eyes]))
    hair = (matte[first:eyes] > 0.98) & (skin.share[first:eyes] < 0.2) & (_alike(lab, skin, shape) < 0.5)
    x = np.arange(CANVAS) - float(cut.brow[0])
    nearest, farthest = (share * cut.face_height for share in shape.beside)
    found: list[FloatMap] = []
    area = 0
    for side in (-1, 1):
        here = lab[hair & (side * x > nearest) & (side * x < farthest)]
        area += len(here)
        if len(here) > 0.25 * shape.enough * cut.face_height**2:
            found.append(np.median(here, axis=0).astype(np.float32))
    if area < shape.enough * cut.face_height**2 or not found:
        return None
    return _led(np.array([int(cut.left), int(cut.right)]), np.stack([found[0], found[-1]]))


def _carried(x: FloatMap, height: FloatMap, middle: float, cut: _Cut, rise: float) -> NDArray[np.intp]:
    """Column of the cut from which hair above it comes: along parabolas that fall from a parting."""
    fall = np.sqrt(np.clip(1 - height / (1.12 * rise), 0.02, 1))
    column = middle + (x - middle) / fall
    return np.asarray(np.clip(np.round(column), cut.left, cut.right), np.intp)


def _over_arch(
    x: FloatMap,
    height: FloatMap,
    forehead: tuple[float, float],
    cut: _Cut,
    rise: float,
    shape: CrownShape,
) -> FloatMap:
    """1 where there is hair, 0 under the arch in which the forehead closes."""
    first, last = forehead
    middle, reach = (first + last) / 2, max(2.0, (last - first) / 2)
    high = cut.row(middle) - (float(cut.brow[1]) - shape.hairline * cut.face_height)
    high = float(np.clip(high, 0.05 * cut.face_height, 0.55 * rise))
    arch = np.hypot((x - middle) / reach, height / high)
    ripple = 0.05 * np.sin((x - middle) * np.float32(40 / cut.face_height))  # no hairline is an ellipse
    return smoothstep(0.80, 1.06, (arch + ripple).astype(np.float32))


def _without_notches(matte: FloatMap, end: int) -> FloatMap:
    """Fill what the outline above row `end` leaves concave: where a completed top meets wider hair."""
    rows, columns = np.nonzero(matte[:end] > 0.5)
    if len(rows) < 3:
        return matte
    hull = cv2.convexHull(np.column_stack([columns, rows]).astype(np.int32)).reshape(-1, 2)
    filled = unit(polygon(hull.astype(np.float32), (end, matte.shape[1])))
    matte[:end] = np.maximum(matte[:end], filled)
    return matte
