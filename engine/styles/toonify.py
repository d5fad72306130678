"""Toonify: the learned styles. Two blended generators draw the face; here it becomes a drawing like others.

The network sees the square of FFHQ around the face and draws it anew. Its picture goes back to where the
square was; what lies outside it (shoulders, long hair, a hat) is the calm photo of the sitting, its colours
led over to those of the drawing. Nothing here needs torch; `Toonists` opens the one door to it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Protocol, cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.face import Face
from engine.face.alignment import FfhqSquare, align_ffhq, ffhq_square
from engine.face.finder import FaceFinder
from engine.face.landmarks import ibug_68
from engine.face.matte import FACE_OVAL, Matting
from engine.learned_weights import FAN
from engine.neural import is_neural, need_neural
from engine.raster import (
    Matrix,
    blended,
    lab_to_rgb,
    polygon,
    resized,
    rgb_to_lab,
    shrink_factor,
    smoothstep,
    warped,
    wide_gaussian,
)
from engine.styles.composition import CANVAS, CHIN, TOP, person_only
from engine.styles.drawn import Drawing
from engine.styles.packs import Pack
from engine.styles.sitting import Sitting
from engine.together import Report
from engine.weights import WeightsMissing, WeightStore

log = logging.getLogger(__name__)

AT_ONCE = 4  # people whose pictures are drawn as one batch; more is no faster on a CPU
KEPT = 3  # packs whose networks stay in memory; encoders are shared
SAME_FACE = 0.12  # face heights between the landmarks of two detectors that see the same face
COARSE = 4  # times smaller, while colours are led over


@dataclass(frozen=True)
class Laying:
    """How the drawn square is laid onto the canvas; shares are of its side."""

    feather: float = 0.10  # over which it fades into what lies outside
    lead: float = 90.0  # px of the canvas: sigma over which colours are led over to the drawing's
    same_person: float = 0.55  # overlap (IoU) of the drawing's matte with the photo's, to be believed
    whole_face: float = 0.92  # of the face that the drawing's matte must cover, to be believed


@dataclass(frozen=True)
class Following:
    """When landmarks found on the drawing are believed; lengths in face heights."""

    presence: float = 0.7  # how surely there is a face
    apart: float = 0.03  # mean distance of two looks, the second from a shifted and larger view
    moved: float = 0.20  # mean distance from where they were carried
    shift: float = 0.04  # of the second look
    larger: float = 1.10


@dataclass(frozen=True)
class Sitter:
    """A person as a toonist sees them.

    Attributes
    ----------
    square : uint8 (side, side, 3), RGB, the FFHQ square around the face
    place : where it was cut out of the photo
    seed : of the search for their styles
    """

    square: Pixels
    place: FfhqSquare
    seed: int


class Toonist(Protocol):
    """Draws faces in the style of one pack."""

    side: int
    """px of the squares that it looks at"""

    sampled: int
    """px at which they are sampled before they are reduced (engine/face/alignment.py)"""

    def draw(self, sitters: Sequence[Sitter], report: Report, *, steps: int) -> list[Pixels]:
        """Draw faces as pictures, uint8 (R, R, 3) each.

        Parameters
        ----------
        steps : of search for each face's styles

        Raises
        ------
        MemoryError
            when so many at once do not fit
        """


class Toonists:
    """Toonists of the packs that were asked for last."""

    def __init__(self) -> None:
        self._kept: list[tuple[Pack, Toonist]] = []

    def prepare(self) -> None:
        """Import what draws learned styles, if it is installed: their first drawing is two seconds nearer."""
        if is_neural():
            import engine.stylegan2.toonist  # noqa: F401

    def of(self, pack: Pack) -> Toonist:
        """Read a pack's networks, unless that was done before.

        Raises
        ------
        NeuralMissing
            without the extra `neural`
        PackWrong
            when weights are missing or are others than it names
        CheckpointRefused, CheckpointBroken, CheckpointMismatch
        """
        toonist = next((toonist for known, toonist in self._kept if known == pack), None)
        if toonist is None:
            need_neural()
            from engine.stylegan2.toonist import PackToonist

            toonist = PackToonist(pack, [known for _, known in self._kept if isinstance(known, PackToonist)])
        others = [(known, kept) for known, kept in self._kept if kept is not toonist and known.id != pack.id]
        self._kept = [(pack, toonist), *others][:KEPT]
        return toonist


class Landmarks68:
    """The 68 iBUG landmarks: of face-alignment where its file was placed, else out of the mesh's 478."""

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights

    @cached_property
    def _fan(self) -> Callable[[Pixels, tuple[float, float, float, float]], Points] | None:
        try:
            path = self._weights.locate(FAN)
        except WeightsMissing:
            return None
        if find_spec("face_alignment") is None:
            log.warning("%s was placed, but face-alignment is not installed", FAN)
            return None
        from engine.stylegan2.fan import PlacedFan

        return PlacedFan(path).find

    def of(self, photo: Pixels, face: Face) -> Points:
        """Landmarks float32 (68, 2 or 3) of a face, px of the photo.

        Raises
        ------
        CheckpointRefused, CheckpointBroken, CheckpointMismatch
            when the placed file is another
        """
        derived = ibug_68(face.landmarks)
        if self._fan is None:
            return derived
        found = self._fan(photo, face.box)
        height = float(np.linalg.norm(face.landmarks[CHIN, :2] - face.landmarks[TOP, :2]))
        apart = _mean_distance(found, derived[:, :2]) / max(height, 1.0)
        if apart <= SAME_FACE:
            return found
        log.warning("face-alignment is %.2f face heights away from the mesh: the mesh counts", apart)
        return derived


