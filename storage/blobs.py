"""Blob store: bytes under `<person id>/<blob id>`, in a folder or wherever fsspec reaches.

A blob is complete or absent: in a folder it is written beside its place and moved there. Which blobs exist
by right is said by the table `blobs` alone; storage/sweep.py removes what has no row.
"""

import asyncio
import errno
import os
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

UNFINISHED = ".part"  # suffix of a file that is being written


@dataclass(frozen=True)
class Stored:
    """A file in the store: its key and when it was written (Unix seconds)."""

    key: str
    written_at: float


class BlobStore:
    """Bytes by key at an fsspec URL. File operations run in threads, never in the event loop."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._making_folders = threading.Lock()

    async def write(self, key: str, content: bytes) -> None:
        """Store `content` under a new key; when this returns it is on the disk, and its name too."""
        await asyncio.to_thread(self._write, key, content)

    async def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Give the content, or the bytes from `start` to before `stop` of it; raises FileNotFoundError."""
        content: bytes = await asyncio.to_thread(self._files.cat_file, self._path(key), start, stop)
        return content

    async def delete(self, keys: Iterable[str]) -> None:
        """Remove blobs; one that is already gone is no error."""
        await asyncio.to_thread(self._delete, list(keys))

    async def delete_person(self, person_id: str) -> None:
        """Remove everything of a person, the folder too."""
        await asyncio.to_thread(self._delete_folder, person_id)

    async def stored(self) -> list[Stored]:
        """List every file, unfinished ones too."""
        return await asyncio.to_thread(self._list)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _write(self, key: str, content: bytes) -> None:
        if not isinstance(self._files, LocalFileSystem):
            self._files.pipe_file(self._path(key), content)
            return
        try:
            self._write_file(Path(self._path(key)), content)
        except FileNotFoundError:  # somebody removed the empty folder at this very moment
            self._write_file(Path(self._path(key)), content)

    def _write_file(self, place: Path, content: bytes) -> None:
        """Write beside the place and move there; a row is committed only when a power cut leaves both."""
        with self._making_folders:  # whoever finds a folder there finds it on the disk
            _make_folder(place.parent)
        unfinished = place.with_name(place.name + UNFINISHED)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
        _sync_folder(place.parent)

    def _delete(self, keys: list[str]) -> None:
        for key in keys:
            with suppress(FileNotFoundError):  # another process may remove it at the same time
                self._files.rm_file(self._path(key))
        if isinstance(self._files, LocalFileSystem):
            for folder in {Path(self._path(key)).parent for key in keys}:
                _remove_if_empty(folder)

    def _delete_folder(self, person_id: str) -> None:
        while self._files.exists(self._path(person_id)):
            with suppress(FileNotFoundError):  # something in it went at the same time: the rest is left
                self._files.rm(self._path(person_id), recursive=True)

    def _list(self) -> list[Stored]:
        if not self._files.exists(self._root):
            return []
        found = self._files.find(self._root, detail=True)
        return [Stored(path[len(self._root) + 1 :], _written_at(about)) for path, about in found.items()]


def _make_folder(folder: Path) -> None:
    """Make a folder that outlasts a power cut, unless it is there."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; Windows knows no such call."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _remove_if_empty(folder: Path) -> None:
    """Remove a person's folder when its last file is gone."""
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


def _written_at(about: dict[str, object]) -> float:
    """Read the time out of what fsspec tells about a file; each kind of store has its own word for it."""
    written = next((about[word] for word in ("mtime", "LastModified", "created") if word in about), None)
    if isinstance(written, datetime):
        return written.timestamp()
    if isinstance(written, int | float):
        return float(written)
    raise TypeError(f"this store does not say when a file was written: {sorted(about)}")
