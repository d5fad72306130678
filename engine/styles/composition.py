"""Composition: put the person of a photo upright onto the working canvas, as a bust with room for a border.

What the photo does not show is not left as a straight edge: at the sides and the bottom the bust ends in
curves, and a head that the photo cuts off gets a rounded top (engine/styles/crown.py).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points
from engine.face import Face
from engine.face.parts import Parts
from engine.photo import Photo
from engine.raster import (
    Matrix,
    box_blur,
    components,
    grown,
    resized,
    shrink_factor,
    smoothstep,
    warped,
)

CANVAS = 768  # px, side of the working canvas; every style draws at this size
MARGIN = 26  # px of the canvas kept free for border and shadow
HAZE, EDGE = 40, 8  # px: what goes around an island, and what stays around the person
BOW = 0.045  # of the length of a slanting border: how far its ends are drawn in
UPPER = 50.0  # degrees by which an upper border may slant
LEAST_RISE = 0.36  # of half the width of the cut: how high a completed head is arched at least
TOP, CHIN, RIGHT_EYE, LEFT_EYE = 10, 152, 33, 263  # landmarks; right and left as the person has them


@dataclass(frozen=True)
class CompositionShape:
    """Where the person stands. Shares of the canvas, or of the face height (landmarks 10 to 152)."""

    head: float = 0.537  # chin to the top of hair or hat, before a style makes the head larger
    largest_head: float = 0.65  # where the photo shows too little of the body to fill the canvas ...
    widest_head: float = 0.80  # ... as long as head and hair are no wider than this
    head_top: float = 0.130
    own_tilt: float = 8.0  # degrees of the person's own tilt that stay
    head_heights: tuple[float, float] = (1.12, 1.75)  # face heights that a head with hair or hat may measure
    whole_head: float = 1.40  # face heights: a head that the photo cuts off is completed to this
    measuring: int = 48  # px of a face height while the head is measured


@dataclass(frozen=True)
class Composition:
    """A person on the working canvas.

    Attributes
    ----------
    pixels : uint8 (768, 768, 3), RGB; beyond the photo its edge is repeated
    matte : float32 (768, 768) in [0, 1], where to cut; zero beyond the photo
    mixture : float32 (768, 768) in [0, 1], how much of a pixel's colour is the person's
    landmarks : float32 (478, 3), px of the canvas
    turned : degrees by which the photo was turned, clockwise as seen
    magnified : px of the canvas for one px of the photo
    photo_top : float32 (768,), row at which the photo begins in each column; above it there is none
    placed : float32 (2, 3), from px of the photo to px of the canvas
    frame : float32 (768, 768) in [0, 1], where the bust may be: it ends in curves where the photo gives out
    parts : hair, skin, cloth and so on, where the photo was parsed
    """

    pixels: Pixels
    matte: FloatMap
    mixture: FloatMap
    landmarks: Points
    turned: float
    magnified: float
    photo_top: FloatMap
    placed: Matrix
    frame: FloatMap
    parts: Parts | None = None


def compose(photo: Photo, face: Face, shape: CompositionShape = CompositionShape()) -> Composition:
    """Place the person of `face` on the canvas."""
    upright, turned = _upright(face, shape)
    points = _moved(face.landmarks, upright)
    face_height = float(points[CHIN, 1] - points[TOP, 1])
    head_top, middle, bottom, wide = _measure(photo, face, upright, points, face_height, shape)
    head = float(points[CHIN, 1]) - head_top
    shown = max(0.0, bottom - float(points[CHIN, 1])) / head  # of the body, in heads
    room = 1 - shape.head_top - MARGIN / CANVAS
    largest = float(np.clip(shape.widest_head * head / wide, shape.head, shape.largest_head))
    share = float(np.clip(room / (1 + shown), shape.head, largest))
    scale = share * CANVAS / head
    spare = max(0.0, room - share * (1 + shown))
    top = (shape.head_top + 0.5 * spare) * CANVAS
    to_canvas = upright * np.float32(scale)
    to_canvas[:, 2] += (CANVAS / 2 - middle * scale, top - head_top * scale)
    landmarks = _moved(face.landmarks, to_canvas)
    pixels = _photo_on_canvas(photo.pixels, to_canvas)
    mixture = warped(face.matte, to_canvas, CANVAS, CANVAS)
    matte = _tightened(mixture, shrink_factor(to_canvas))
    border = _border(photo.pixels.shape, to_canvas)
    photo_top = _upper(border)
    limits = _limits(border, photo_top, landmarks)
    frame = bust(*limits, eye_level=float(landmarks[RIGHT_EYE, 1] + landmarks[LEFT_EYE, 1]) / 2)
    if turned:
        frame *= _bowed(border)
    matte = person_only(matte * frame, landmarks)
    magnified = shrink_factor(to_canvas)
    parts = None if face.parts is None else face.parts.moved(to_canvas, CANVAS, CANVAS)
    return Composition(
        pixels, matte, mixture, landmarks, turned, magnified, photo_top, to_canvas, frame, parts
    )


def bust(left: float, right: float, top: float, bottom: float, *, eye_level: float) -> FloatMap:
    """Soft frame, float32 (768, 768), within the given limits: sides that bulge at eye level, round corners.

    Nothing is cut at the top: heads end by themselves.
    """
    x = np.arange(CANVAS, dtype=np.float32)[None]
    y = np.arange(CANVAS, dtype=np.float32)[:, None]  # what depends on the row alone is computed once a row
    centre = (left + right) / 2
    half = max(1.0, (right - left) / 2)
    above = np.clip((eye_level - y) / max(1.0, eye_level - top), 0, 1)
    below = np.clip((y - eye_level) / max(1.0, bottom - eye_level), 0, 1)
    corner = np.clip((below - 0.72) / 0.28, 0, 1)
    # the power 1.5 keeps the sides from being straight anywhere, at eye level too
    width = half * (1 - 0.15 * above**1.5 - 0.13 * below**1.5) * (1 - 0.30 * (1 - np.sqrt(1 - corner**2)))
    sideways = (width - np.abs(x - centre)).astype(np.float32)
    arc = (bottom - 16 * ((x - centre) / half) ** 2 - y).astype(np.float32)
    return smoothstep(-1.5, 1.5, np.minimum(sideways, arc))


def person_only(matte: FloatMap, landmarks: Points) -> FloatMap:
    """Without the islands that do not touch the person."""
    count, labels = components((matte > 0.5).astype(np.uint8))
    if count <= 2:
        return matte
    column, row = np.clip(landmarks[4, :2].round().astype(int), 0, CANVAS - 1)
    label = labels[row, column]
    if label == 0:
        label = int(np.bincount(labels[labels > 0]).argmax())
    others = ((labels != label) & (labels > 0)).astype(np.uint8)
    # with the haze around them, but not the person's own edge
    haze = grown(others, HAZE) & (1 - grown((labels == label).astype(np.uint8), EDGE))
    result: FloatMap = matte * (1 - box_blur((haze | others).astype(np.float32), 2))
    return result


def _upright(face: Face, shape: CompositionShape) -> tuple[Matrix, float]:
    """Turn about the origin that leaves at most `own_tilt` of the person's tilt, and its degrees."""
    between = face.landmarks[LEFT_EYE, :2] - face.landmarks[RIGHT_EYE, :2]
    middle = face.landmarks[CHIN, :2] - face.landmarks[TOP, :2]
    # the line between the eyes, held by the face's own axis: the one alone is off in half profiles
    eyes, axis = np.degrees(np.arctan2(between[1], between[0])), np.degrees(np.arctan2(-middle[0], middle[1]))
    tilt = float(eyes + axis) / 2
    turn = -(tilt - float(np.clip(tilt, -shape.own_tilt, shape.own_tilt)))
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0]], np.float32), turn


