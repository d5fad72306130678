"""Style packs: a folder that says how two generators are blended into a way to draw.

A pack is `style.toml`, a preview, and either its weights or their names; weights may also lie in the folder
of weights. Reading a pack runs nothing and opens no weights.

    id = "toon-head"
    kind = "toonify"
    swap = 32                   # px; with level and width as in `mytalkcon blend`
    direction = "toonify"       # shapes of the drawings; "reverse": the person's shapes
    truncation = 0.7            # 1 is the person as found, 0 the mean face
    refine = 0                  # steps of search for the person's styles; 300 where there is no encoder
    preview = "preview.png"
    [names]
    en = "Toon head"
    ko = "툰 헤드"
    [base]                      # the faces
    file = "ffhq-256.pt"
    sha256 = "..."
    licence = "NVIDIA Source Code License"
    [tuned]                     # the drawings; keys as above
    [encoder]                   # e4e or pSp of the faces; without it people are searched, which takes longer
"""

import hashlib
import json
import logging
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import EngineError
from engine.weight_files import FREE_LICENCES
from engine.weights import default_folder as weights_folder

log = logging.getLogger(__name__)

STYLE_FILE = "style.toml"
CHECKED_FILE = ".checked.json"  # {path: [bytes, ns, sha256]} of files whose content was right
LANGUAGES = ("en", "ko")
LONGEST_NAME = 40  # characters: it must fit a button
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REQUIRED = {"id", "kind", "swap", "names", "base", "tuned"}
_OPTIONAL = {"level", "width", "direction", "truncation", "refine", "preview", "encoder"}
SEARCHED = 300  # steps where no encoder tells where to begin
MOST_STEPS = 5000


class PackWrong(EngineError):
    """The folder is no style pack; `detail` says what is wrong in it."""

    message_id = "style-pack-wrong"


@dataclass(frozen=True)
class PackWeights:
    """A checkpoint of a pack; an empty licence is unknown and counts as non-commercial."""

    file: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class Pack:
    """A style pack, its description checked.

    Attributes
    ----------
    folder : where it lies
    swap, level, width : see `engine.stylegan2.blend.Swap`
    direction : "toonify" has the drawings' shapes, "reverse" the person's
    refine : steps of search for a person's styles
    encoder : finds the styles of a face; None: they are searched from the mean face
    preview : file in the folder; "" is none
    """

    folder: Path
    id: str
    names: Mapping[str, str]
    swap: int
    level: int
    width: float | None
    direction: Literal["toonify", "reverse"]
    truncation: float
    refine: int
    preview: str
    base: PackWeights
    tuned: PackWeights
    encoder: PackWeights | None = None

    @property
    def weights(self) -> tuple[PackWeights, ...]:
        """All its checkpoints."""
        return (self.base, self.tuned) if self.encoder is None else (self.base, self.tuned, self.encoder)

    def weight_path(self, weights: PackWeights) -> Path | None:
        """Where a checkpoint is: in the pack, else in the folder of weights; None is nowhere."""
        places = (self.folder / weights.file, weights_folder() / weights.file)
        return next((place for place in places if place.is_file()), None)

    @property
    def is_there(self) -> bool:
        """Whether all files are somewhere; what is in them is looked at when they are read."""
        return all(self.weight_path(weights) is not None for weights in self.weights)

    def missing(self) -> tuple[str, ...]:
        """Files without which nothing can be drawn; a file with another content counts as missing."""
        found = []
        for weights in self.weights:
            path = self.weight_path(weights)
            if path is None:
                found.append(f"{weights.file} is missing: put it into {weights_folder()}")
            elif not _has_content(path, weights.sha256):
                found.append(f"{weights.file} is another file than the pack names: {path}")
        return tuple(found)

    def restrictions(self) -> tuple[str, ...]:
        """Licences that do not allow every use."""
        licences = {weights.licence or "unknown" for weights in self.weights}
        return tuple(sorted(licences - FREE_LICENCES))


def packs_folder() -> Path:
    """Where packs are kept: MYTALKCON_STYLES_DIR, else `mytalkcon/styles` in the user's data folder."""
    if chosen := os.environ.get("MYTALKCON_STYLES_DIR"):
        return Path(chosen)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "mytalkcon" / "styles"


def packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """All packs that were added, by id."""
    found = sorted((folder or packs_folder()).glob(f"*/{STYLE_FILE}"))
    return tuple(read_pack(path.parent) for path in found if not path.parent.name.startswith("."))


def pack_of(pack_id: str, folder: Path | None = None) -> Pack:
    """Find a pack that was added.

    Raises
    ------
    PackWrong
        when there is none of that id
    """
    known = packs(folder)
    for pack in known:
        if pack.id == pack_id:
            return pack
    there = ", ".join(pack.id for pack in known) or "none"
    raise PackWrong(
        f"no style pack is called {pack_id!r}; there are: {there}. `mytalkcon styles add` adds one"
    )


