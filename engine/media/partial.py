"""Files that appear whole or not at all, and several of them together or not at all."""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.errors import EngineError


class MediaFailed(EngineError):
    """A file could not be made from what the engine was given: our fault."""


class PartialFile:
    """Written under a hidden name of its own in the same folder: two that write the same file do not mix.

    `commit` gives it its name, `discard` removes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")

    def commit(self) -> Path:
        """Give the file its name, replacing what had it before."""
        self.temporary.replace(self.path)
        return self.path

    def discard(self) -> None:
        """Remove what was written, if anything was."""
        self.temporary.unlink(missing_ok=True)


def commit_together(files: Sequence[PartialFile]) -> list[Path]:
    """Give finished files their names; when one of them cannot have it, all names keep what they had."""
    kept: list[tuple[PartialFile, PartialFile | None]] = []
    try:
        for file in files:
            kept.append((file, _second_name(file.path)))
            file.commit()
    except BaseException:
        for file, before in kept:
            _put_back(file, before)
        raise
    for _, before in kept:
        if before is not None:
            before.discard()
    return [file.path for file in files]


def _put_back(file: PartialFile, before: PartialFile | None) -> None:
    if before is not None and file.temporary.exists():
        before.discard()  # the file never had its name
    elif before is not None:
        before.commit()
    elif not file.temporary.exists():
        file.path.unlink()


def _second_name(path: Path) -> PartialFile | None:
    """Keep what has a name under a hidden one too."""
    if not path.is_file():
        return None
    before = PartialFile(path)
    try:
        before.temporary.hardlink_to(path)
    except OSError:  # a file system without links
        shutil.copyfile(path, before.temporary)
    return before


def write_whole(path: Path, data: bytes) -> Path:
    """Write a small file at once."""
    partial = PartialFile(path)
    try:
        partial.temporary.write_bytes(data)
    except BaseException:
        partial.discard()
        raise
    return partial.commit()