def _moved(landmarks: Points, matrix: Matrix) -> Points:
    """Landmarks (478, 3) after `matrix`; z grows and shrinks along."""
    moved = landmarks.astype(np.float32).copy()
    moved[:, :2] = landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    moved[:, 2] *= shrink_factor(matrix)
    return moved


def _measure(
    photo: Photo, face: Face, upright: Matrix, points: Points, face_height: float, shape: CompositionShape
) -> tuple[float, float, float, float]:
    """Top of the head, its middle column, the bottom of the photo, the head's width; px after `upright`."""
    zoom = shape.measuring / face_height
    view = upright * np.float32(zoom)
    side = 5 * shape.measuring
    view[:, 2] += (side / 2 - points[CHIN, 0] * zoom, 2.5 * shape.measuring - points[CHIN, 1] * zoom)
    small = _shrunk(face.matte, view, side)
    solid = small > 0.5
    chin = round(2.5 * shape.measuring)
    column = round(side / 2 + float(points[TOP, 0] - points[CHIN, 0]) * zoom)
    tops = [
        _walk_up(solid[:, column + step], chin - shape.measuring)
        for step in range(-shape.measuring // 4, shape.measuring // 4 + 1, 2)
    ]
    lowest, highest = shape.head_heights
    heads = np.clip(float(chin - np.percentile(tops, 25)) / shape.measuring, lowest, highest)
    border = _border(photo.pixels.shape, upright)
    edge = _across(border, float(points[TOP, 0]), 0)[0]
    top = float(points[CHIN, 1] - heads * face_height)
    if top <= edge + 0.03 * face_height:  # cut off by the photo: room for the top that completes it
        row = int(np.clip(chin - (points[CHIN, 1] - edge) * zoom + 2, 0, side - 1))
        cut = np.count_nonzero(solid[row]) / 2 / zoom
        top = min(top, edge - LEAST_RISE * cut, float(points[CHIN, 1] - shape.whole_head * face_height))
    rows = solid[round(chin - heads * shape.measuring) : chin]
    filled = np.flatnonzero(rows.mean(axis=0) > 0.25)
    reach = (filled.min() + filled.max() - side) / 2 if filled.size else 0.0
    reach = float(np.clip(reach / zoom, -0.5 * face_height, 0.5 * face_height))
    middle = float(points[CHIN, 0] * 0.25 + points[TOP, 0] * 0.25 + (points[CHIN, 0] + reach) * 0.5)
    wide = (filled.max() - filled.min()) / zoom if filled.size else 0.0
    return top, middle, _across(border, middle, 0)[1], max(float(wide), 0.5 * face_height)


def _border(photo: tuple[int, ...], matrix: Matrix) -> Points:
    """Corners (4, 2) of the photo after `matrix`, clockwise from the upper left."""
    height, width = photo[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved: Points = corners @ matrix[:, :2].T + matrix[:, 2]
    return moved


def _across(border: Points, at: float, axis: int) -> tuple[float, float]:
    """Where the photo begins and ends along the column (axis 0) or row (axis 1) `at`."""
    low, high = border[:, axis].min(), border[:, axis].max()
    at = float(np.clip(at, low, high))
    met = []
    for start, end in zip(border, np.roll(border, -1, axis=0), strict=True):
        step = end[axis] - start[axis]
        share = (at - start[axis]) / step if abs(step) > 1e-3 else 0.0
        if -1e-4 <= share <= 1 + 1e-4 and (abs(step) > 1e-3 or abs(at - start[axis]) < 1e-3):
            met.append(float(start[1 - axis] + share * (end[1 - axis] - start[1 - axis])))
    return min(met), max(met)


def _walk_up(solid: NDArray[np.bool_], start: int) -> int:
    """First row above `start` that is not the person's."""
    holes = np.flatnonzero(~solid[: max(1, start)])
    return int(holes.max()) + 1 if holes.size else 0


def _shrunk(matte: FloatMap, view: Matrix, side: int) -> FloatMap:
    factor = shrink_factor(view)
    if factor < 0.5:
        height, width = matte.shape
        size = max(1, round(width * factor * 2)), max(1, round(height * factor * 2))
        matte = resized(matte, *size)
        view = view.copy()
        view[:, 0] *= width / size[0]
        view[:, 1] *= height / size[1]
    return warped(matte, view, side, side)


def _photo_on_canvas(photo: Pixels, matrix: Matrix) -> Pixels:
    factor = shrink_factor(matrix)
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_LINEAR
    if factor < 0.6:  # warping does not average
        height, width = photo.shape[:2]
        size = max(1, round(width * factor * 1.3)), max(1, round(height * factor * 1.3))
        photo = resized(photo, *size)
        matrix = matrix.copy()
        matrix[:, 0] *= width / size[0]
        matrix[:, 1] *= height / size[1]
    return warped(photo, matrix, CANVAS, CANVAS, method=method, border=cv2.BORDER_REPLICATE)


def _tightened(mixture: FloatMap, enlarged: float) -> FloatMap:
    """Where to cut: an enlarged matte has soft, stepped edges, which are rounded and made narrow."""
    if enlarged > 1.3:
        mixture = smoothstep(0.25, 0.75, box_blur(mixture, round(enlarged)))
    return np.clip(mixture, 0, 1)


def _limits(border: Points, top: FloatMap, landmarks: Points) -> tuple[float, float, float, float]:
    """Left, right, top and bottom that the photo sets to the bust, px of the canvas.

    A turned photo has slanting borders: at the sides its widest place between eyes and chin counts, below the
    middle. What they cut off besides, `_bowed` rounds.
    """
    rows = landmarks[[RIGHT_EYE, LEFT_EYE, CHIN], 1]
    sides = [_across(border, float(row), 1) for row in rows]
    left, right = min(side[0] for side in sides) + 2, max(side[1] for side in sides) - 2
    bottom = _across(border, CANVAS / 2, 0)[1] - 2
    return max(left, 0.0), min(right, float(CANVAS)), float(top[CANVAS // 2]), min(bottom, CANVAS)


def _upper(border: Points) -> FloatMap:
    """Row at which the photo begins in each column of the canvas, float32 (768,); -1 above the canvas."""
    columns = np.arange(CANVAS, dtype=np.float32)
    rows = np.full(CANVAS, -1, np.float32)
    for start, end in zip(border, np.roll(border, -1, axis=0), strict=True):
        side = end - start
        if side[0] > 1e-3 * float(np.linalg.norm(side)):  # clockwise: what runs to the right is above
            np.maximum(rows, start[1] + (columns - start[0]) * (side[1] / side[0]), out=rows)
    return rows


def _bowed(border: Points) -> FloatMap:
    """Soft frame, float32 (768, 768), within a photo that was turned: its slanting sides bulge.

    As in `bust` nothing is cut at the top.
    """
    away = np.full((CANVAS, CANVAS), np.inf, np.float32)
    x, y = np.arange(CANVAS, dtype=np.float32)[None], np.arange(CANVAS, dtype=np.float32)[:, None]
    for start, end in zip(border, np.roll(border, -1, axis=0), strict=True):
        side = end - start
        length = float(np.linalg.norm(side))
        along, inward = side / length, np.array([-side[1], side[0]], np.float32) / length
        if inward[1] > np.cos(np.radians(UPPER)):
            continue
        depth = (x - start[0]) * inward[0] + (y - start[1]) * inward[1]
        place = 2 * ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length - 1
        np.minimum(away, depth - BOW * length * place**2, out=away)
    return smoothstep(-1.5, 1.5, away - 2)
