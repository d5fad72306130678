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

import logging
import math
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from engine.contents import has_content
from engine.errors import EngineError
from engine.weight_files import FREE_LICENCES
from engine.weights import default_folder as weights_folder

log = logging.getLogger(__name__)

STYLE_FILE = "style.toml"
CHECKED_FILE = ".checked.json"  # notes of `has_content`
LANGUAGES = ("en", "ko")
LONGEST_NAME = 40  # characters: it must fit a button
LARGEST_DESCRIPTION = 64 * 1024  # bytes; usual ones have under 1 KB
LARGEST_PREVIEW = 10_000_000  # bytes
LARGEST_SWAP = 1024  # px
LARGEST_TRUNCATION = 2.0
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
            try:
                self.checked_path(weights)
            except PackWrong as error:
                found.append(error.detail)
        return tuple(found)

    def checked_path(self, weights: PackWeights) -> Path:
        """Where a checkpoint is that has the content which the pack names; nothing else is ever read.

        Raises
        ------
        PackWrong
        """
        path = self.weight_path(weights)
        if path is None:
            raise PackWrong(f"{weights.file} is missing: put it into {weights_folder()}")
        try:
            right = has_content(path, weights.sha256, packs_folder() / CHECKED_FILE)
        except OSError as error:
            raise PackWrong(f"{weights.file} cannot be read: {error}") from error
        if not right:
            raise PackWrong(f"{weights.file} is another file than the pack names: {path}")
        return path

    def preview_bytes(self) -> bytes:
        """Its picture's file; b"" where it has none.

        Raises
        ------
        OSError
        PackWrong
            when it is larger than pictures of packs are
        """
        if not self.preview:
            return b""
        with (self.folder / self.preview).open("rb") as file:
            content = file.read(LARGEST_PREVIEW + 1)
        if len(content) > LARGEST_PREVIEW:
            raise PackWrong(f"{self.preview} is larger than {LARGEST_PREVIEW} bytes")
        return content

    def restrictions(self) -> tuple[str, ...]:
        """Licences that do not allow every use."""
        licences = {weights.licence or "unknown" for weights in self.weights}
        return tuple(sorted(licences - FREE_LICENCES))


def packs_folder() -> Path:
    """Where packs are kept: MYTALKCON_STYLES_DIR, else `mytalkcon/styles` in the user's data folder."""
    if chosen := os.environ.get("MYTALKCON_STYLES_DIR"):
        return Path(chosen).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "mytalkcon" / "styles"


def packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """All packs that were added, by id; one that was spoilt since is left out and logged."""
    found = []
    for place in _places(folder):
        try:
            found.append(read_pack(place))
        except PackWrong as error:
            log.warning("left out: %s", error.detail)
    return tuple(found)


def spoilt_packs(folder: Path | None = None) -> dict[str, str]:
    """What is wrong with packs that cannot be read any more, by the names of their folders."""
    wrong = {}
    for place in _places(folder):
        try:
            read_pack(place)
        except PackWrong as error:
            wrong[place.name] = error.detail
    return wrong


def pack_of(pack_id: str, folder: Path | None = None) -> Pack:
    """Find a pack that was added.

    Raises
    ------
    PackWrong
        when there is none of that id, or it was spoilt
    """
    known = packs(folder)
    for pack in known:
        if pack.id == pack_id:
            return pack
    if wrong := spoilt_packs(folder).get(pack_id):
        raise PackWrong(wrong)
    there = ", ".join(pack.id for pack in known) or "none"
    raise PackWrong(
        f"no style pack is called {pack_id!r}; there are: {there}. `mytalkcon styles add` adds one"
    )


def usable_packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """Packs whose files are there, by id."""
    return tuple(pack for pack in packs(folder) if pack.is_there)


def _places(folder: Path | None) -> list[Path]:
    return sorted(path.parent for path in (folder or packs_folder()).glob(f"[!.]*/{STYLE_FILE}"))


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
    brought = _brought(pack)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{pack.id}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in brought:
        shutil.copyfile(source / name, partial / name)
    if target.exists():
        shutil.rmtree(target)
    partial.replace(target)
    return read_pack(target)


