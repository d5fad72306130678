"""Displacement fields on coarse grids: sum of basis fields, sampled anywhere, inverted by Newton steps.

A field is linear in its coefficients, `D(p) = sum_k c_k B_k(p)`, and moves a point of the drawing at rest
to `p + D(p)`. Pictures need the inverse (which point of the drawing comes to this pixel), landmarks the
field itself: both use the same arrays, so that what is measured is what is shown.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Points
from engine.raster import looked_up, resized

FLATTEST = 0.18  # smallest slope of p + D(p) that an inversion step divides by: keeps steps finite


@dataclass(frozen=True)
class Grid:
    """Grid points at the centres of square cells that cover pixels left .. left + columns * step - 1.

    Attributes
    ----------
    left, top : px of the first covered pixel, may be negative
    step : px, side of a cell
    columns, rows : number of cells
    """

    left: int
    top: int
    step: int
    columns: int
    rows: int

    @classmethod
    def over(cls, left: float, top: float, right: float, bottom: float, step: int) -> "Grid":
        """Give the grid whose cells cover a rectangle, aligned to multiples of `step`."""
        first_column, first_row = int(np.floor(left / step)), int(np.floor(top / step))
        last_column, last_row = int(np.ceil(right / step)), int(np.ceil(bottom / step))
        return cls(
            first_column * step, first_row * step, step, last_column - first_column, last_row - first_row
        )

    def points(self) -> Points:
        """Give the grid points, float32 (rows, columns, 2) in px."""
        x = self.left + (np.arange(self.columns) + 0.5) * self.step - 0.5
        y = self.top + (np.arange(self.rows) + 0.5) * self.step - 0.5
        return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)

    def cells(self, points: Points) -> Points:
        """Turn px into grid indices (fractional), same shape."""
        origin = np.array([self.left, self.top], np.float32) + np.float32(0.5 * self.step - 0.5)
        return ((points - origin) / np.float32(self.step)).astype(np.float32)

    def places(self, cells: Points) -> Points:
        """Turn grid indices (fractional) into px, in place."""
        cells *= np.float32(self.step)
        cells += np.array([self.left, self.top], np.float32) + np.float32(0.5 * self.step - 0.5)
        return cells

    def sample(self, field: FloatMap, points: Points) -> FloatMap:
        """Interpolate a field (rows, columns, C) at points (H, W, 2) in px; the border goes on outside."""
        index = self.cells(points)
        return looked_up(field, index)

    def sample_exactly(self, fields: FloatMap, points: Points) -> FloatMap:
        """Interpolate fields (K, rows, columns, C) at points (N, 2) in px, without OpenCV's 1/32 cell steps.

        Returns
        -------
        float32 (K, N, C)
        """
        index = self.cells(points)
        x = np.clip(index[:, 0], 0, self.columns - 1.001)
        y = np.clip(index[:, 1], 0, self.rows - 1.001)
        i, j = y.astype(int), x.astype(int)
        v, u = (y - i)[None, :, None], (x - j)[None, :, None]
        upper = fields[:, i, j] * (1 - u) + fields[:, i, j + 1] * u
        lower = fields[:, i + 1, j] * (1 - u) + fields[:, i + 1, j + 1] * u
        return np.asarray(upper * (1 - v) + lower * v, np.float32)

    def with_slopes(self, field: FloatMap) -> FloatMap:
        """Add to fields (..., rows, columns, 2) the slopes of x along x and of y along y that `invert` needs.

        Slopes are as linear as the fields are: a sum of fields has the sum of their slopes.

        Returns
        -------
        float32 (..., rows, columns, 4)
        """
        slopes = np.zeros_like(field)
        slopes[..., :, 1:-1, 0] = (field[..., :, 2:, 0] - field[..., :, :-2, 0]) / (2 * self.step)
        slopes[..., 1:-1, :, 1] = (field[..., 2:, :, 1] - field[..., :-2, :, 1]) / (2 * self.step)
        return np.concatenate([field, slopes], axis=-1)

    def invert(self, field: FloatMap, at: Points, steps: int) -> Points:
        """Find for each point q of `at` the point p with p + D(p) = q, by Newton steps along each axis.

        Parameters
        ----------
        field : float32 (rows, columns, 4), px, from `with_slopes`
        at : float32 (H, W, 2), px
        steps : more where the field is steeper

        Returns
        -------
        float32 (H, W, 2), px
        """
        goal = self.cells(at)  # in cells, where a look-up needs no more arithmetic
        p = goal.copy()
        for _ in range(steps):
            missed, slope = _halves(looked_up(field, p))
            missed *= np.float32(1 / self.step)
            missed += p
            missed -= goal
            slope += 1
            missed /= np.maximum(slope, FLATTEST, out=slope)
            p -= missed
        return self.places(p)

    def enlarge(self, coarse: FloatMap, scale: int) -> FloatMap:
        """Bring a map (rows, columns, C) to `scale` samples a px by linear interpolation."""
        return resized(coarse, coarse.shape[1] * self.step * scale, coarse.shape[0] * self.step * scale)


def _halves(values: FloatMap) -> tuple[FloatMap, FloatMap]:
    """Split (rows, columns, 4) into two of (rows, columns, 2), in one piece each: NumPy is slow on slices."""
    pairs = values.view(np.complex64)  # two numbers that move together
    first, second = (np.ascontiguousarray(pairs[..., half]) for half in (0, 1))
    shape = (*first.shape, 2)
    return first.view(np.float32).reshape(shape), second.view(np.float32).reshape(shape)


def combine(coefficients: FloatMap, basis: FloatMap) -> FloatMap:
    """Sum the basis fields (K, ...) with coefficients (K,); fields that take no part cost nothing.

    One field after the other in OpenCV: a matrix product would wake the threads of BLAS, which wait badly
    on a busy machine.
    """
    total = np.asarray(basis[0] * coefficients[0], np.float32)
    for k in np.flatnonzero(coefficients[1:]) + 1:
        cv2.scaleAdd(basis[k], float(coefficients[k]), total, total)
    return total
