"""Paper cut: few sheets of coloured paper on one another, light on dark, each with its shadow on the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.arrays import FloatMap, Pixels
from engine.raster import (
    gaussian,
    lab_to_rgb,
    mean_of,
    resized,
    rgb_to_lab,
    smoothstep,
    warped,
)
from engine.styles.blocks.complexion import complexion, held
from engine.styles.blocks.detail import face_detail
from engine.styles.blocks.eyes import EyeLook
from engine.styles.blocks.paper import paper_grain
from engine.styles.blocks.portrait import finished
from engine.styles.blocks.strands import combed, rounded
from engine.styles.blocks.tones import stepped, without_olive
from engine.styles.composition import CANVAS
from engine.styles.drawn import Drawing
from engine.styles.shape import ShapeChange
from engine.styles.sitting import Sitting

HALF = CANVAS // 2  # px: sheets are cut at half the size


@dataclass(frozen=True)
class Papercut:
    """Lightness in CIE L (0..100); lengths in px of the canvas unless said otherwise."""

    shape: ShapeChange = field(default=ShapeChange(eyes=1.16, nose=0.97, jaw=0.975, head=1.10))
    eyes: EyeLook = field(
        default=EyeLook(white=0.95, iris_cover=1.0, chroma=1.6, upper_lid=0.10, lower_lid=0.0, highlight=0.30)
    )
    sheets: int = 9  # colours of hair and clothes, at most
    apart: float = 8.0  # distance in Lab under which two of them would be one ...
    hues: float = 0.9  # ... in which a and b count this much
    places: tuple[float, float] = (20.0, 40.0)  # distance for as much as the canvas is wide, and high
    rest_chroma: float = 0.40  # added to colours that are one; greys and whites stay
    smallest: float = 0.12  # face heights: narrower pieces of hair and clothes are not cut
    whiter: float = 5.0  # L by which white cloth is whiter
    skin_sheets: tuple[float, ...] = (-30.0, -19.0, -8.0, 15.0)  # L over the median at which each begins
    skin_step: float = 9.0  # L between two of them
    doubt: float = 0.10  # of the L of skin, as in `held`: half a face may lie on the next sheet
    smallest_on_skin: float = 0.16
    creases: tuple[float, ...] = (-5.0, -10.0, -18.0)  # L of a fold: where the sheet is slit, and deeper
    slit: float = 6.5  # L of one such slit
    thinnest: float = 0.016  # face heights: finer folds are not cut
    skin_chroma: float = 1.15
    blush: float = 3.0
    on_top: float = 1.6  # sheets by which hair and clothes lie over the skin
    round_off: float = 3.0  # sigma that rounds what is cut
    thrown: tuple[float, float] = (3.0, 4.5)  # how far shadows fall, across and down
    softness: float = 3.0  # sigma of the shadows
    shadow: float = 14.0  # L
    cut_edge: float = 6.0  # L of the light that a cut edge catches
    grain: float = 1.3  # L of the paper's fibres
    edge: float = 3.5  # sigma that rounds the figure's outline


def draw(sitting: Sitting, seed: int, style: Papercut = Papercut()) -> Drawing:
    """Cut a person out of paper; the seed moves the fibres."""
    random = np.random.default_rng(seed)
    rest, rest_height = _rest(sitting, style)
    skin, skin_height = _skin(sitting, style)
    share = _cut(resized(sitting.skin.share, HALF, HALF), 3.0)
    lab = rest + share[..., None] * (skin - rest)
    height = rest_height + style.on_top + share * (skin_height - rest_height - style.on_top)
    features, feature_height = _features(sitting, style)
    # glasses, beards and brows are finer than what else is no skin
    place = np.maximum(sitting.skin.features, sitting.skin.oval * (1 - share))
    lab += (0.92 * place)[..., None] * (features - lab)
    height += place * (feature_height - height)
    lab[..., 0] += _relief(height, style) * (1 - 0.5 * place)
    lab[..., 0] += style.grain * paper_grain(CANVAS, random, size=1.0)
    return finished(lab_to_rgb(lab), rounded(sitting.matte, style.edge), sitting, style.shape, style.eyes)


def _cut(half: FloatMap, round_off: float) -> FloatMap:
    """A sheet of the shape `half` (384, 384) in [0, 1] with one sharp, round border, (768, 768)."""
    return smoothstep(0.44, 0.56, resized(gaussian(half, round_off / 2), CANVAS, CANVAS))


def _without_specks(numbers: Pixels, width: float) -> Pixels:
    """Numbers of sheets (384, 384) without pieces narrower than `width` px of the canvas, corners rounded.

    A median takes the same from every sheet, so that none sticks out from under the next.
    """
    return cast(Pixels, cv2.medianBlur(numbers, max(3, round(width / 2)) | 1))


def _rest(sitting: Sitting, style: Papercut) -> tuple[FloatMap, FloatMap]:
    """Hair and clothes, Lab, and how many sheets lie there."""
    lab = rgb_to_lab(cast(Pixels, cv2.medianBlur(combed(sitting.brushed, sigma=24.0), 9)))
    skin = np.maximum(sitting.skin.share, sitting.skin.features)
    rest = resized(sitting.matte * (1 - skin), HALF, HALF) > 0.5
    numbers, colours = _sheets(lab, rest, style)
    numbers = _without_specks(numbers, style.smallest * sitting.face_height)
    chroma: FloatMap = np.hypot(colours[:, 1], colours[:, 2])
    colours[:, 1:] *= (1 + style.rest_chroma * smoothstep(6, 20, chroma))[:, None]
    colours = without_olive(colours)
    colours[:, 0] += style.whiter * smoothstep(60, 85, colours[:, 0])
    pile = np.ones((len(colours), CANVAS, CANVAS), np.float32)
    for number in range(1, len(colours)):
        pile[number] = _cut((numbers >= number).astype(np.float32), style.round_off)
    # each sheet hides the one under it: what it adds is the difference of their colours
    added = np.diff(colours, axis=0, prepend=np.zeros((1, 3), np.float32))
    paper: FloatMap = (pile.reshape(len(pile), -1).T @ added).reshape(CANVAS, CANVAS, 3)
    return paper, pile[1:].sum(axis=0)


def _sheets(lab: FloatMap, rest: NDArray[np.bool_], style: Papercut) -> tuple[Pixels, FloatMap]:
    """Which of few sheets each pixel is nearest to, and their colours (n, 3), Lab, the darkest first.

    Near means in colour and in place: hair and a coat of like colours get sheets of their own.
    """
    across, down = style.places
    points = np.empty((HALF, HALF, 5), np.float32)
    points[..., :3] = lab * np.array([1, style.hues, style.hues], np.float32)
    points[..., 3] = np.linspace(0, across, HALF, dtype=np.float32)
    points[..., 4] = np.linspace(0, down, HALF, dtype=np.float32)[:, None]
    samples = points[::4, ::4][rest[::4, ::4]]
    if len(samples) < style.sheets:
        return np.zeros(rest.shape, np.uint8), np.array([[50, 0, 0]], np.float32)
    stored = np.clip(np.rint(samples[:, :3] + np.array([0, 128, 128], np.float32)), 0, 255).astype(np.uint8)
    first = Image.fromarray(stored[None]).quantize(style.sheets, Image.Quantize.MEDIANCUT)
    labels = np.asarray(first).ravel().astype(np.int32)
    stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 10, 0.5)
    count = int(labels.max()) + 1
    _, found, means = cv2.kmeans(samples, count, labels, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    centres, sizes = cast(FloatMap, means), np.bincount(found.ravel(), minlength=count)
    sheet_of, colours = _told_apart(centres[:, :3], sizes, style.apart)
    away = (centres * centres).sum(axis=1) - 2 * points.reshape(-1, 5) @ centres.T
    numbers = sheet_of[np.argmin(away, axis=1)].reshape(rest.shape)
    colours[:, 1:] /= style.hues
    return numbers, colours


def _told_apart(colours: FloatMap, sizes: NDArray[np.intp], apart: float) -> tuple[Pixels, FloatMap]:
    """Number of the sheet for each of (n, 3) colours, and the sheets' colours, the darkest first.

    Colours that are alike share a sheet, which has the colour of the largest of them.
    """
    kept: list[NDArray[np.float32]] = []
    for colour in colours[np.argsort(-sizes)]:
        if all(float(np.linalg.norm(colour - other)) >= apart for other in kept):
            kept.append(colour)
    sheets = np.stack(kept)
    sheets = sheets[np.argsort(sheets[:, 0])]
    away: FloatMap = np.linalg.norm(colours[:, None] - sheets[None], axis=2)
    return np.argmin(away, axis=1).astype(np.uint8), sheets


def _skin(sitting: Sitting, style: Papercut) -> tuple[FloatMap, FloatMap]:
    length = sitting.face_height
    seen = complexion(sitting, window=0.036, one_colour=0.95)
    tone = resized(seen.tone, HALF, HALF)
    sheets = _pile(tone, style.skin_sheets, style.smallest_on_skin * length, style.round_off)
    height = sheets - np.float32(sum(start < 0 for start in style.skin_sheets))
    detail = resized(face_detail(seen.lightness, length, step=1.0, ramp=1.0), HALF, HALF)
    starts = [-crease for crease in style.creases]
    slits = _pile(-detail, starts, style.thinnest * length, 0.6 * style.round_off)
    tones: FloatMap = np.float32(style.skin_step) * height - np.float32(style.slit) * slits
    lightness = held(sitting.skin_lightness + tones, sitting, style.doubt * sitting.skin_lightness)
    warm = 0.25 * np.clip(-tones, 0, 22) + style.blush * seen.cheeks
    a, b = style.skin_chroma * seen.a + seen.warm[0] * warm, style.skin_chroma * seen.b + seen.warm[1] * warm
    return cast(FloatMap, cv2.merge([lightness, a, b])), height * np.float32(0.55) - np.float32(0.25) * slits


def _pile(values: FloatMap, starts: Sequence[float], smallest: float, round_off: float) -> FloatMap:
    """How many sheets lie where, (768, 768), if each lies where `values` (384, 384) exceed its start."""
    numbers = sum((values > start).astype(np.uint8) for start in starts)
    numbers = _without_specks(cast(Pixels, numbers), smallest)
    pile = np.zeros((CANVAS, CANVAS), np.float32)
    for number in range(1, len(starts) + 1):
        pile += _cut((numbers >= number).astype(np.float32), round_off)
    return pile


def _features(sitting: Sitting, style: Papercut) -> tuple[FloatMap, FloatMap]:
    """Eyes, brows and lips in papers finer than the rest."""
    lab = rgb_to_lab(mean_of(sitting.pixels, sitting.smooth, 0.3))
    lightness: FloatMap = gaussian(np.ascontiguousarray(lab[..., 0]), 1.0)
    tones = stepped(lightness, 8.0, 0.25)
    lab[..., 0] = tones
    lab[..., 1:] = 1.3 * gaussian(np.ascontiguousarray(lab[..., 1:]), 2.0)
    return lab, (tones - np.float32(sitting.skin_lightness)) / np.float32(2 * style.skin_step)


def _relief(height: FloatMap, style: Papercut) -> FloatMap:
    """L that a sheet gains at its cut edge, and loses under the edge of a higher one."""
    height = np.ascontiguousarray(height)

    def from_above_left(across: float, down: float) -> FloatMap:
        shift = np.array([[1, 0, across], [0, 1, down]], np.float32)
        return warped(height, shift, CANVAS, CANVAS, border=cv2.BORDER_REPLICATE)

    under = np.clip(gaussian(from_above_left(*style.thrown), style.softness) - height, 0, 1.4)
    lit = np.clip(height - from_above_left(1.2, 1.6), 0, 1)
    result: FloatMap = style.cut_edge * lit - style.shadow * under
    return result
