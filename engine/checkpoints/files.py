"""The containers of weights: tensor archives of PyTorch old and new, and plain pickles.

Nothing is copied: tensors stay views of the file, which is mapped into memory privately.
"""

import mmap
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.checkpoints.errors import CheckpointBroken, CheckpointRefused
from engine.checkpoints.globals import STORAGES
from engine.checkpoints.machine import Machine
from engine.checkpoints.records import Storage, check_nesting

ZIP_START = b"PK\x03\x04"
_OLD_ARCHIVE = 0x1950A86A20F9469CFC6C  # the first pickle in PyTorch's archives before 1.6
_OLD_VERSION = 1001
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # of a zip member: mark, ..., lengths of name and extra field


def map_file(path: Path) -> memoryview:
    """The bytes of a file; what is written to them stays in memory.

    Raises
    ------
    CheckpointBroken
        when there are none
    """
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except (OSError, ValueError) as error:
        raise CheckpointBroken(f"{path}: {error}") from error


def let_go(view: memoryview | None) -> None:
    """Give the pages of a mapped file back to the system; whoever reads there again gets them again."""
    mapped = None if view is None else view.obj
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name to write a large file under; it gets its own when it is whole, and half of one is removed.

    The name is always the same: what a kill left behind is written over.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        yield partial
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(path)


def read_pickle(path: Path) -> Any:
    """What a `.pt`, `.pth` or `.pkl` file holds.

    Returns
    -------
    plain values and the records of `records.py`; check its form before use

    Raises
    ------
    CheckpointRefused, CheckpointBroken
    """
    view = map_file(path)
    if view[:4] == ZIP_START:
        value = _read_zip(_members(path, view))
    else:
        first = Machine(view, embedded=_reader_of_embedded(len(view)))
        value = first.run()
        if value == _OLD_ARCHIVE:
            value = _read_old_archive(view, first.position)
    check_nesting(value)
    return value


def _storage(pid: Any, known: dict[str, Storage]) -> Storage:
    """Storage that a persistent id names: ("storage", type, key, place, count, ...)."""
    if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or pid[1] not in STORAGES:
        raise CheckpointRefused("a persistent id that names no storage")
    key, count = pid[2], pid[4]
    if not isinstance(key, str) or type(count) is not int or (len(pid) > 5 and pid[5] is not None):
        raise CheckpointRefused("a storage without key or size")
    return known.setdefault(key, Storage(STORAGES[pid[1]], count))


def _reader_of_embedded(size: int) -> Callable[[Any], Storage]:
    """Reads storages that a pickle of `size` bytes embeds; together they cannot be larger than it is."""
    left = size

    def read(content: Any) -> Storage:
        nonlocal left
        if not isinstance(content, bytes):
            raise CheckpointBroken("a storage without bytes")
        left -= len(content)
        if left < 0:
            raise CheckpointRefused("the same storage again and again")
        return _embedded(memoryview(content))

    return read


def _embedded(view: memoryview) -> Storage:
    """A storage that a pickle holds as the bytes of an old archive (`torch.storage._load_from_bytes`)."""
    first = Machine(view)
    if first.run() != _OLD_ARCHIVE:
        raise CheckpointBroken("a storage that is no archive")
    value = _read_old_archive(view, first.position)
    if not isinstance(value, Storage):
        raise CheckpointBroken("an archive where a storage belongs")
    return value


def _read_old_archive(view: memoryview, position: int) -> Any:
    """Version, machine, value, the storages' keys; then count and numbers of each storage."""
    known: dict[str, Storage] = {}
    parts: list[Any] = []
    for _ in range(4):
        machine = Machine(view, position, lambda pid: _storage(pid, known))
        parts.append(machine.run())
        position = machine.position
    version, sizes, value, keys = parts
    if version != _OLD_VERSION or not isinstance(sizes, dict) or not sizes.get("little_endian", True):
        raise CheckpointRefused("an archive of an unknown kind")
    if not isinstance(keys, list) or set(map(str, keys)) != set(known):
        raise CheckpointBroken("the archive's list of storages is not what its tensors need")
    for key in keys:
        storage = known[str(key)]
        if len(view) < position + 8 or struct.unpack_from("<q", view, position)[0] != storage.count:
            raise CheckpointBroken(f"storage {key} is not {storage.count} numbers long")
        storage.attach(view[position + 8 :])
        position += 8 + storage.count * storage.element.size
    return value


def _read_zip(members: dict[str, memoryview]) -> Any:
    """`NAME/data.pkl` is the program, `NAME/data/KEY` are the storages."""
    names = [name for name in members if name.rpartition("/")[2] == "data.pkl" and name.count("/") <= 1]
    if len(names) != 1:
        raise CheckpointRefused("a zip file that holds no tensors")
    folder = names[0].removesuffix("data.pkl")
    if bytes(members.get(f"{folder}byteorder", memoryview(b"little"))) != b"little":
        raise CheckpointRefused("numbers with the high byte first")
    known: dict[str, Storage] = {}

    def storage_of(pid: Any) -> Storage:
        storage = _storage(pid, known)
        if storage.data is None:
            content = members.get(f"{folder}data/{pid[2]}")
            if content is None:
                raise CheckpointBroken(f"storage {pid[2]} is missing")
            storage.attach(content)
        return storage

    return Machine(members[names[0]], persistent=storage_of).run()


def _members(path: Path, view: memoryview) -> dict[str, memoryview]:
    """Each member of a zip file: its bytes where they lie in the file, uncompressed."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise CheckpointBroken(f"the archive cannot be read: {error}") from error
    found = {}
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED:
            raise CheckpointRefused(f"{entry.filename[:80]} is compressed: tensors are not")
        header = view[entry.header_offset : entry.header_offset + _LOCAL_HEADER.size]
        if len(header) < _LOCAL_HEADER.size:
            raise CheckpointBroken("a member outside the archive")
        mark, name, extra = _LOCAL_HEADER.unpack(header)
        begin = entry.header_offset + _LOCAL_HEADER.size + name + extra
        content = view[begin : begin + entry.file_size]
        if mark != ZIP_START or len(content) != entry.file_size:
            raise CheckpointBroken(f"{entry.filename[:80]} is cut short")
        found[entry.filename] = content
    return found
