"""What was measured, a line a file, written as it comes: who is killed goes on where he was.

JSON lines. The first says with which settings the rest was measured; a last line that was cut short is left
out.
"""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from engine.data.duplicates import THUMBNAIL, Fingerprint
from engine.data.measures import Measures

VERSION = 1  # of the measures; another one measures everything anew


@dataclass(frozen=True)
class Entry:
    """One file.

    Attributes
    ----------
    name : path below the folder, with slashes
    stamp : size and time of change, to see whether the file is still the same
    unreadable : why it cannot be used; "" where it can
    measures : None where it cannot
    """

    name: str
    stamp: str
    unreadable: str = ""
    measures: Measures | None = None


def read_journal(path: Path, settings: dict[str, Any]) -> dict[str, Entry]:
    """Entries by name; none where there is no journal, or one with other settings."""
    if not path.is_file():
        return {}
    lines = path.read_bytes().split(b"\n")[:-1]  # what follows the last line's end was cut short
    if not lines or json.loads(lines[0]) != _head(settings):
        return {}
    entries = (_entry(json.loads(line)) for line in lines[1:])
    return {entry.name: entry for entry in entries}


@contextmanager
def appending(path: Path, settings: dict[str, Any], known: bool) -> Iterator["Journal"]:
    """The journal to write further entries to; `known` says whether its content is of use."""
    if known:
        whole = path.read_bytes()
        os.truncate(path, whole.rfind(b"\n") + 1)
    with path.open("a" if known else "w", encoding="utf-8") as file:
        journal = Journal(file)
        if not known:
            journal.write(_head(settings))
        yield journal


class Journal:
    """An open journal."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, entry: Entry) -> None:
        """Write an entry; it is on its way to the disk when this returns."""
        self.write(_line(entry))

    def write(self, value: dict[str, Any]) -> None:
        """Write one line."""
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()


def _head(settings: dict[str, Any]) -> dict[str, Any]:
    return {"version": VERSION, **settings}


def _line(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"name": entry.name, "stamp": entry.stamp, "unreadable": entry.unreadable}
    if entry.measures is not None:
        measures = {one.name: getattr(entry.measures, one.name) for one in fields(Measures)}
        measures["texture"] = [round(float(value), 5) for value in entry.measures.texture]
        prints = asdict(entry.measures.fingerprint)
        prints["thumbnail"] = base64.b64encode(entry.measures.fingerprint.thumbnail.tobytes()).decode()
        line["measures"] = measures | {"fingerprint": prints}
    return line


def _entry(line: dict[str, Any]) -> Entry:
    if "measures" not in line:
        return Entry(line["name"], line["stamp"], line["unreadable"])
    values = line["measures"]
    prints = values["fingerprint"]
    thumbnail = np.frombuffer(base64.b64decode(prints["thumbnail"]), np.uint8)
    values["fingerprint"] = Fingerprint(
        prints["bits"], prints["mirrored"], thumbnail.reshape(THUMBNAIL, THUMBNAIL, 3)
    )
    values["texture"] = np.array(values["texture"], np.float32)
    return Entry(line["name"], line["stamp"], "", Measures(**values))
