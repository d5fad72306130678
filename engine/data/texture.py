"""How a drawing is made, as a few numbers: steepness of its edges and what they look like close up.

A style is told by its strokes. The numbers are two histograms at 256 px: slopes of the brightness, and local
binary patterns (Ojala et al. 2002), which count how the eight neighbours of a pixel stand out from it: flat
areas, edges, corners, spots. What is drawn and in which colours hardly matters.

Measured on eight of our styles, two of generated avatars, and photos, 40 to 80 pictures each, one tenth of
another style mixed in: a foreign picture lies further from the set's centre than an own one in 97 % of cases
(features of EfficientNet-Lite0: 83 to 90 %; activations of the selfie model: 82 to 89 %). Beyond OUTLIER are
68 % of the foreign ones and 0.9 % of the own ones; styles that differ by little, such as webtoon and comic,
overlap.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import Pixels
from engine.raster import grey

SIDE = 256  # px at which textures are compared
STANDS_OUT = 4  # of 255: how much brighter a neighbour must be
SLOPES = (-1.0, 0.25, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 999.0)  # edges of the histogram, levels per px
PATTERNS = 10  # none to eight neighbours in one run, and everything that is not one run
OUTLIER = 4.0  # deviations from the median distance; see above
LARGEST_DEVIATION, SMALLEST_SPREAD = 30.0, 0.005  # keep single numbers from deciding alone

Texture = NDArray[np.float32]
"""(COUNT,), square roots of shares."""

COUNT = PATTERNS + len(SLOPES) - 1
_ROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def texture(square: Pixels) -> Texture:
    """Numbers of a picture, uint8 (SIDE, SIDE, 3)."""
    luma = grey(square)
    slopes = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)) / 8
    counts = np.histogram(slopes, SLOPES)[0] / slopes.size
    shares = np.concatenate([counts, _patterns(luma.astype(np.int16))])
    return np.asarray(np.sqrt(shares), np.float32)


def _patterns(luma: NDArray[np.int16]) -> NDArray[np.float64]:
    """Shares of the patterns, (PATTERNS,)."""
    height, width = luma.shape
    middle = luma[1:-1, 1:-1] + STANDS_OUT
    brighter = np.stack([luma[1 + y : height - 1 + y, 1 + x : width - 1 + x] > middle for y, x in _ROUND])
    changes = (brighter != np.roll(brighter, 1, axis=0)).sum(axis=0)
    pattern = np.where(changes <= 2, brighter.sum(axis=0), PATTERNS - 1)
    return np.bincount(pattern.ravel(), minlength=PATTERNS) / pattern.size


def distances(textures: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far each picture (N, COUNT) is from the set's centre, in deviations from the median distance.

    Centre and spread are medians, which a tenth of foreign pictures hardly moves.
    """
    exact = textures.astype(np.float64)
    from_centre = np.abs(exact - np.median(exact, axis=0))
    spread = np.maximum(_deviation(np.median(from_centre, axis=0)), SMALLEST_SPREAD)
    far = np.minimum(from_centre / spread, LARGEST_DEVIATION)
    length = np.sqrt(np.square(far).mean(axis=1))
    beyond = length - np.median(length)
    return np.asarray(beyond / max(float(_deviation(np.median(np.abs(beyond)))), 1e-6))


def _deviation(median: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    """Standard deviation of a normal distribution with this median distance from its middle."""
    return np.asarray(1.4826 * median)
