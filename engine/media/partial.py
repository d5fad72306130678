"""A file that appears whole or not at all."""

import secrets
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


def write_whole(path: Path, data: bytes) -> Path:
    """Write a small file at once."""
    partial = PartialFile(path)
    try:
        partial.temporary.write_bytes(data)
    except BaseException:
        partial.discard()
        raise
    return partial.commit()
