"""The same picture twice: resized, saved again, or mirrored; not cropped, and not made much brighter.

A perceptual hash (the library imagehash: pHash, 256 bits) proposes pairs; thumbnails confirm them, since
drawings of one hand differ in an eyebrow. On 842 drawings, copies saved as JPEG of quality 50 or resized to
150 px had hashes at most 8 bits apart and thumbnails at most 8 levels (8 % brighter: 28 bits, 22 levels);
of 1853 different drawings whose hashes were as near, all were 27 levels apart or more, but for two that were
the same. One person drawn in two styles came as near as 20 levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.arrays import Pixels
from engine.data.errors import DataExtraMissing

HASH_SIDE = 16  # bits a side
NEAR_BITS = 28
THUMBNAIL = 16  # px a side
NEAR_LEVELS = 16  # largest difference of two thumbnails anywhere, after their medians are made equal
ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Fingerprint:
    """What a picture is known by.

    Attributes
    ----------
    bits : hexadecimal, of the picture
    mirrored : of its mirror image
    thumbnail : uint8 (THUMBNAIL, THUMBNAIL, 3)
    """

    bits: str
    mirrored: str
    thumbnail: Pixels


def need_imagehash() -> None:
    """Say so when the library is missing, before an hour of work.

    Raises
    ------
    DataExtraMissing
    """
    if find_spec("imagehash") is None:
        raise DataExtraMissing("imagehash is not installed")


def fingerprint(picture: Pixels) -> Fingerprint:
    """Fingerprint of a picture, uint8 (H, W, 3)."""
    import imagehash

    small = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
    whole = Image.fromarray(small)
    mirror = Image.fromarray(np.ascontiguousarray(small[:, ::-1]))
    thumbnail = cv2.resize(small, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return Fingerprint(
        str(imagehash.phash(whole, hash_size=HASH_SIDE)),
        str(imagehash.phash(mirror, hash_size=HASH_SIDE)),
        np.asarray(thumbnail, np.uint8),
    )


def groups(prints: Sequence[Fingerprint]) -> list[int]:
    """For each picture the smallest index of a picture it is a copy of; its own where it is none.

    Copies of copies belong together.
    """
    own = _packed([one.bits for one in prints])
    mirrored = _packed([one.mirrored for one in prints])
    first = list(range(len(prints)))

    def root(index: int) -> int:
        while first[index] != index:
            first[index] = first[first[index]]
            index = first[index]
        return index

    for begin in range(0, len(prints), ROWS_AT_ONCE):
        rows = own[begin : begin + ROWS_AT_ONCE]
        for others, is_mirror in ((own, False), (mirrored, True)):
            apart = np.bitwise_count(rows[:, None] ^ others[None]).sum(axis=2)
            for row, other in np.argwhere(apart <= NEAR_BITS):
                index = begin + int(row)
                if other < index and _same(prints[index], prints[int(other)], is_mirror):
                    low, high = sorted((root(index), root(int(other))))
                    first[high] = low
    return [root(index) for index in range(len(prints))]


def _packed(bits: Sequence[str]) -> NDArray[np.uint64]:
    """(N, 4)."""
    words = HASH_SIDE * HASH_SIDE // 64
    return np.frombuffer(bytes.fromhex("".join(bits)), ">u8").astype(np.uint64).reshape(-1, words)


def _same(one: Fingerprint, other: Fingerprint, is_mirror: bool) -> bool:
    second = other.thumbnail[:, ::-1] if is_mirror else other.thumbnail
    apart = one.thumbnail.astype(np.float32) - second
    apart -= np.median(apart, axis=(0, 1))
    return float(np.abs(apart).max()) <= NEAR_LEVELS
