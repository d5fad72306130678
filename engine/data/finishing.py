"""From a square to a picture to learn from: one ground behind everybody, one level of saturation."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.data.measures import colour
from engine.face.finder import FaceFinder
from engine.face.matte import Matting
from engine.raster import blended, components, gaussian, lab_to_rgb, rgb_to_lab

SAME_GROUND = 6.0  # CIELAB; what hangs together with the border and differs less from it is ground
PLAIN_BORDER = 0.60  # part of the border that must have one colour: shoulders take up to a third
SOFT_EDGE = 0.7  # px at 256 px, of a ground that was found by its colour
STRONGEST, WEAKEST = 2.5, 0.3  # factors of saturation; beyond, noise turns into colours
FAINT = 1.0  # chroma of a picture that has no colours to strengthen

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Finish:
    """What is done to every kept picture.

    Attributes
    ----------
    background : RGB; None leaves what is there
    colour : mean chroma of the more colourful half (measures.py); None leaves it
    """

    background: Colour | None = None
    colour: float | None = None


class Finisher:
    """Not safe for two threads at once."""

    def __init__(self, finder: FaceFinder, matting: Matting) -> None:
        self._finder, self._matting = finder, matting

    def finished(self, square: Pixels, finish: Finish) -> Pixels:
        """The square (S, S, 3), with another ground and another saturation where they are asked for.

        A ground that can be told from the person in neither way stays.
        """
        made = square
        if finish.colour is not None:
            made = with_colour(made, finish.colour)
        if finish.background is None:
            return made
        person = self._person(square)
        if person is None:
            return made
        ground = np.full_like(made, finish.background)
        return blended(ground, made, person)

    def _person(self, square: Pixels) -> FloatMap | None:
        """How much of each pixel is no ground, (S, S); None where that cannot be said."""
        plain = on_plain_ground(square)
        if plain is not None:
            return plain
        landmarks = self._finder.find_upright(square)
        return None if landmarks is None else self._matting.matte(square, landmarks)


def on_plain_ground(square: Pixels) -> FloatMap | None:
    """What is not the ground, (S, S) in [0, 1], where the ground has one colour; None where it has several.

    White shirts stay: only what hangs together with the border is ground.
    """
    lab = rgb_to_lab(square)
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    ground = np.median(np.concatenate([lab[0], lab[: len(lab) // 2, 0], lab[: len(lab) // 2, -1]]), axis=0)
    if (np.linalg.norm(border - ground, axis=1) < SAME_GROUND).mean() < PLAIN_BORDER:
        return None
    alike = (np.linalg.norm(lab - ground, axis=2) < SAME_GROUND).astype(np.uint8)
    _, labels = components(alike, connectivity=4)
    edges = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
    outside = np.isin(labels, np.setdiff1d(edges, 0)) & (alike > 0)
    person: FloatMap = (~outside).astype(np.float32)
    return gaussian(person, SOFT_EDGE * len(square) / 256)


def with_colour(square: Pixels, wanted: float) -> Pixels:
    """The picture with another mean chroma of its more colourful half; hue and lightness stay."""
    found = colour(square)
    if found < FAINT:
        return square
    lab = rgb_to_lab(square)
    lab[..., 1:] *= np.float32(np.clip(wanted / found, WEAKEST, STRONGEST))
    return lab_to_rgb(lab)
