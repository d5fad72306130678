"""The manifest: a table with a row a file that a person reads and changes in a spreadsheet.

The column `keep` is the person's. Where it differs from `decided`, which is ours, the person has overruled us
and is followed from then on.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from engine.data.errors import ManifestWrong
from engine.media.partial import write_whole

KEEP, DROP = "keep", "drop"
HERE = "./"  # before every name: a spreadsheet would take one that begins with "=" for a formula


@dataclass(frozen=True)
class Row:
    """One file; numbers are texts as they stand in the table, "" where there is none.

    Attributes
    ----------
    file : "./" and the path below the cleaned folder
    keep, decided : "keep" or "drop"; what counts, and what the measures say
    why : reasons to drop, separated by "; "
    same_as : file that it is a copy of
    face : "found" or "centre"
    width, height, side : px of the picture and of the square in it
    softness, colour : see measures.py
    style : deviations from the set's style, see texture.py
    """

    file: str
    keep: str
    decided: str
    why: str = ""
    same_as: str = ""
    face: str = ""
    width: str = ""
    height: str = ""
    side: str = ""
    softness: str = ""
    colour: str = ""
    style: str = ""


COLUMNS = tuple(field.name for field in fields(Row))


def overruled(path: Path) -> dict[str, str]:
    """What the person decided otherwise: "keep" or "drop" by file. Empty where there is no manifest.

    Raises
    ------
    ManifestWrong
    """
    if not path.is_file():
        return {}
    found = {}
    try:
        text = path.read_text("utf-8-sig", "surrogateescape")
        dialect = ";" if text.splitlines()[:1] and text.splitlines()[0].count(";") > 2 else ","
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), delimiter=dialect), 2):
            keep = str(row["keep"]).strip().lower()
            if keep not in {KEEP, DROP}:
                raise ManifestWrong(f"row {number}: keep is {keep!r}", row=number, found=keep)
            if keep != row["decided"]:
                found[str(row["file"])] = keep
    except (KeyError, csv.Error) as error:
        raise ManifestWrong(f"{path}: {error!r}", row=1, found=str(error)) from error
    return found


def write_manifest(path: Path, rows: Sequence[Row]) -> None:
    """Write all rows; another process sees the old table or the new one."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    with_mark = table.getvalue().encode("utf-8-sig", "surrogateescape")  # spreadsheets ask for it
    write_whole(path, with_mark)
