"""SadTalker's networks out of their official files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch, CheckpointRefused
from engine.checkpoints.files import read_pickle
from engine.checkpoints.networks import filled_network
from engine.checkpoints.tensors import State, read_safetensors, state_of
from engine.talking.sadtalker.audio_networks import ExpressionNetwork, PoseNetwork
from engine.talking.sadtalker.generator import Generator, GeneratorSize
from engine.talking.sadtalker.keypoints import DetectorSize, KeypointDetector, MappingNetwork
from engine.talking.sadtalker.reconstruction import WIDTH, Reconstruction
from engine.talking.sadtalker.semantics import FULL_ROW, ROW
from engine.talking.sadtalker.standard_points import standard_points
from engine.weights import (
    SADTALKER,
    SADTALKER_FACE,
    SADTALKER_FULL_MAPPING,
    SADTALKER_MAPPING,
    WeightsMissing,
    WeightStore,
)

Network = TypeVar("Network", bound=nn.Module)
MAPPING = "mapping"  # key in the mapping files


@dataclass(frozen=True)
class Sizes:
    """Widths of the networks; those of v0.0.2."""

    detector: DetectorSize = field(default_factory=DetectorSize)
    generator: GeneratorSize = field(default_factory=GeneratorSize)
    mapping: int = 1024
    reconstruction: int = WIDTH


@dataclass(frozen=True)
class Networks:
    """Everything between a selfie, a voice and frames, ready to work.

    Attributes
    ----------
    standard : (5, 3), points that a face is aligned to
    """

    detector: KeypointDetector
    generator: Generator
    expression: ExpressionNetwork
    pose: PoseNetwork
    reconstruction: Reconstruction
    mapping: MappingNetwork
    full_mapping: MappingNetwork
    standard: NDArray[np.float64]


def _names(side: int) -> tuple[str, ...]:
    return f"{SADTALKER}_{side}.safetensors", SADTALKER_MAPPING, SADTALKER_FULL_MAPPING, SADTALKER_FACE


def has_files(weights: WeightStore, side: int) -> bool:
    """Whether all files for pictures of `side` px are placed."""
    return all((weights.folder / name).is_file() for name in _names(side))


def need_files(weights: WeightStore, side: int) -> dict[str, Path]:
    """Where the files are.

    Raises
    ------
    WeightsMissing
        in one sentence: what to fetch, from where, under which licence
    """
    missing = [name for name in _names(side) if not (weights.folder / name).is_file()]
    if missing:
        raise WeightsMissing(
            f"SadTalker needs {', '.join(missing)} in {weights.folder}: run `mytalkcon weights fetch "
            f"{' '.join(missing)}`, which takes them from github.com/OpenTalker/SadTalker (its code is under "
            "Apache-2.0; no licence is stated for the weights, so they count as non-commercial)"
        )
    return {name: weights.locate(name) for name in _names(side)}


def read_networks(weights: WeightStore, side: int, sizes: Sizes | None = None) -> Networks:
    """Read all networks for pictures of `side` px (256 or 512).

    Raises
    ------
    WeightsMissing, CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    sizes, files = sizes or Sizes(), need_files(weights, side)
    main = files[f"{SADTALKER}_{side}.safetensors"]
    state, _ = read_safetensors(main)

    def part(name: str, make: Callable[[], Network]) -> Network:
        prefix = f"{name}."
        own = {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
        return _filled(make, own, f"{main.name}, {name}")

    def mapping(name: str, coefficients: int) -> MappingNetwork:
        try:
            content = read_pickle(files[name])
        except (CheckpointBroken, CheckpointRefused) as error:
            raise type(error)(f"{name}: {error.detail}") from error
        if not isinstance(content, dict) or MAPPING not in content:
            raise CheckpointMismatch(f"{name} holds no network called {MAPPING}")
        own = state_of(content[MAPPING], name)
        return _filled(
            lambda: MappingNetwork(coefficients, sizes.detector.keypoints, sizes.mapping), own, name
        )

    return Networks(
        part("kp_extractor", lambda: KeypointDetector(sizes.detector)),
        part("generator", lambda: Generator(sizes.generator)),
        part("audio2exp", ExpressionNetwork),
        part("audio2pose", PoseNetwork),
        part("face_3drecon", lambda: Reconstruction(sizes.reconstruction)),
        mapping(SADTALKER_MAPPING, ROW),
        mapping(SADTALKER_FULL_MAPPING, FULL_ROW),
        standard_points(files[SADTALKER_FACE]),
    )


def _filled(make: Callable[[], Network], state: State, what: str) -> Network:
    """Make a network of given tensors; `what` names the file where they do not fit."""
    try:
        return filled_network(make, state)
    except CheckpointMismatch as error:
        raise CheckpointMismatch(f"{what}: {error.detail}") from error
