"""Registry of styles, and the one way from a person to a character in a style."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from engine.character import PHOTO, SIZE, Character
from engine.errors import PersonProblem
from engine.face import Face
from engine.photo import Photo
from engine.styles import chibi, comic, papercut, pencil, pixel, toon3d, watercolour, webtoon
from engine.styles.composition import CANVAS, LEFT_EYE, RIGHT_EYE, compose
from engine.styles.crown import complete_top
from engine.styles.die_cut import die_cut, framed
from engine.styles.drawn import Drawing
from engine.styles.foreground import foreground_colours
from engine.styles.sitting import Sitting, prepare

__all__ = ["Sitting", "Style", "StyleUnknown", "as_it_is", "draw", "prepare", "style_of", "styles"]


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
    kind : "drawn" needs no weights; "toonify" does
    draw : function of a sitting and a seed
    """

    id: str
    names: MappingProxyType[str, str]
    kind: Literal["drawn", "toonify"]
    draw: Callable[[Sitting, int], Drawing]


_STYLES = (
    Style("webtoon", MappingProxyType({"en": "Webtoon", "ko": "웹툰"}), "drawn", webtoon.draw),
    Style("comic", MappingProxyType({"en": "Comic", "ko": "만화"}), "drawn", comic.draw),
    Style("watercolour", MappingProxyType({"en": "Watercolour", "ko": "수채화"}), "drawn", watercolour.draw),
    Style("pencil", MappingProxyType({"en": "Pencil", "ko": "연필"}), "drawn", pencil.draw),
    Style("toon3d", MappingProxyType({"en": "3D toon", "ko": "3D 툰"}), "drawn", toon3d.draw),
    Style("chibi", MappingProxyType({"en": "Chibi", "ko": "치비"}), "drawn", chibi.draw),
    Style("pixel", MappingProxyType({"en": "Pixel art", "ko": "픽셀 아트"}), "drawn", pixel.draw),
    Style("papercut", MappingProxyType({"en": "Paper cut", "ko": "종이 공예"}), "drawn", papercut.draw),
)


def styles() -> tuple[Style, ...]:
    """All styles, in the order in which people are offered them."""
    return _STYLES


def style_of(style_id: str) -> Style:
    """Find a style by its id.

    Raises
    ------
    StyleUnknown
        when nobody draws in it
    """
    for style in _STYLES:
        if style.id == style_id:
            return style
    raise StyleUnknown(style_id, style=style_id, styles=", ".join(style.id for style in _STYLES))


def draw(sitting: Sitting, style_id: str, seed: int = 0) -> Character:
    """Draw a person in a style: the same sitting, style and seed give the same drawing.

    Raises
    ------
    StyleUnknown
        when nobody draws in this style
    """
    drawing = style_of(style_id).draw(sitting, seed)
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
