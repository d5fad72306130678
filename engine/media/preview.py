"""The preview: one's own face in every style, numbered, as one JPEG that every platform shows."""

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from engine.arrays import Pixels

TILE = 384  # px, side of one drawing and of the card under it
GAP = 18  # px around and between
COLUMNS = 3
GROUND = (250, 248, 245)  # warm white
CARDS = ((214, 229, 246), (252, 224, 216), (219, 238, 217), (245, 231, 203), (231, 222, 244))  # pastels
CORNER = 40  # px, radius of a card's corners
SMOOTH = 4  # times the size at which corners are drawn
BADGE = 29  # px, radius of a number's disc
INK, PAPER = (255, 255, 255), (38, 38, 44)
QUALITY = 88


def preview_jpeg(drawings: Sequence[Pixels]) -> bytes:
    """Lay drawings out in rows, each on a card with its number from 1; a last row with gaps is centred.

    Parameters
    ----------
    drawings : uint8 (512, 512, 4) each, straight alpha; at least one
    """
    columns = min(COLUMNS, len(drawings))
    rows = math.ceil(len(drawings) / columns)
    step = TILE + GAP
    sheet = Image.new("RGB", (columns * step + GAP, rows * step + GAP), GROUND)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=BADGE * 1.2)
    card, disc = rounded(TILE, CORNER), rounded(2 * BADGE, BADGE)
    for index, drawing in enumerate(drawings):
        row, column = divmod(index, columns)
        missing = max(0, (row + 1) * columns - len(drawings))
        x, y = GAP + column * step + missing * step // 2, GAP + row * step
        sheet.paste(CARDS[index % len(CARDS)], (x, y), card)
        # Pillow weights colours with their alpha: hidden ones do not bleed in
        tile = Image.fromarray(drawing).resize((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(tile, (x, y), tile)
        sheet.paste(PAPER, (x + 10, y + 10), disc)
        centre = (x + 10 + BADGE, y + 10 + BADGE)
        pen.text(centre, str(index + 1), fill=INK, font=font, anchor="mm")
    target = io.BytesIO()
    sheet.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def rounded(side: int, radius: int) -> Image.Image:
    """Square of `side` px with round corners, as a mask."""
    mask = Image.new("L", (SMOOTH * side, SMOOTH * side), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, SMOOTH * side - 1, SMOOTH * side - 1), SMOOTH * radius, fill=255
    )
    return mask.resize((side, side), Image.Resampling.BOX)
