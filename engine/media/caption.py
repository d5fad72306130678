"""Captions: a person's own words over the video, a page at a time, at the pace of the voice."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.arrays import Pixels
from engine.character import SIZE
from engine.errors import PersonProblem
from engine.media.colour import Ground
from engine.raster import premultiplied
from engine.speech.motion import Motion

FONT_FILE = "NanumGothicBold.ttf"  # Korean and Latin, Greek, Cyrillic, kana
MOST_SIGNS = 600  # letters, spaces and all; a minute of fast speech has fewer
FONT_SIZE = 30  # px: 14 px on a phone that shows the video 240 px wide
WIDEST = 456  # px of a line
LINES = 2  # of a page
LINE_STEP = 38  # px
PADDING = (14, 9)  # px of the box around the words, sideways and up
BELOW = 16  # px between the box and the lower edge
ROUND = 14  # px, radius of the box's corners
BOX, INK = (24, 22, 28, 190), (255, 255, 255, 255)


class CaptionUnreadable(PersonProblem):
    """The font draws nothing of a caption: it is all emoji, or in an alphabet that the font lacks."""

    message_id = "caption-unreadable"


class Captions:
    """Pages of words with the frames at which they begin.

    Parameters
    ----------
    text : the person's words
    motion : tells when the voice speaks
    font : a TrueType file

    Raises
    ------
    CaptionUnreadable
    """

    def __init__(self, text: str, motion: Motion, font: Path) -> None:
        face = ImageFont.truetype(font, FONT_SIZE)
        lines = wrapped(readable(text, face), face)
        if not lines:
            raise CaptionUnreadable(f"nothing to draw among {len(text)} characters")
        pages = [lines[i : i + LINES] for i in range(0, len(lines), LINES)]
        self._boxes = [_box(page, face) for page in pages]
        self._starts = page_starts([sum(map(len, page)) for page in pages], motion)

    def over(self, picture: Pixels, frame: int) -> None:
        """Lay the page of a frame over the picture, uint8 (512, 512, 3), in place."""
        box = self._boxes[max(bisect_right(self._starts, frame) - 1, 0)]
        height, width = box.shape[:2]
        top, left = SIZE - BELOW - height, (SIZE - width) // 2
        place = picture[top : top + height, left : left + width]
        place[...] = Ground(np.ascontiguousarray(place)).under(box)


def readable(text: str, font: ImageFont.FreeTypeFont) -> str:
    """Words with single spaces between them, without what the font cannot draw.

    Marks that no letter has taken up go too: they join and colour emoji, which are left out.
    """
    missing = bytes(font.getmask("\uffff"))

    def drawn(sign: str) -> bool:
        return unicodedata.category(sign)[0] not in "CM" and bytes(font.getmask(sign)) != missing

    whole = " ".join(unicodedata.normalize("NFC", text).split())
    return " ".join("".join(sign for sign in whole if sign == " " or drawn(sign)).split())


def wrapped(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Lines of at most WIDEST px, broken between words, and inside a word only where it is wider."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= WIDEST:
            lines[-1] = joined
            continue
        lines.append("")
        for sign in word:
            if font.getlength(lines[-1] + sign) > WIDEST:
                lines.append("")
            lines[-1] += sign
    return lines


def page_starts(lengths: Sequence[int], motion: Motion) -> list[int]:
    """First frame of each page: words come evenly while the voice speaks, and wait while it pauses.

    Parameters
    ----------
    lengths : characters of each page
    """
    spoken = np.cumsum([viseme != "sil" for viseme in motion.viseme])
    before = np.cumsum([0, *lengths[:-1]]) / max(sum(lengths), 1)
    return [
        int(np.searchsorted(spoken, share * spoken[-1], side="right")) if share else 0 for share in before
    ]


def _box(lines: Sequence[str], font: ImageFont.FreeTypeFont) -> Pixels:
    """Draw a page, colours multiplied with the alpha, uint8 (h, w, 4)."""
    width = round(max(font.getlength(line) for line in lines)) + 2 * PADDING[0]
    height = len(lines) * LINE_STEP + 2 * PADDING[1]
    box = Image.new("RGBA", (width, height), (*BOX[:3], 0))
    pen = ImageDraw.Draw(box)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), ROUND, fill=BOX)
    for number, line in enumerate(lines):
        middle = (width / 2, PADDING[1] + (number + 0.5) * LINE_STEP)
        pen.text(middle, line, fill=INK, font=font, anchor="mm")
    return premultiplied(np.asarray(box))


def square(picture: Pixels) -> Pixels:
    """Cut the middle of a picture (H, W, 3) and bring it to the size of a video, uint8 (512, 512, 3)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = picture[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side > SIZE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(middle, (SIZE, SIZE), interpolation=method), np.uint8)
