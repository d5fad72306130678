"""Contact sheets of a cleaned set: what was dropped, with the reasons, and what was kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from engine.data.manifest import KEEP, Row

CELL, LABEL, GAP = 120, 26, 6  # px
COLUMNS, ROWS = 12, 8
GROUND, INK, DROPPED, OVERRULED = "white", (60, 60, 60), (190, 30, 30), (20, 90, 190)


@dataclass(frozen=True)
class Shown:
    """A picture on a sheet; `picture` is the square's file, None where there is none."""

    row: Row
    picture: Path | None


def pages(shown: Sequence[Shown]) -> Iterator[Image.Image]:
    """Dropped ones first, by their reasons, then kept ones; blue is what the person overruled."""
    order = sorted(shown, key=lambda one: (one.row.keep == KEEP, one.row.why.split(":")[0], one.row.file))
    for begin in range(0, len(order), COLUMNS * ROWS):
        yield _page(order[begin : begin + COLUMNS * ROWS])


def _page(shown: Sequence[Shown]) -> Image.Image:
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    page = Image.new("RGB", (columns * (CELL + GAP) + GAP, rows * (CELL + LABEL + GAP) + GAP), GROUND)
    pen = ImageDraw.Draw(page)
    for place, one in enumerate(shown):
        left, top = GAP + place % columns * (CELL + GAP), GAP + place // columns * (CELL + LABEL + GAP)
        if one.picture is not None:
            page.paste(_small(one.picture), (left, top))
        row = one.row
        pencil = OVERRULED if row.keep != row.decided else INK if row.keep == KEEP else DROPPED
        pen.rectangle((left - 2, top - 2, left + CELL + 1, top + CELL + 1), outline=pencil, width=2)
        for line, text in enumerate(
            (Path(row.file).name, row.why if row.keep != KEEP or row.why else row.face)
        ):
            pen.text((left, top + CELL + 2 + 12 * line), _fitting(text), fill=pencil)
    return page


def _small(path: Path) -> Image.Image:
    with Image.open(path) as square:
        return square.convert("RGB").resize((CELL, CELL), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _fitting(text: str) -> str:
    """As much of a text as a cell has room for, in letters that the font has."""
    plain = text.encode("ascii", "replace").decode()
    return plain if len(plain) <= 20 else f"{plain[:8]}..{plain[-10:]}"


def save_pages(folder: Path, shown: Sequence[Shown]) -> list[Path]:
    """Write sheet-001.jpg and following, instead of those that are there."""
    for old in folder.glob("sheet-*.jpg"):
        old.unlink()
    written = []
    for number, page in enumerate(pages(shown), 1):
        written.append(folder / f"sheet-{number:03}.jpg")
        page.save(written[-1], "JPEG", quality=88)
    return written
