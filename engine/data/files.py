"""Which files a folder holds, and reading them with care: the folder may come from anywhere."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.arrays import Pixels
from engine.errors import PersonProblem
from engine.intake import Decoder
from engine.intake.decoder import DecoderFailed
from engine.photo import MAX_BYTES, PhotoTooHeavy, PhotoTooSmall

MANIFEST, PICTURES = "manifest.csv", "pictures"  # in the folder of a cleaned set


class Unreadable(Exception):
    """The file gives no picture; the text says why, for the manifest."""


def files_of(folder: Path, other: Path) -> Iterator[Path]:
    """Everything in a folder and its folders, in the order of the names, but for hidden names and `other`.

    Folders that are links are not entered: they are given as they are.
    """
    other = other.resolve()
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield path
        elif path.resolve() != other:
            yield from files_of(path, other)


def pictures_in(folder: Path) -> Path:
    """Where the pictures of a folder are: in a cleaned set beside its manifest and its sheets."""
    return folder / PICTURES if (folder / MANIFEST).is_file() else folder


def stamp(path: Path) -> str:
    """Something that changes when the file does."""
    found = path.lstat()
    return f"{found.st_size} {found.st_mtime_ns}"


def picture_of(path: Path, folder: Path, decoder: Decoder) -> Pixels:
    """Decode a file under the limits of intake, uint8 (H, W, 3).

    Raises
    ------
    Unreadable
        when it leads out of the folder, is no file, too large, or no picture
    """
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise Unreadable("unreadable: leads out of the folder")
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("unreadable: no file")
        if found.st_size > MAX_BYTES:
            raise PhotoTooHeavy(f"{found.st_size} bytes")
        return decoder.photo(path.read_bytes()).pixels
    except PhotoTooSmall as small:
        raise Unreadable(f"too small: {small.detail}") from small
    except (PersonProblem, DecoderFailed) as problem:
        raise Unreadable(f"unreadable: {problem.message_id}") from problem
    except OSError as error:
        raise Unreadable(f"unreadable: {error.strerror}") from error
