"""Relief: the person as a smooth body, for styles that are lit anew.

The figure is inflated from its outline as a balloon is, hair and clothes a second time on top of it, which
then bulge out of the skin; nose, eye sockets, cheeks and lips come from the mesh. What is finer is not form
but drawing, so all of it is computed at a small size.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Points
from engine.raster import dilated, eroded, gaussian, resized, smoothstep, wide_gaussian
from engine.styles.composition import CANVAS
from engine.styles.sitting import Sitting

SCALE = 4
SIDE = CANVAS // SCALE
CUT = 12  # rows above the lowest one in which the body has its full width
ROUNDS = 60  # of relaxation at each size of the balloon
MESH_SIGMA = 0.040  # face heights: how far a landmark's height reaches; less and cheeks ripple
FACE_DEPTH = 0.75  # of the mesh's own relief
DOME = 0.20  # of the dome of the face itself: the balloon has most of it already
REST_DEPTH = 0.35  # of the balloon of hair and clothes
SMALLEST = 0.09  # face heights: patches of hair and cloth that are narrower do not bulge


@dataclass(frozen=True)
class Relief:
    """A lit body's form.

    Attributes
    ----------
    normals : float32 (768, 768, 3), unit vectors: x right, y down, z towards the viewer
    hollow : float32 (768, 768) in [0, 1], where hair, chin and clothes keep light from the skin
    """

    normals: FloatMap
    hollow: FloatMap


def relief(sitting: Sitting, *, light_from_left: float = 1.0, smooth: float = 0.022) -> Relief:
    """Find the form of a person.

    Parameters
    ----------
    light_from_left : 1 where light comes from the upper left, 0 from above, -1 from the upper right
    smooth : face heights, rounds the form
    """
    length = sitting.face_height / SCALE
    matte, skin, oval = (
        resized(part, SIDE, SIDE) for part in (sitting.matte, sitting.skin.share, sitting.skin.oval)
    )
    features = resized(sitting.skin.features, SIDE, SIDE)
    bare = np.maximum(skin, np.maximum(features, 0.6 * oval))
    rest = _broad(np.clip(matte - bare, 0, 1), SMALLEST * length)
    height = _inflated(matte) + REST_DEPTH * _inflated(rest)
    inner = smoothstep(0.40, 1.0, wide_gaussian(oval, 0.07 * length))
    face = _face_relief(sitting.landmarks * np.float32(1 / SCALE), length)
    height = wide_gaussian(height, 2 * smooth * length) + FACE_DEPTH * inner * face
    height = wide_gaussian(height, smooth * length)
    slope_x, slope_y = (cv2.Sobel(height, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    steep = np.sqrt(slope_x**2 + slope_y**2 + 1)
    normals = cast(FloatMap, cv2.merge([-slope_x / steep, -slope_y / steep, 1 / steep]))
    hollow = _hollow(rest, bare, oval, length, light_from_left)
    return Relief(resized(normals, CANVAS, CANVAS), resized(hollow, CANVAS, CANVAS))


def _broad(share: FloatMap, width: float) -> FloatMap:
    """Without what is narrower than `width` px."""
    return gaussian(dilated(eroded(share, width), width), 0.2 * width)


def _inflated(share: FloatMap) -> FloatMap:
    """Height in px of a balloon within an outline; a sphere within a circle.

    The square of the height solves Poisson's equation with 0 at the outline, found from coarse to fine.
    """
    side = len(share)
    # The photo's lower edge cuts the body, which does not end there.
    last = max(1, int(np.flatnonzero((share > 0.5).any(axis=1)).max(initial=0)) - CUT)
    share = np.vstack([share[:last], np.repeat(share[last : last + 1], side - last, axis=0)])
    sides = [side // 8, side // 4, side // 2]
    square = np.zeros((sides[0], sides[0]), np.float32)
    for size in sides:
        inside = (resized(share, size, size) > 0.5).astype(np.float32)
        square = resized(square, size, size)
        for _ in range(ROUNDS):
            padded = cv2.copyMakeBorder(square, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
            around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
            square = inside * (0.25 * around + (side / size) ** 2)
    return resized(np.sqrt(square), side, side)


def _face_relief(landmarks: Points, length: float) -> FloatMap:
    """Height in px of nose, brows, cheeks and lips over the face's dome.

    The dome is the quadric nearest to all landmarks; a part of it stays. What is left at the landmarks is
    spread over their surroundings.
    """
    x, y = ((landmarks[:, :2] - landmarks[:, :2].mean(axis=0)) / length).T
    terms = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    height = -landmarks[:, 2]
    dome = terms @ np.linalg.lstsq(terms, height, rcond=None)[0]
    left = height - dome + DOME * (dome - dome.max())
    heights, weights = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    columns, rows = np.clip(landmarks[:, :2].round().astype(int), 0, SIDE - 1).T
    np.add.at(heights, (rows, columns), left)
    np.add.at(weights, (rows, columns), 1)
    result = np.zeros_like(heights)
    # from far to near: the near answer wins wherever landmarks are near
    for reach in (6.0, 2.5, 1.2):
        spread = reach * MESH_SIGMA * length
        near = wide_gaussian(weights, spread)
        trust = near / (near + np.float32(0.03 / (spread * spread)))
        result += trust * (wide_gaussian(heights, spread) / np.maximum(near, 1e-6) - result)
    return result


def _hollow(
    rest: FloatMap, bare: FloatMap, oval: FloatMap, length: float, light_from_left: float
) -> FloatMap:
    """Shade that hair throws on the face, and the head on the neck."""

    def thrown(caster: FloatMap, across: float, down: float, sigma: float) -> FloatMap:
        shift = np.array([[1, 0, across * length], [0, 1, down * length]], np.float32)
        moved = cv2.warpAffine(caster, shift, (SIDE, SIDE))
        return wide_gaussian(cast(FloatMap, moved), sigma * length)

    from_hair = thrown(rest, 0.02 * light_from_left, 0.035, 0.030) * bare
    from_head = thrown(oval, 0.03 * light_from_left, 0.12, 0.05) * bare * (1 - oval)
    return smoothstep(0.05, 1.0, np.maximum(from_hair, 0.9 * from_head))
