"""Registry of styles, and the one way from a person to a character in a style."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from engine.character import PHOTO, SIZE, Character
from engine.errors import PersonProblem
from engine.face import Face
from engine.neural import is_neural
from engine.photo import Photo
from engine.styles import chibi, comic, papercut, pencil, pixel, toon3d, watercolour, webtoon
from engine.styles.composition import CANVAS, LEFT_EYE, RIGHT_EYE, compose
from engine.styles.crown import complete_top
from engine.styles.die_cut import die_cut, framed
from engine.styles.drawn import Drawing
from engine.styles.foreground import foreground_colours
from engine.styles.packs import Pack, PackWrong, add_pack, read_pack, usable_packs
from engine.styles.sitting import Sitting, prepare

__all__ = [
    "DrawnStyle",
    "LearnedStyle",
    "Sitting",
    "Style",
    "StyleUnknown",
    "add_style",
    "as_it_is",
    "character_of",
    "draw",
    "drawn_styles",
    "prepare",
    "style_of",
    "styles",
]


class StyleUnknown(PersonProblem):
    """Nobody draws in the style `style`."""

    message_id = "style-unknown"


@dataclass(frozen=True)
class Style:
    """A way to draw people.

    Attributes
    ----------
    id : what commands and files call it
    names : what people call it, by language ("en", "ko")
    """

    id: str
    names: Mapping[str, str]

    @property
    def kind(self) -> Literal["drawn", "toonify"]:
        """Whether it needs no weights, or is a pack that brings its own."""
        return "toonify" if isinstance(self, LearnedStyle) else "drawn"


@dataclass(frozen=True)
class DrawnStyle(Style):
    """A style that needs no weights; `draw` is a function of a sitting and a seed."""

    draw: Callable[[Sitting, int], Drawing]


@dataclass(frozen=True)
class LearnedStyle(Style):
    """A style that two blended generators draw (engine/styles/toonify.py)."""

    pack: Pack


_DRAWN = (
    DrawnStyle("webtoon", MappingProxyType({"en": "Webtoon", "ko": "웹툰"}), webtoon.draw),
    DrawnStyle("comic", MappingProxyType({"en": "Comic", "ko": "만화"}), comic.draw),
    DrawnStyle("watercolour", MappingProxyType({"en": "Watercolour", "ko": "수채화"}), watercolour.draw),
    DrawnStyle("pencil", MappingProxyType({"en": "Pencil", "ko": "연필"}), pencil.draw),
    DrawnStyle("toon3d", MappingProxyType({"en": "3D toon", "ko": "3D 툰"}), toon3d.draw),
    DrawnStyle("chibi", MappingProxyType({"en": "Chibi", "ko": "치비"}), chibi.draw),
    DrawnStyle("pixel", MappingProxyType({"en": "Pixel art", "ko": "픽셀 아트"}), pixel.draw),
    DrawnStyle("papercut", MappingProxyType({"en": "Paper cut", "ko": "종이 공예"}), papercut.draw),
)


def drawn_styles() -> tuple[DrawnStyle, ...]:
    """The styles that need no weights."""
    return _DRAWN


def styles() -> tuple[Style, ...]:
    """All styles that can be drawn in now, in the order in which people are offered them.

    Packs are looked up each time: what another process added or removed is seen at once.
    """
    if not is_neural():
        return _DRAWN
    taken = {style.id for style in _DRAWN}
    packs = (pack for pack in usable_packs() if pack.id not in taken)
    return (*_DRAWN, *(LearnedStyle(pack.id, pack.names, pack) for pack in packs))


def add_style(source: Path) -> Pack:
    """Check a style pack and keep a copy of it.

    Raises
    ------
    PackWrong
    """
    pack_id = read_pack(source).id
    if any(style.id == pack_id for style in _DRAWN):
        raise PackWrong(f"{pack_id!r} is the id of a style that is there already")
    return add_pack(source)


def style_of(style_id: str) -> Style:
    """Find a style by its id.

    Raises
    ------
    StyleUnknown
        when nobody draws in it
    """
    found = styles()
    for style in found:
        if style.id == style_id:
            return style
    raise StyleUnknown(style_id, style=style_id, styles=", ".join(style.id for style in found))


def draw(sitting: Sitting, style_id: str, seed: int = 0) -> Character:
    """Draw a person in a style that needs no weights: the same sitting, style and seed give the same drawing.

    Raises
    ------
    StyleUnknown
        when it is none of those
    """
    for style in _DRAWN:
        if style.id == style_id:
            return character_of(style.draw(sitting, seed), sitting, style_id, seed)
    raise StyleUnknown(style_id, style=style_id, styles=", ".join(style.id for style in _DRAWN))


def character_of(drawing: Drawing, sitting: Sitting, style_id: str, seed: int) -> Character:
    """Cut a drawing out as a sticker, and reduce its landmarks along with it."""
    return _cut_out(drawing, style_id, seed, (sitting.yaw, sitting.pitch, sitting.roll))


def as_it_is(photo: Photo, face: Face) -> Character:
    """The person of a photo, cut out and not drawn; its style is PHOTO, which is in no list of styles."""
    stage = compose(photo, face)
    pixels, matte = complete_top(
        foreground_colours(stage.pixels, stage.mixture), stage.matte, stage.landmarks, stage.photo_top
    )
    pose = (face.yaw, face.pitch, face.roll + stage.turned)
    return _cut_out(Drawing(pixels, matte, stage.landmarks), PHOTO, 0, pose)


def _cut_out(drawing: Drawing, style_id: str, seed: int, pose: tuple[float, float, float]) -> Character:
    eye_level = float(drawing.landmarks[[RIGHT_EYE, LEFT_EYE], 1].mean())
    matte = framed(drawing.matte, eye_level)
    sticker, texture = die_cut(drawing.pixels, matte), None
    # pixel centres: half a pixel of the canvas is not half a pixel of the sticker
    landmarks = drawing.landmarks * np.float32(SIZE / CANVAS)
    landmarks[:, :2] += np.float32(0.5 * SIZE / CANVAS - 0.5)
    if drawing.texture is not None:
        texture = drawing.texture.within(matte)
        sticker = texture.laid(sticker)
    return Character(sticker, landmarks, style_id, seed, *pose, texture)