def sitter_of(photo: Pixels, landmarks_68: Points, toonist: Toonist, seed: int) -> Sitter:
    """Cut the square around a face out of an upright photo, uint8 (H, W, 3)."""
    square = align_ffhq(photo, landmarks_68, toonist.side, toonist.sampled)
    return Sitter(square, ffhq_square(landmarks_68), seed)


def drawing_of(
    picture: Pixels,
    sitter: Sitter,
    sitting: Sitting,
    finder: FaceFinder,
    matting: Matting,
    laying: Laying = Laying(),
) -> Drawing:
    """Put the picture that a toonist drew of a person into the composition of all styles.

    Parameters
    ----------
    picture : uint8 (R, R, 3), RGB
    """
    side = picture.shape[0]
    matrix = _onto_canvas(sitter.place, side, sitting.placed)
    laid, cover = _laid(picture, matrix), _cover(side, matrix, laying)
    pixels = blended(_led_over(sitting.brushed, laid, cover, laying), laid, cover)
    landmarks = followed(pixels, sitting.landmarks, finder)
    matte = _matte(pixels, landmarks, cover, sitting, matting, laying)
    return Drawing(pixels, matte, landmarks)


def _onto_canvas(place: FfhqSquare, side: int, placed: Matrix) -> Matrix:
    """From px of the drawn square to px of the canvas; px are counted at their centres in both."""
    upper_left, lower_left, _, upper_right = place.quad
    across, down = (upper_right - upper_left) / side, (lower_left - upper_left) / side
    start = upper_left + 0.5 * (across + down)
    linear = placed[:, :2] @ np.column_stack([across, down])
    return np.column_stack([linear, placed[:, :2] @ start + placed[:, 2]]).astype(np.float32)


def _laid(picture: Pixels, matrix: Matrix) -> Pixels:
    factor = shrink_factor(matrix)
    if factor < 0.6:  # warping does not average
        side = max(1, round(picture.shape[0] * factor * 1.3))
        scale = picture.shape[0] / side
        picture = resized(picture, side, side)
        matrix = matrix.copy()
        matrix[:, 2] += matrix[:, :2] @ np.full(2, (scale - 1) / 2, np.float32)
        matrix[:, :2] *= scale
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_LINEAR
    return warped(picture, matrix, CANVAS, CANVAS, method=method, border=cv2.BORDER_REPLICATE)


def _cover(side: int, matrix: Matrix, laying: Laying) -> FloatMap:
    """How much of the drawn square shows on the canvas: all in the middle, nothing at its edge."""
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    ticks = np.arange(CANVAS, dtype=np.float32)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1) @ back[:, :2].T + back[:, 2]
    depth = 0.5 - np.abs((points + 0.5) / side - 0.5).max(axis=-1)
    return smoothstep(0.0, laying.feather, depth.astype(np.float32))


def _led_over(photo: Pixels, laid: Pixels, cover: FloatMap, laying: Laying) -> Pixels:
    """The photo in the colours of the drawing, near the drawing: its low tones are moved as the seam asks."""
    small = (CANVAS // COARSE, CANVAS // COARSE)
    seam = 4 * cover * (1 - cover) + 0.02 * cover  # mostly where both will be seen
    weight = resized(seam.astype(np.float32), *small)
    apart = resized(rgb_to_lab(laid) - rgb_to_lab(photo), *small)
    sigma = laying.lead / COARSE
    reach = wide_gaussian(weight, sigma)[..., None] + np.float32(1e-4)
    led = wide_gaussian(apart * weight[..., None], sigma) / reach
    return lab_to_rgb(rgb_to_lab(photo) + resized(cast(FloatMap, led.astype(np.float32)), CANVAS, CANVAS))


def followed(
    pixels: Pixels, carried: Points, finder: FaceFinder, following: Following = Following()
) -> Points:
    """Landmarks (478, 3) of the drawing: found on it where that works, else carried along from the photo.

    A drawing has its own eyes and mouth, and often not where the person has them. Detection is believed when
    it is sure of a face, finds it in two views at the same place, and not far from where it was carried.
    """
    height = max(float(np.linalg.norm(carried[CHIN, :2] - carried[TOP, :2])), 1.0)
    centre = carried.mean(axis=0)
    shifted = (
        (carried - centre) * np.float32(following.larger) + centre + np.float32(following.shift * height)
    )
    first, second = finder.follow(pixels, carried), finder.follow(pixels, shifted)
    apart = _mean_distance(first.landmarks, second.landmarks) / height
    moved = _mean_distance(first.landmarks, carried) / height
    sure = min(first.presence, second.presence) >= following.presence
    if sure and apart <= following.apart and moved <= following.moved:
        return first.landmarks
    return carried


def _mean_distance(first: Points, second: Points) -> float:
    return float(np.linalg.norm((first - second)[:, :2], axis=1).mean())


def _matte(
    pixels: Pixels, landmarks: Points, cover: FloatMap, sitting: Sitting, matting: Matting, laying: Laying
) -> FloatMap:
    """Where the drawn person is: a drawing has its own hair; the photo's matte where it cannot be told."""
    seen = matting.matte(pixels, landmarks)
    oval = polygon(landmarks[list(FACE_OVAL), :2], (CANVAS, CANVAS), 1).astype(np.float32)
    inside = cover * sitting.frame
    both, either = (
        float((chosen(seen, sitting.matte) * inside).sum()) for chosen in (np.minimum, np.maximum)
    )
    whole = float((seen * oval).sum()) / max(float(oval.sum()), 1.0)
    if whole < laying.whole_face or both < laying.same_person * max(either, 1.0):
        face: FloatMap = np.maximum(sitting.matte, oval * inside)
        return face
    mixed = sitting.matte + cover * (seen - sitting.matte)
    return person_only((mixed * sitting.frame).astype(np.float32), landmarks)
