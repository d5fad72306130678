"""Contact sheets and a plot of likeness, to be looked at."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from engine.arrays import Pixels
from engine.evaluate.likeness import MISS, Person, StyleScore, on_white

CELL = 192  # px, side of one picture on a sheet
LABEL = 14  # px above each picture
COLUMNS = 8  # people a row on the sheet of one style
BAR, GAP, PLOT_HEIGHT = 26, 34, 220  # px of the plot
GREEN, BLUE, GREY, INK = (46, 125, 50), (100, 160, 220), (225, 225, 225), (40, 40, 40)


def style_sheet(people: Sequence[Person], style_id: str, cell: int = CELL) -> Pixels:
    """All people of one style: photo and drawing side by side, misses marked."""
    drawn = [person for person in people if style_id in person.portraits]
    pairs = max(1, COLUMNS // 2)
    rows = -(-len(drawn) // pairs)
    sheet = Image.new("RGB", (2 * pairs * cell, max(1, rows) * (cell + LABEL)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, person in enumerate(drawn):
        portrait = person.portraits[style_id]
        left, top = 2 * (number % pairs) * cell, (number // pairs) * (cell + LABEL)
        rank = "no face" if portrait.rank == MISS else f"rank {portrait.rank}"
        label = f"{number} {person.name}  {rank}  {portrait.own:.2f}"
        pen.text((left + 2, top + 1), label, fill="black" if portrait.rank == 1 else "red")
        sheet.paste(Image.fromarray(_fitted(person.photo, cell)), (left, top + LABEL))
        drawing = cv2.resize(on_white(portrait.character.drawing), (cell, cell), interpolation=cv2.INTER_AREA)
        sheet.paste(Image.fromarray(drawing.astype(np.uint8)), (left + cell, top + LABEL))
    return np.asarray(sheet)


def _fitted(photo: Pixels, cell: int) -> Pixels:
    """Photo within a grey square."""
    height, width = photo.shape[:2]
    scale = cell / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.full((cell, cell, 3), 225, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    return square


def likeness_plot(scores: Sequence[StyleScore]) -> Pixels:
    """Bars: rank 1 and rank 5 of each style; below them own and other distance."""
    step = 2 * BAR + GAP
    width, left, base = 70 + step * len(scores), 50, 20 + PLOT_HEIGHT
    plot = Image.new("RGB", (max(width, 460), base + 70), "white")
    pen = ImageDraw.Draw(plot)
    for tick in (0, 0.25, 0.5, 0.75, 0.95, 1.0):
        y = base - tick * PLOT_HEIGHT
        pen.line((left - 6, y, plot.width - 10, y), fill=(200, 60, 60) if tick == 0.95 else GREY)
        pen.text((8, y - 6), f"{tick:.2f}", fill=INK)
    for number, one in enumerate(scores):
        x = left + GAP // 2 + number * step
        for offset, value, colour in ((0, one.rank_1, GREEN), (BAR, one.rank_5, BLUE)):
            top = base - value * PLOT_HEIGHT
            pen.rectangle((x + offset, top, x + offset + BAR - 3, base), fill=colour)
            pen.text((x + offset, top - 12), f"{value:.2f}".lstrip("0"), fill=INK)
        pen.text((x - 8, base + 6), one.style, fill=INK)
        pen.text((x - 8, base + 20), f"{one.own:.2f} / {one.others:.2f}", fill=INK)
    pen.text(
        (8, base + 40), "green: rank 1, blue: rank 5; below: distance of the own and the other photos", INK
    )
    return np.asarray(plot)
