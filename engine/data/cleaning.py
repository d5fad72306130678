"""From a folder of drawings to a set to learn from. Nothing of the folder is changed or deleted.

In the folder of the result: `manifest.csv` (manifest.py), `sheet-*.jpg` to look at, `pictures` with what is
kept, all squares of one size; `squares` and `journal.jsonl` are what a second call goes on from.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image

from engine.arrays import Pixels
from engine.data.duplicates import need_imagehash
from engine.data.errors import FolderTaken, NoPictures, SameFolder
from engine.data.files import MANIFEST, PICTURES, Unreadable, files_of, picture_of, stamp
from engine.data.finishing import Finish, Finisher
from engine.data.journal import Entry, appending, read_journal
from engine.data.judging import Limits, judged
from engine.data.manifest import HERE, KEEP, Row, overruled, write_manifest
from engine.data.measures import measured
from engine.data.sheets import Shown, save_pages
from engine.face.finder import FaceFinder
from engine.face.matte import Matting
from engine.intake import Decoder
from engine.media.partial import write_whole
from engine.weights import WeightStore

WORKERS = 2  # threads; the libraries compute outside Python's lock
AHEAD = 4  # files a worker that wait for one
JOURNAL, FINISH, SQUARES = "journal.jsonl", "finish.json", "squares"
FAST_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 3)

Item = TypeVar("Item")
Made = TypeVar("Made")
Report = Callable[[str, int, int], None]
"""Name of a stage, files done, files of all."""


@dataclass(frozen=True)
class Wishes:
    """What a person asks for.

    Attributes
    ----------
    size : px, side of the result
    smallest : px, side of the smallest square that is kept; None is half of `size`
    align : whether the FFHQ square around the face is cut out where a face is found
    background : RGB that is put behind everybody; None leaves what is there
    colour : mean chroma that all get; "set" is the median of what is kept; None leaves them
    """

    size: int = 256
    smallest: int | None = None
    align: bool = True
    background: tuple[int, int, int] | None = None
    colour: float | str | None = None


@dataclass(frozen=True)
class Cleaned:
    """What came out.

    Attributes
    ----------
    kept : pictures
    reasons : how many files were dropped for each reason; a file may have several
    centred : kept pictures without a face that was found
    overruled : files for which the person's word counts against ours
    sheets : files
    """

    kept: int
    reasons: dict[str, int]
    centred: int
    overruled: int
    sheets: tuple[Path, ...]


def clean(
    folder: Path, out: Path, wishes: Wishes, report: Report, weights: WeightStore | None = None
) -> Cleaned:
    """Clean a folder; what an earlier call has done for the same files is taken over.

    Raises
    ------
    DataExtraMissing, FolderTaken, NoPictures, SameFolder, ManifestWrong
    """
    need_imagehash()
    inside, outside = folder.resolve(), out.resolve()
    if inside == outside or inside.is_relative_to(outside):
        raise SameFolder(f"{folder} and {out}")
    if out.is_dir() and any(out.iterdir()) and not (out / JOURNAL).is_file():
        raise FolderTaken(f"{out} holds other files", folder=str(out))
    paths = list(files_of(folder, out))
    if not paths:
        raise NoPictures(f"no files in {folder}", folder=str(folder))
    decided = overruled(out / MANIFEST)
    out.mkdir(parents=True, exist_ok=True)
    models = _Models(weights or WeightStore())
    entries = _measured(folder, out, paths, wishes, models, report)
    limits = Limits(wishes.smallest or wishes.size // 2)
    rows = judged(entries, limits, decided)
    write_manifest(out / MANIFEST, rows)
    kept = [row for row in rows if row.keep == KEEP and row.side]
    grounds = {HERE + entry.name: entry.measures.ground for entry in entries if entry.measures}
    _finish(out, kept, _finish_of(wishes, kept), grounds, models, report)
    shown = [Shown(row, _in(out / SQUARES, row) if row.side else None) for row in rows]
    report("sheets", 0, 1)
    sheets = tuple(save_pages(out, shown))
    report("sheets", 1, 1)
    reasons = Counter(part.split(":")[0] for row in rows if row.keep != KEEP for part in row.why.split("; "))
    centred = sum(row.face == "centre" for row in kept)
    against = sum(row.keep != row.decided for row in rows)
    return Cleaned(len(kept), dict(reasons), centred, against, sheets)


class _Models:
    """Models for several threads: each is lent to one at a time, and loaded when none is free."""

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights
        self._loading = Lock()  # LiteRT greets on the process's standard error, which is led away meanwhile
        self._finders: SimpleQueue[FaceFinder] = SimpleQueue()
        self._finishers: SimpleQueue[Finisher] = SimpleQueue()

    def _new_finder(self) -> FaceFinder:
        task, full_range = "face_landmarker.task", "face_detection_full_range_sparse.tflite"
        return FaceFinder(self._weights.locate(task), self._weights.locate(full_range))

    def _new_finisher(self) -> Finisher:
        matting = Matting(self._weights.locate("selfie_segmentation.tflite"))
        return Finisher(self._new_finder(), matting)

    @contextmanager
    def finder(self) -> Iterator[FaceFinder]:
        with _lent(self._finders, self._new_finder, self._loading) as found:
            yield found

    @contextmanager
    def finisher(self) -> Iterator[Finisher]:
        with _lent(self._finishers, self._new_finisher, self._loading) as found:
            yield found


@contextmanager
def _lent(free: "SimpleQueue[Item]", load: Callable[[], Item], loading: Lock) -> Iterator[Item]:
    try:
        found = free.get_nowait()
    except Empty:
        with loading:
            found = load()
    try:
        yield found
    finally:
        free.put(found)


def _measured(
    folder: Path, out: Path, paths: Sequence[Path], wishes: Wishes, models: _Models, report: Report
) -> list[Entry]:
    """An entry a file, in the order of `paths`; those of the journal are taken over where nothing changed."""
    settings = {"size": wishes.size, "align": wishes.align}
    known = read_journal(out / JOURNAL, settings)
    names = {path: path.relative_to(folder).as_posix() for path in paths}
    missing = [path for path in paths if not _is_known(known.get(names[path]), path, out)]
    report("look", len(paths) - len(missing), len(paths))
    if not missing:
        return [known[names[path]] for path in paths]
    with Decoder(at_once=WORKERS) as decoder, appending(out / JOURNAL, settings, bool(known)) as journal:

        def look(path: Path) -> Entry:
            name, changed = names[path], stamp(path)
            try:
                picture = picture_of(path, folder, decoder)
            except Unreadable as why:
                return Entry(name, changed, str(why))
            with models.finder() if wishes.align else nullcontext() as finder:
                square, measures = measured(picture, wishes.size, finder)
            _save(_square(out, name), square)
            return Entry(name, changed, "", measures)

        for done, entry in enumerate(_side_by_side(look, missing), len(paths) - len(missing) + 1):
            journal.add(entry)
            known[entry.name] = entry
            report("look", done, len(paths))
    return [known[names[path]] for path in paths]


def _is_known(entry: Entry | None, path: Path, out: Path) -> bool:
    return (
        entry is not None
        and entry.stamp == stamp(path)
        and (entry.measures is None or _square(out, entry.name).is_file())
    )


def _side_by_side(work: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Made]:
    """Results as they come."""
    waiting = iter(items)
    with ThreadPoolExecutor(WORKERS) as pool:
        running: set[Future[Made]] = set()
        try:
            while True:
                for item in waiting:
                    running.add(pool.submit(work, item))
                    if len(running) >= AHEAD * WORKERS:
                        break
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _finish_of(wishes: Wishes, kept: Sequence[Row]) -> Finish:
    chroma = wishes.colour
    if chroma == "set":
        chroma = float(round(np.median([float(row.colour) for row in kept]))) if kept else None
    return Finish(wishes.background, None if chroma is None else float(chroma))


def _finish(
    out: Path,
    kept: Sequence[Row],
    finish: Finish,
    grounds: Mapping[str, tuple[int, ...]],
    models: _Models,
    report: Report,
) -> None:
    """Make `pictures` hold what is kept, and nothing else."""
    told = json.dumps(asdict(finish))
    finish_file = out / FINISH
    if not finish_file.is_file() or finish_file.read_text() != told:
        if (out / PICTURES).is_dir():
            shutil.rmtree(out / PICTURES)
        finish_file.write_text(told)
    wanted = {_in(out / PICTURES, row): _in(out / SQUARES, row) for row in kept}
    behind = {_in(out / PICTURES, row): grounds[row.file] for row in kept}
    for path in (out / PICTURES).rglob("*.png"):
        if path not in wanted:
            path.unlink()
    missing = [path for path, square in wanted.items() if not _is_newer(path, square)]

    def make(path: Path) -> None:
        square = wanted[path]
        if finish == Finish():
            _link(square, path)
            return
        with Image.open(square) as picture:
            pixels = np.asarray(picture)
        with models.finisher() as finisher:
            _save(path, finisher.finished(pixels, finish, behind[path]))

    report("finish", len(wanted) - len(missing), len(wanted))
    for done, _ in enumerate(_side_by_side(make, missing), len(wanted) - len(missing) + 1):
        report("finish", done, len(wanted))


def _is_newer(path: Path, source: Path) -> bool:
    return path.is_file() and path.stat().st_mtime_ns >= source.stat().st_mtime_ns


def _square(out: Path, name: str) -> Path:
    return out / SQUARES / f"{name}.png"


def _in(folder: Path, row: Row) -> Path:
    return folder / f"{row.file.removeprefix(HERE)}.png"


def _link(source: Path, path: Path) -> None:
    """A second name for a file, or a copy where the disk knows no second names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)


def _save(path: Path, picture: Pixels) -> None:
    """Write a PNG; it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, coded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), FAST_PNG)
    write_whole(path, coded.tobytes())
