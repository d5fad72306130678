"""Drawings to learn from: which there are, and in which order they are shown."""

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from engine.arrays import Pixels
from engine.data.files import pictures_in
from engine.stylegan2.training.errors import DrawingsTooSmall, MixedDrawings, NoDrawings

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
BROKEN = (  # what Pillow says of damaged pictures, and of damaged notes in them
    OSError,
    Image.DecompressionBombError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    struct.error,
)
KEPT = 6_000_000_000  # bytes of decoded drawings; further ones are read each time


class Drawings:
    """Squares of one size in a folder and its subfolders, in the order of their names.

    Attributes
    ----------
    resolution : px in which they are given
    digest : says whether two sets are the same
    """

    def __init__(self, paths: Sequence[Path], resolution: int, digest: str) -> None:
        self.paths, self.resolution, self.digest = tuple(paths), resolution, digest
        self._kept: dict[int, Pixels] = {}
        self._most = KEPT // (3 * resolution**2)

    def __len__(self) -> int:
        return len(self.paths)

    def shown(self, begin: int, count: int, seed: int, device: torch.device) -> Tensor:
        """Drawings number `begin` and following of the endless stream, (count, 3, H, W) in [-1, 1].

        Each epoch shows all of them, in an order that follows from (seed, epoch).
        """
        numbers = [self._in_order(place, seed) for place in range(begin, begin + count)]
        pixels = torch.from_numpy(np.stack([self.pixels(number) for number in numbers]))
        return pixels.to(device).permute(0, 3, 1, 2).float() / 127.5 - 1.0

    def pixels(self, number: int) -> Pixels:
        """One drawing, uint8 (resolution, resolution, 3)."""
        found = self._kept.get(number)
        if found is None:
            found = _reduced(_read(self.paths[number]), self.resolution)
            if len(self._kept) < self._most:
                self._kept[number] = found
        return found

    def _in_order(self, place: int, seed: int) -> int:
        epoch, index = divmod(place, len(self.paths))
        if epoch != self._epoch[0] or seed != self._epoch[1]:
            order = torch.randperm(
                len(self.paths), generator=torch.Generator().manual_seed(_mixed(seed, epoch))
            )
            self._epoch = (epoch, seed, order.tolist())
        return self._epoch[2][index]

    _epoch: tuple[int, int, list[int]] = (-1, 0, [])


def _mixed(seed: int, epoch: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed} {epoch}".encode(), digest_size=7).digest(), "big")


def drawings_of(folder: Path, resolution: int | None) -> Drawings:
    """The drawings of a folder, or of a set that `data clean` has made; hidden files are left out.

    All are read here, as far as they are kept: a broken one is told before the first step, not hours later.

    Parameters
    ----------
    folder : of pictures, or one that `mytalkcon data clean` made
    resolution : px of the networks; larger drawings are averaged down. None takes the drawings' own size

    Raises
    ------
    NoDrawings, MixedDrawings, DrawingsTooSmall
    """
    folder = pictures_in(folder)
    paths = sorted(path for path in folder.rglob("*") if _is_drawing(path, folder))
    sizes: dict[tuple[int, int], Path] = {}
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        sizes.setdefault(_size(path), path)
        digest.update(f"{path.relative_to(folder)}\n".encode())
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    if not paths:
        raise NoDrawings(f"no {', '.join(ENDINGS)} in {folder}", folder=str(folder))
    if len(sizes) > 1 or any(width != height for width, height in sizes):
        examples = "; ".join(
            f"{path.name}: {width} x {height}" for (width, height), path in list(sizes.items())[:3]
        )
        raise MixedDrawings(f"{len(sizes)} sizes in {folder}", examples=examples)
    ((side, _),) = sizes
    if resolution is not None and side < resolution:
        raise DrawingsTooSmall(f"{side} px", side=side, resolution=resolution)
    drawings = Drawings(paths, resolution or side, digest.hexdigest())
    for number in range(len(drawings)):
        drawings.pixels(number)
    return drawings


def _is_drawing(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.lower() in ENDINGS and path.is_file()


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as picture:
            return picture.size
    except BROKEN as error:
        raise NoDrawings(f"{path.name}: {error}", folder=str(path)) from error


def _read(path: Path) -> Pixels:
    """Uint8 (H, W, 3), upright; what is transparent becomes white."""
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise ValueError(f"mode {picture.mode}, which becomes white where it is over 255")
            colours = ImageOps.exif_transpose(picture).convert("RGBA")
    except BROKEN as error:
        raise NoDrawings(f"{path.name}: {error}", folder=str(path)) from error
    ground = Image.new("RGBA", colours.size, "white")
    return np.asarray(Image.alpha_composite(ground, colours).convert("RGB"))


def _reduced(pixels: Pixels, side: int) -> Pixels:
    if len(pixels) == side:
        return pixels
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
