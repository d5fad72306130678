"""The sheet of one's own face in every style."""

import io

import numpy as np
from PIL import Image

from engine.media.preview import CARDS, GAP, TILE, preview_jpeg

EDGE = 250  # px of the drawing; an edge between two pixels of the sheet


def test_the_edge_of_a_drawing_has_no_bright_rim():
    """It looks as if the drawing had lain on its card before both were made smaller."""
    drawing = np.full((512, 512, 4), 255, np.uint8)
    drawing[:, :EDGE] = (120, 60, 30, 255)
    drawing[:, EDGE:, 3] = 0
    card = np.full((512, 512, 3), CARDS[0], np.uint8)
    card[:, :EDGE] = (120, 60, 30)
    wanted = np.asarray(Image.fromarray(card).resize((TILE, TILE), Image.Resampling.LANCZOS), int)
    with Image.open(io.BytesIO(preview_jpeg([drawing]))) as sheet:
        shown = np.asarray(sheet.convert("RGB"), int)[GAP : GAP + TILE, GAP : GAP + TILE]
    at = round(EDGE * TILE / 512)
    around = (slice(TILE // 3, 2 * TILE // 3), slice(at - 3, at + 3))
    assert (np.abs((shown - wanted)[around].mean(axis=(0, 1))) < 4).all(), "11 with colours weighted twice"
