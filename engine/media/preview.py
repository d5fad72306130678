"""The preview: one's own face in every style, numbered, as one JPEG that every platform shows."""

import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.arrays import Pixels

TILE = 384  # px, side of one drawing
GAP = 16  # px around and between
COLUMNS = 3
GROUND = (242, 240, 236)  # warm light grey: white borders stay visible
BADGE = 26  # px, radius of a number's disc
INK, PAPER = (255, 255, 255), (38, 38, 44)
QUALITY = 88


def preview_jpeg(drawings: Sequence[Pixels]) -> bytes:
    """Lay drawings out in rows, each with its number from 1.

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
    for index, drawing in enumerate(drawings):
        x, y = GAP + index % columns * step, GAP + index // columns * step
        tile = _resized(drawing)
        sheet.paste(tile, (x, y), tile)
        centre = (x + BADGE + 4, y + BADGE + 4)
        pen.circle(centre, BADGE, fill=PAPER)
        pen.text(centre, str(index + 1), fill=INK, font=font, anchor="mm")
    target = io.BytesIO()
    sheet.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def _resized(drawing: Pixels) -> Image.Image:
    """Scale with the colour weighted by the alpha, so that hidden colours do not bleed in."""
    weighted = drawing.astype(np.float32)
    weighted[..., :3] *= weighted[..., 3:] / 255
    small = Image.fromarray(weighted.astype(np.uint8)).resize((TILE, TILE), Image.Resampling.LANCZOS)
    pixels = np.asarray(small).astype(np.float32)
    colour = pixels[..., :3] * 255 / np.maximum(pixels[..., 3:], 1)
    straight = np.dstack([colour.clip(0, 255), pixels[..., 3:]])
    return Image.fromarray(straight.astype(np.uint8))
