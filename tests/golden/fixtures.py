"""Fixtures in a folder, and how far outputs are from theirs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.filling import Array, filled

Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Fixture:
    """One fixture of a folder."""

    folder: Path
    name: str

    @cached_property
    def meta(self) -> dict[str, Any]:
        """What its JSON says."""
        return dict(json.loads((self.folder / f"{self.name}.json").read_text("utf-8")))

    @cached_property
    def _arrays(self) -> dict[str, Array]:
        path = self.folder / f"{self.name}.golden.npz"
        if not path.is_file():  # some fixtures are only a table
            return {}
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}

    @cached_property
    def inputs(self) -> dict[str, Array]:
        """Arrays that the network gets."""
        return {name[3:]: array for name, array in self._arrays.items() if name.startswith("in/")}

    @cached_property
    def golden(self) -> dict[str, Array]:
        """Arrays that it must give, as far as they are stored."""
        return {name[4:]: array for name, array in self._arrays.items() if name.startswith("out/")}

    @property
    def salt(self) -> str:
        """Start of the seed of every weight."""
        return str(self.meta["salt"])

    def state(self, net: str) -> dict[str, Array]:
        """The tensors of one of its networks, as the official checkpoint would hold them."""
        spec = self.meta["nets"][net]
        keys = json.loads((self.folder / f"{spec['keys']}.keys.json").read_text("utf-8"))
        constants: dict[str, Array] = {}
        if keys.get("constants"):
            with np.load(self.folder / f"{spec['keys']}.const.npz") as arrays:
                constants = {name: arrays[place] for name, place in keys["constants"].items()}
        return filled(keys["keys"], self.salt, spec["gain"], spec.get("adjust", ()), constants)

    def arguments(self, net: str) -> dict[str, Any]:
        """What the official network was made with."""
        return dict(self.meta["nets"][net]["args"])


@dataclass(frozen=True)
class Deviation:
    """How far one output is from the golden one, relative to that one's norm."""

    output: str
    error: float
    limit: float

    @property
    def share(self) -> float:
        """Error as a share of what is allowed; not finite values are beyond any limit."""
        return self.error / self.limit if np.isfinite(self.error) else np.inf


def relative_error(ours: Any, golden: Any) -> float:
    """Norm of the difference over norm of the golden values."""
    a, b = np.asarray(ours, np.float64), np.asarray(golden, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"an output of shape {a.shape}, the golden one has {b.shape}")
    return float(np.linalg.norm(a - b) / max(float(np.linalg.norm(b)), 1e-30))


def compare(fixture: Fixture, outputs: Outputs, *, all_of_them: bool = True) -> list[Deviation]:
    """Deviation of every golden output, or of those that are in `outputs`.

    Raises
    ------
    KeyError
        when one is missing
    """
    found = []
    for name, golden in fixture.golden.items():
        if not all_of_them and name not in outputs:
            continue
        stated = fixture.meta["outputs"][name]
        ours = np.asarray(outputs[name])
        if stored := stated.get("stored"):  # [start, step] of every axis
            ours = ours[tuple(slice(start, None, step) for start, step in stored)]
        found.append(Deviation(name, relative_error(ours, golden), float(stated["tolerance"])))
    return found


def fixtures_in(folder: Path) -> list[Fixture]:
    """All fixtures of a folder, by name."""
    names = (path.name.removesuffix(".json") for path in folder.glob("*.json"))
    return [
        Fixture(folder, name) for name in sorted(names) if not name.endswith(".keys") and name != "timings"
    ]
