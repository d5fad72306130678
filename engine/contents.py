"""Whether a file holds what somebody says it holds: gigabytes are hashed once, and again when they change."""

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

Stamp = list[int | str]


def sha256_of(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_content(path: Path, sha256: str, notes: Path) -> bool:
    """Whether a file has a hash.

    Parameters
    ----------
    notes : JSON file, {path: stamp} of files whose content was right
    """
    path = path.resolve()
    stamp = _stamp(path, sha256)
    noted = _noted(notes)
    if noted.get(str(path)) == stamp:
        return True
    if sha256_of(path) != sha256 or _stamp(path, sha256) != stamp:  # or somebody writes to it just now
        return False
    still_there = {known: about for known, about in noted.items() if Path(known).is_file()}
    partial = notes.with_name(f"{notes.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(still_there | {str(path): stamp}))
        partial.replace(notes)
    except OSError as error:  # a folder that cannot be written to: read again next time
        log.debug("not noted: %s", error)
    return True


def _stamp(path: Path, sha256: str) -> Stamp:
    """What changes when a file is written to or replaced; nobody can set the time of its last change back."""
    about = path.stat()
    return [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino, sha256]


def _noted(notes: Path) -> dict[str, Any]:
    try:
        noted = json.loads(notes.read_text())
    except (OSError, ValueError):  # not there yet, or spoilt: everything is hashed again
        return {}
    return noted if isinstance(noted, dict) else {}
