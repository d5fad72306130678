"""The patch of the texture around the mouth, drawn anew in every frame."""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels, Points
from engine.raster import looked_up, smoothstep
from engine.speech.motion import Motion
from engine.talking import mouth
from engine.talking.dots import PARTS, in_dots
from engine.talking.fields import combine
from engine.talking.inner_mouth import LINE_REACH, Columns, MouthPose, Opening, Place, paint
from engine.talking.lips import RestLips, without_gap
from engine.talking.mouth_shape import MOVEMENTS, UPPER_SHARE
from engine.talking.palette import MouthPalette

STEPS, MORE_STEPS = 4, 6  # of the inversion; rounding is the steepest movement
SEAM_FROM, SEAM_TO = 0.4, 1.8  # px of opening over which the drawn lip line gives way to lip colour


class MouthPatch:
    """Everything about a mouth that does not change from frame to frame."""

    def __init__(
        self, texture: Pixels, landmarks: Points, lips: RestLips, rig: mouth.MouthRig, palette: MouthPalette
    ) -> None:
        self._rig, self._palette, self._apart = rig, palette, lips.apart
        self._scale = scale = texture.shape[0] // rig.size
        grid = rig.grid
        self._cells = grid.points()
        self._rows = slice(grid.top * scale, (grid.top + grid.rows * grid.step) * scale)
        self._columns = slice(grid.left * scale, (grid.left + grid.columns * grid.step) * scale)
        local = rig.frame.local(self._sample_places())
        across = np.ascontiguousarray(local[..., 0])
        self._y = np.ascontiguousarray(local[..., 1])
        self._axis = Columns.over(float(across.min()), float(across.max()), scale)
        self._column = self._axis.of(across)
        self._drawn = texture
        self._tones: Pixels | None = None  # as they lie at rest
        self._healed = texture.copy()
        self._healed[..., :3] = without_gap(texture[..., :3], landmarks, lips, scale)
        rest = [rig.frame.local(edge) for edge in (rig.upper_lip, rig.lower_lip)]
        self._meeting = rest[0][:, 1] * (1 - UPPER_SHARE) + rest[1][:, 1] * UPPER_SHARE

    def draw(
        self,
        canvas: Pixels,
        coefficients: FloatMap,
        lips: FloatMap,
        inside: FloatMap,
        tones: Pixels | None = None,
    ) -> None:
        """Draw the patch of one frame into the canvas.

        Parameters
        ----------
        canvas : uint8 (H, W, 4), the texture to be
        coefficients : float32 (K,), of `mouth.MOVEMENTS`
        lips : float32 (2, CURVE_SAMPLES, 2), px, moved edges of the upper and the lower lip
        inside : float32 (4,), of `poses`
        tones : uint8 (H, W), where the paper's texture lies on the canvas; none inside the mouth
        """
        opening = Opening.between(self._rig.frame, lips[0], lips[1], self._axis)
        opened = 1.0 if self._apart else float(_ramp(opening.widest))
        source = self._sources(coefficients, self._y < opening.middle[self._column])
        target = canvas[self._rows, self._columns]
        target[...] = looked_up(self._healed if opened >= 1 else self._drawn, source)
        if opened > 0:
            self._paint(target, source, opening, lips, MouthPose(*map(float, inside)), opened)
        if tones is not None:
            self._move_tones(tones, source, opening)

    def _move_tones(self, tones: Pixels, source: Points, opening: Opening) -> None:
        if self._tones is None:
            self._tones = tones.copy()
        moved = looked_up(self._tones, source)
        moved[(self._y > opening.top[self._column]) & (self._y < opening.bottom[self._column])] = 0
        tones[self._rows, self._columns] = moved

    def _sample_places(self) -> Points:
        columns, rows = (
            np.arange(self._columns.start, self._columns.stop),
            np.arange(self._rows.start, self._rows.stop),
        )
        places = np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float32)
        return (places - np.float32((self._scale - 1) / 2)) / np.float32(self._scale)

    def _sources(self, coefficients: FloatMap, above: NDArray[np.bool_]) -> Points:
        """Where each sample of the patch comes from, in samples of the texture, float32 (h, w, 2)."""
        some_above, all_above = above.any(axis=1), above.all(axis=1)
        block = self._rig.grid.step * self._scale
        last = -(-int(np.flatnonzero(some_above)[-1] + 1) // block)  # grid rows that the upper field serves
        first = int(all_above.argmin()) // block  # first grid row that the lower field serves
        upper = self._inverse(self._rig.upper, coefficients, 0, last)
        lower = self._inverse(self._rig.lower, coefficients, first, self._rig.grid.rows)
        source = np.empty((*above.shape, 2), np.float32)
        source[: first * block] = upper[: first * block]
        source[last * block :] = lower[(last - first) * block :]
        both = slice(first * block, last * block)
        source[both] = np.where(above[both, :, None], upper[both], lower[: (last - first) * block])
        return source

    def _inverse(self, basis: FloatMap, coefficients: FloatMap, first: int, last: int) -> Points:
        """Invert a field for the grid rows first .. last - 1; float32 (rows * block, w, 2), samples."""
        grid = self._rig.grid
        # One more row on either side: enlarging interpolates between rows.
        start, stop = max(first - 1, 0), min(last + 1, grid.rows)
        at = np.ascontiguousarray(self._cells[start:stop])
        steps = MORE_STEPS if coefficients[MOVEMENTS.index("purse")] > 0.3 else STEPS
        came_from = grid.invert(combine(coefficients, basis), at, steps)
        came_from *= np.float32(self._scale)
        came_from += np.float32((self._scale - 1) / 2)
        block = grid.step * self._scale
        fine = grid.enlarge(came_from, self._scale)
        return fine[(first - start) * block : (last - start) * block]

    def _paint(
        self, target: Pixels, source: Points, opening: Opening, lips: FloatMap, pose: MouthPose, opened: float
    ) -> None:
        """Paint the inside of the mouth; while it only begins to open, mix with the lips as drawn."""
        scale = self._scale
        around = lips.reshape(-1, 2) * scale + (scale - 1) / 2
        around = around - (self._columns.start, self._rows.start)
        left, top = np.maximum(np.floor(around.min(axis=0) - LINE_REACH * scale), 0).astype(int)
        right, bottom = np.ceil(around.max(axis=0) + LINE_REACH * scale).astype(int)
        box = (slice(top, bottom), slice(left, right))
        u = np.linspace(-1, 1, len(self._meeting))
        piece = np.ascontiguousarray(target[box]) if opened >= 1 else looked_up(self._healed, source[box])
        paint(
            piece,
            Place(self._column[box], self._y[box], scale),
            opening,
            teeth_line=np.interp(opening.across, u, self._meeting).astype(np.float32),
            face_height=self._rig.frame.height,
            pose=pose,
            palette=self._palette,
        )
        if opened < 1:
            mixed = target[box] + (piece.astype(np.float32) - target[box]) * np.float32(opened)
            piece = (mixed + 0.5).astype(np.uint8)
        target[box] = piece
        if self._palette.dot:
            self._lay_dots(target, box, opening)

    def _lay_dots(self, target: Pixels, box: tuple[slice, slice], opening: Opening) -> None:
        """Turn what the opening and its line touch into dots."""
        column, y = self._column[box], self._y[box]
        line = self._palette.line_width
        painted = (y > opening.top[column] - line) & (y < opening.bottom[column] + line)
        painted &= np.abs(opening.across[column]) < 1
        place = (self._rows.start + box[0].start, self._columns.start + box[1].start)
        side = self._palette.dot * self._scale // PARTS
        touched = in_dots(painted.astype(np.float32), *place, side) > 0
        target[box][touched] = in_dots(target[box], *place, side)[touched]


def poses(motion: Motion) -> FloatMap:
    """Read what the inside of the mouth depends on, float32 (frames, 4), in the order of MouthPose."""
    tracks = (motion.tongue, motion.spread, motion.tuck * (1 - motion.closure), motion.rounding)
    return np.stack(tracks, axis=1).astype(np.float32)


def _ramp(widest: float) -> float:
    return float(smoothstep(SEAM_FROM, SEAM_TO, np.array([widest], np.float32))[0])
