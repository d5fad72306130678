"""From tensors to a network that is ready to work."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch, CheckpointRefused
from engine.checkpoints.files import read_pickle
from engine.checkpoints.tensors import State, read_safetensors, state_of
from engine.weights import WeightsWrong

Made = TypeVar("Made", bound=nn.Module)
_PARALLEL = "module."  # DataParallel writes it before every name


def filled_network(make: Callable[[], Made], state: State) -> Made:
    """Build a network and give it its tensors, for inference in float32.

    Raises
    ------
    CheckpointMismatch
        when names or shapes are not the network's
    """
    with torch.device("meta"):
        made = make()
    own = {
        name: (tensor.float() if tensor.is_floating_point() else tensor).detach().clone()
        for name, tensor in state.items()
    }
    try:
        made.load_state_dict(own, assign=True)
    except RuntimeError as error:
        raise CheckpointMismatch(str(error)[:500]) from error
    return made.eval().requires_grad_(requires_grad=False)


def read_network(
    path: Path, make: Callable[[], Made], key: str = "", part: Callable[[State], State] = lambda state: state
) -> Made:
    """Build a network from its published file.

    Parameters
    ----------
    path : `.pt`, `.pth`, `.tar`, or `.safetensors` with the tensors alone
    key : entry of the file's table that holds the tensors; "" where the file holds nothing else
    part : what the network takes of them

    Raises
    ------
    WeightsWrong
        with the file's name and what is wrong with it
    """
    try:
        if path.suffix == ".safetensors":
            state, _ = read_safetensors(path)
        else:
            state = state_of(_entry(read_pickle(path), key), key or "the file")
        plain = {name.removeprefix(_PARALLEL): tensor for name, tensor in state.items()}
        return filled_network(make, part(plain))
    except (CheckpointRefused, CheckpointBroken, CheckpointMismatch) as error:
        raise WeightsWrong(f"{path.name}: {error}") from error


def _entry(content: object, key: str) -> object:
    if not key:
        return content
    if not isinstance(content, dict) or key not in content:
        raise CheckpointMismatch(f"it has no entry {key!r}")
    found: object = content[key]
    return found