def _brought(pack: Pack) -> list[str]:
    """Files of a pack's folder that belong to it."""
    names = (STYLE_FILE, pack.preview, *(weights.file for weights in pack.weights))
    brought = [name for name in names if name and (pack.folder / name).is_file()]
    for name in brought:  # a pack may come from anywhere: a link in it must not carry other files along
        if not (pack.folder / name).resolve().is_relative_to(pack.folder.resolve()):
            raise PackWrong(f"{pack.folder / name} is a link to what lies outside the pack")
    if pack.preview in brought:
        pack.preview_bytes()
    return brought


def remove_pack(pack_id: str, folder: Path | None = None) -> None:
    """Delete a pack that was added, spoilt or not.

    Raises
    ------
    PackWrong
        when there is none of that id
    """
    spoilt = {place.name: place for place in _places(folder) if place.name in spoilt_packs(folder)}
    place = spoilt.get(pack_id) or pack_of(pack_id, folder).folder
    if place.is_symlink():
        place.unlink()
    else:
        shutil.rmtree(place)


def read_pack(folder: Path) -> Pack:
    """Read a pack's description.

    Raises
    ------
    PackWrong
        with what is wrong
    """
    path = folder / STYLE_FILE
    told = _description(path)
    if lacking := sorted(_REQUIRED - set(told)):
        raise PackWrong(f"{path}: {', '.join(lacking)} must be there")
    if unknown := sorted(set(told) - _REQUIRED - _OPTIONAL):
        raise PackWrong(f"{path}: {', '.join(unknown)} mean nothing here")
    names = told["names"] if isinstance(told["names"], dict) else {}
    width, preview, truncation = told.get("width"), told.get("preview", ""), told.get("truncation", 0.7)
    for well, said in (
        (told["kind"] == "toonify", "kind must be toonify"),
        (_matches(_ID, told["id"]), "id: small letters, digits and hyphens, at most 32"),
        (set(names) == set(LANGUAGES), f"names in {' and '.join(LANGUAGES)}"),
        (all(_is_name(name) for name in names.values()), f"names of at most {LONGEST_NAME} characters"),
        (type(told["swap"]) is int and 4 <= told["swap"] <= LARGEST_SWAP and told["swap"].bit_count() == 1,
         f"swap must be a power of two from 4 to {LARGEST_SWAP}"),
        (told.get("level", 0) in (0, 1), "level must be 0 or 1"),
        (width is None or (_is_number(width) and width > 0), "width must be over 0"),
        (told.get("direction", "toonify") in ("toonify", "reverse"), "direction must be toonify or reverse"),
        (_is_number(truncation) and 0 <= truncation <= LARGEST_TRUNCATION,
         f"truncation must be 0 to {LARGEST_TRUNCATION:.0f}"),
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
        float(truncation),
        told.get("refine", 0 if "encoder" in told else SEARCHED),
        preview,
        _weights(path, told["base"]),
        _weights(path, told["tuned"]),
        _weights(path, told["encoder"]) if "encoder" in told else None,
    )


def _description(path: Path) -> dict[str, Any]:
    """What a `style.toml` says; it may come from anywhere."""
    try:
        if not path.is_file():
            raise PackWrong(f"{path} is missing")
        with path.open("rb") as file:
            content = file.read(LARGEST_DESCRIPTION + 1)
        if len(content) > LARGEST_DESCRIPTION:
            raise PackWrong(f"{path} is larger than {LARGEST_DESCRIPTION} bytes")
        return tomllib.loads(content.decode())
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, no TOML, endless numbers
        raise PackWrong(f"{path}: {error}") from error


def _is_name(value: object) -> bool:
    """Whether it can stand on a button."""
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_NAME and value.isprintable()


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(cast(float, value))


def _weights(path: Path, told: Any) -> PackWeights:
    if not isinstance(told, dict) or not set(told) <= {"file", "sha256", "licence"}:
        raise PackWrong(f"{path}: weights have file, sha256 and licence")
    if not _matches(_FILE, told.get("file")) or not _matches(_SHA256, told.get("sha256")):
        raise PackWrong(f"{path}: weights need a file's name and its sha256")
    return PackWeights(told["file"], told["sha256"], str(told.get("licence", "")))


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