def usable_packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """Packs whose files are there, by id; one that was spoilt since it was added is left out and logged."""
    found = []
    for path in sorted((folder or packs_folder()).glob(f"[!.]*/{STYLE_FILE}")):
        try:
            pack = read_pack(path.parent)
        except PackWrong as error:
            log.warning("left out: %s", error.detail)
            continue
        if pack.is_there:
            found.append(pack)
    return tuple(found)


def add_pack(source: Path, folder: Path | None = None) -> Pack:
    """Check a pack and copy it to the others; an older one of the same id is replaced.

    Raises
    ------
    PackWrong
    """
    pack = read_pack(source)
    target = (folder or packs_folder()) / pack.id
    if source.resolve() == target.resolve():
        return pack
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{pack.id}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in (STYLE_FILE, pack.preview, *(weights.file for weights in pack.weights)):
        if name and (source / name).is_file():
            shutil.copyfile(source / name, partial / name)
    if target.exists():
        shutil.rmtree(target)
    partial.replace(target)
    return read_pack(target)


def remove_pack(pack_id: str, folder: Path | None = None) -> None:
    """Delete a pack that was added.

    Raises
    ------
    PackWrong
        when there is none of that id
    """
    shutil.rmtree(pack_of(pack_id, folder).folder)


def read_pack(folder: Path) -> Pack:
    """Read a pack's description.

    Raises
    ------
    PackWrong
        with what is wrong
    """
    path = folder / STYLE_FILE
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackWrong(f"{path}: {error}") from error
    if lacking := sorted(_REQUIRED - set(told)):
        raise PackWrong(f"{path}: {', '.join(lacking)} must be there")
    if unknown := sorted(set(told) - _REQUIRED - _OPTIONAL):
        raise PackWrong(f"{path}: {', '.join(unknown)} mean nothing here")
    names = told["names"] if isinstance(told["names"], dict) else {}
    width, preview = told.get("width"), told.get("preview", "")
    for well, said in (
        (told["kind"] == "toonify", "kind must be toonify"),
        (_matches(_ID, told["id"]), "id: small letters, digits and hyphens, at most 32"),
        (set(names) == set(LANGUAGES), f"names in {' and '.join(LANGUAGES)}"),
        (all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in names.values()),
         f"names of at most {LONGEST_NAME} characters"),
        (type(told["swap"]) is int and told["swap"] >= 4 and told["swap"].bit_count() == 1,
         "swap must be a power of two from 4"),
        (told.get("level", 0) in (0, 1), "level must be 0 or 1"),
        (width is None or (isinstance(width, int | float) and width > 0), "width must be over 0"),
        (told.get("direction", "toonify") in ("toonify", "reverse"), "direction must be toonify or reverse"),
        (isinstance(told.get("truncation", 0.7), int | float), "truncation must be a number"),
        (type(told.get("refine", 0)) is int and 0 <= told.get("refine", 0) <= MOST_STEPS,
         f"refine must be 0 to {MOST_STEPS}"),
        (preview == "" or _matches(_FILE, preview), "preview must be a file's name"),
    ):  # fmt: skip
        if not well:
            raise PackWrong(f"{path}: {said}")
    return Pack(
        folder,
        told["id"],
        names,
        told["swap"],
        told.get("level", 0),
        None if width is None else float(width),
        told.get("direction", "toonify"),
        float(told.get("truncation", 0.7)),
        told.get("refine", 0 if "encoder" in told else SEARCHED),
        preview,
        _weights(path, told["base"]),
        _weights(path, told["tuned"]),
        _weights(path, told["encoder"]) if "encoder" in told else None,
    )


def _weights(path: Path, told: Any) -> PackWeights:
    if not isinstance(told, dict) or not set(told) <= {"file", "sha256", "licence"}:
        raise PackWrong(f"{path}: weights have file, sha256 and licence")
    if not _matches(_FILE, told.get("file")) or not _matches(_SHA256, told.get("sha256")):
        raise PackWrong(f"{path}: weights need a file's name and its sha256")
    return PackWeights(told["file"], told["sha256"], str(told.get("licence", "")))


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def sha256_of(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_content(path: Path, sha256: str) -> bool:
    """Whether a file has a hash; noted with its size and time, so that gigabytes are read only once."""
    about = path.stat()
    stamp = [about.st_size, about.st_mtime_ns, sha256]
    place = packs_folder() / CHECKED_FILE
    noted: dict[str, Any] = json.loads(place.read_text()) if place.is_file() else {}
    if noted.get(str(path)) == stamp:
        return True
    if sha256_of(path) != sha256:
        return False
    partial = place.with_name(f"{CHECKED_FILE}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(noted | {str(path): stamp}))
        partial.replace(place)
    except OSError as error:  # a folder that cannot be written to: read again next time
        log.debug("not noted: %s", error)
    return True
