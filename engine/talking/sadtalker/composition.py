"""From a drawing to what the generator sees, and from what it draws to frames. Needs no torch.

The generator sees the drawing on white, the colour of the die-cut border, and knows no transparency. Frames
get theirs from the drawing's own alpha, moved by the generator's own dense motion. In `full` that motion goes
on around the crop and fades out there: the generator's picture melts at the edge of the crop into a drawing
that has moved as it has, and that one meets the still drawing without a seam.
"""

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.character import SIZE, Character
from engine.face.landmarks import ibug_68
from engine.raster import looked_up, premultiplied, resized, smoothstep
from engine.talking.sadtalker.alignment import crop_of
from engine.talking.sadtalker.options import Preprocess

ROOM = SIZE  # px of transparent ground around a drawing, so that the crop of a face never ends with it
MELT = 0.06  # of the crop's side: from its edge inwards, how far the generator's picture fades in
REACH = 0.25  # of the crop's side: from its edge outwards, how far the motion fades out
GROUND = 255  # white


@dataclass(frozen=True)
class Composition:
    """A drawing ready to be moved.

    Attributes
    ----------
    source : uint8 (side, side, 3), what the generator sees
    box : left, top, right, bottom of that in the drawing, px; it may reach beyond it
    shown : the same of what a frame shows
    """

    source: Pixels
    box: tuple[int, int, int, int]
    shown: tuple[int, int, int, int]
    _character: Character = field(repr=False)
    _drawing: Pixels = field(repr=False)
    _moves: FloatMap = field(repr=False)
    _drawn: FloatMap = field(repr=False)
    _reach: int

    def frame(self, picture: FloatMap, travel: FloatMap) -> Pixels:
        """Make a frame.

        Parameters
        ----------
        picture : float32 (side, side, 3) in [0, 1], what the generator drew
        travel : float32 (h, w, 2), from where each place of the crop came, x and y as shares of its side

        Returns
        -------
        uint8 (512, 512, 4), RGBA, colours multiplied with the alpha
        """
        left, top, right, bottom = self.box
        size, reach = (right - left, bottom - top), self._reach
        moved = cast(FloatMap, cv2.resize(travel, size, interpolation=cv2.INTER_LINEAR))
        moved = _around(moved * np.array(size, np.float32), reach) * self._moves
        y, x = np.mgrid[top - reach : bottom + reach, left - reach : right + reach].astype(np.float32)
        came_from = np.stack([x, y], axis=-1) + moved
        below = looked_up(self._drawing, came_from, border=cv2.BORDER_CONSTANT)
        alpha = below[..., 3:].astype(np.float32)
        method = cv2.INTER_AREA if picture.shape[0] > size[0] else cv2.INTER_CUBIC
        seen = cast(FloatMap, cv2.resize(picture, size, interpolation=method)) * np.float32(255)
        seen = _around(seen, reach)
        seen = np.clip(seen - (1 - alpha / 255) * GROUND, 0, alpha)  # white shines through what is not opaque
        below[..., :3] = np.rint(below[..., :3] + (seen - below[..., :3]) * self._drawn).astype(np.uint8)
        return self._laid(below, came_from)

    def _laid(self, part: Pixels, came_from: FloatMap) -> Pixels:
        """Put the moved part into the drawing, lay its paper over it, and show what is to be shown."""
        whole = self._drawing.copy()
        left, top, right, bottom = self.box
        left, top, right, bottom = (
            left - self._reach,
            top - self._reach,
            right + self._reach,
            bottom + self._reach,
        )
        rows, columns = slice(max(0, top), min(SIZE, bottom)), slice(max(0, left), min(SIZE, right))
        of_part = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        whole[rows, columns] = part[of_part]
        if (paper := self._character.texture) is not None:
            tone = paper.tone_at(SIZE).copy()
            tone[rows, columns] = looked_up(tone, came_from, border=cv2.BORDER_CONSTANT)[of_part]
            whole = paper.laid(whole, tone)
        return whole if self.shown == (0, 0, SIZE, SIZE) else _cut(whole, self.shown, SIZE)


def composed(character: Character, preprocess: Preprocess, side: int) -> Composition:
    """Prepare a drawing for a generator of pictures of `side` px."""
    paper = character.texture
    drawing = premultiplied(paper.taken_off(character.drawing) if paper else character.drawing)
    box = crop_box(character, preprocess)
    seen = _cut(drawing, box, side)
    on_white = seen[..., :3] + (GROUND - seen[..., 3:])
    width, height = box[2] - box[0], box[3] - box[1]
    reach = round(REACH * width) if preprocess.is_full else 0
    y, x = np.mgrid[-reach : height + reach, -reach : width + reach].astype(np.float32) + np.float32(0.5)
    inwards = np.minimum(np.minimum(x, width - x) / width, np.minimum(y, height - y) / height)[..., None]
    moves, drawn = np.ones_like(inwards), np.ones_like(inwards)
    if preprocess.is_full:
        moves, drawn = smoothstep(-REACH, 0, inwards), smoothstep(0, MELT, inwards)
    shown = box if preprocess in {Preprocess.CROP, Preprocess.EXTCROP} else (0, 0, SIZE, SIZE)
    return Composition(np.ascontiguousarray(on_white), box, shown, character, drawing, moves, drawn, reach)


def crop_box(character: Character, preprocess: Preprocess) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is moved, px of the drawing; it may reach beyond it."""
    if preprocess is Preprocess.RESIZE:
        return 0, 0, SIZE, SIZE
    points = ibug_68(character.landmarks)[:, :2] + ROOM
    around = SIZE + 2 * ROOM
    crop = crop_of(points, around, around)
    outer = preprocess in {Preprocess.EXTCROP, Preprocess.EXTFULL}
    left, top, right, bottom = (edge - ROOM for edge in crop.box(outer=outer))
    return left, top, right, bottom


def _around(values: FloatMap, reach: int) -> FloatMap:
    """A map with its edge values going on around it."""
    return cast(FloatMap, cv2.copyMakeBorder(values, reach, reach, reach, reach, cv2.BORDER_REPLICATE))


def _cut(picture: Pixels, box: tuple[int, int, int, int], side: int) -> Pixels:
    """A part of a picture (512, 512, 4) at `side` x `side` px; beyond it is nothing."""
    padded = cv2.copyMakeBorder(picture, ROOM, ROOM, ROOM, ROOM, cv2.BORDER_CONSTANT)
    left, top, right, bottom = (edge + ROOM for edge in box)
    return resized(cast(Pixels, padded[top:bottom, left:right]), side, side)
