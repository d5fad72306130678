"""What is measured on one picture: its square, how sharp and how colourful it is, how it is drawn."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.data.duplicates import Fingerprint, fingerprint
from engine.data.texture import SIDE, Texture, texture
from engine.face.alignment import align_ffhq, ffhq_square
from engine.face.finder import FaceFinder
from engine.face.landmarks import ibug_68
from engine.raster import gaussian, grey, resized, rgb_to_lab

REBLUR = 2.0  # px at SIDE, sigma by which edges are softened to see how soft they were
NO_EDGES = 1.0  # mean squared slope under which a picture has no edges at all
PLAIN_LEVELS = 6  # of 255: what counts as one colour ...
PLAIN_BORDER = 0.8  # ... and on how much of the border it must be
SOFTEST = 9.9  # px, of pictures without edges
AROUND_FACE = 2  # times the result's side at which an aligned square is sampled before it is reduced


@dataclass(frozen=True)
class Measures:
    """Numbers of one picture.

    Attributes
    ----------
    width, height : px of the picture
    side : px of the square in the picture
    face : "found", or "centre" where the middle of the picture was taken
    softness : px at 256 px, sigma of the blur that would make its edges as soft as they are
    ground : RGB of the ground behind the drawing, () where it has no one colour
    colour : mean chroma (CIELAB) of the more colourful half; 0 is grey
    texture : how it is drawn
    fingerprint : to find it again
    """

    width: int
    height: int
    side: float
    face: str
    softness: float
    ground: tuple[int, ...]
    colour: float
    texture: Texture
    fingerprint: Fingerprint


def measured(picture: Pixels, size: int, finder: FaceFinder | None) -> tuple[Pixels, Measures]:
    """The square of a picture, uint8 (size, size, 3), and its numbers.

    Parameters
    ----------
    picture : uint8 (H, W, 3)
    finder : None takes the middle square of every picture
    """
    landmarks = None if finder is None else finder.find_upright(picture)
    if landmarks is None:
        square, face = middle(picture, size), "centre"
        side = float(min(picture.shape[:2]))
    else:
        points = ibug_68(landmarks)
        square, face = align_ffhq(picture, points, size, AROUND_FACE * size), "found"
        side = ffhq_square(points).side
    height, width = picture.shape[:2]
    seen = resized(square, SIDE, SIDE)
    return square, Measures(
        width,
        height,
        side,
        face,
        softness(seen),
        ground_of(picture),
        colour(seen),
        texture(seen),
        fingerprint(picture),
    )


def middle(picture: Pixels, size: int) -> Pixels:
    """The middle square of a picture, uint8 (size, size, 3)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resized(np.ascontiguousarray(picture[top : top + side, left : left + side]), size, size)


def ground_of(picture: Pixels) -> tuple[int, ...]:
    """RGB of the ground if it has one colour: that of the upper border, where nobody's shoulders are.

    It is looked for before the square is cut out, in which heads reach the border.
    """
    small = resized(picture, SIDE // 2, SIDE // 2)
    upper = len(small) // 2
    border = np.concatenate([small[0], small[1], small[:upper, 0], small[:upper, -1]])
    middle_of = np.median(border, axis=0)
    apart = np.abs(border.astype(np.float32) - middle_of).max(axis=1)
    if (apart <= PLAIN_LEVELS).mean() < PLAIN_BORDER:
        return ()
    return tuple(int(value) for value in middle_of)


def softness(square: Pixels) -> float:
    """How soft the edges of a picture (SIDE, SIDE, 3) are, px; it does not depend on what is drawn.

    The squared slopes across an edge of sigma s add up to something in 1 / s. Blurred by sigma b it becomes
    sqrt(s^2 + b^2): the ratio of the two sums gives s. Pixels themselves make up about 0.5 px.
    """
    luma = grey(square).astype(np.float32)
    before, after = _steepness(luma), _steepness(gaussian(luma, REBLUR))
    if before < NO_EDGES:
        return SOFTEST
    ratio = max((before / max(after, 1e-6)) ** 2, 1.0 + 1e-3)
    return float(min(REBLUR / np.sqrt(ratio - 1.0), SOFTEST))


def _steepness(luma: FloatMap) -> float:
    """Mean squared slope."""
    across, down = np.diff(luma, axis=1), np.diff(luma, axis=0)
    return float(np.square(across).mean() + np.square(down).mean())


def chroma(square: Pixels) -> FloatMap:
    """CIELAB's chroma of each pixel, (H, W)."""
    lab = rgb_to_lab(square)
    return cv2.magnitude(lab[..., 1], lab[..., 2]).astype(np.float32)


def colour(square: Pixels) -> float:
    """Mean chroma of the more colourful half: a white ground does not count."""
    values = np.sort(chroma(square), axis=None)
    return float(values[len(values) // 2 :].mean())
