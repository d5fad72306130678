"""From records in a file to tensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch
from engine.checkpoints.records import ObjectRecord, TensorRecord

State = dict[str, Tensor]
"""Tensors by name, as `torch.nn.Module.state_dict` has them."""


def tensor_of(record: TensorRecord) -> Tensor:
    """The tensor that a record describes; it still looks into the mapped file."""
    element, data = record.storage.element, record.storage.data
    if data is None:
        raise CheckpointBroken("a tensor whose numbers are not in the file")
    dtype = getattr(torch, element.name)
    if not record.storage.count:
        return torch.empty(record.shape, dtype=dtype)
    whole = torch.frombuffer(bytearray(data) if data.readonly else data, dtype=dtype)
    return whole.as_strided(record.shape, record.stride, record.offset)


def state_of(value: Any, what: str) -> State:
    """Tensors of a dictionary name -> tensor.

    Raises
    ------
    CheckpointMismatch
        when it holds anything else
    """
    if not isinstance(value, dict):
        raise CheckpointMismatch(f"{what} is no table of tensors")
    state = {}
    for name, record in value.items():
        if not isinstance(name, str) or not isinstance(record, TensorRecord):
            raise CheckpointMismatch(f"{what}: {str(name)[:80]!r} is no tensor")
        state[name] = tensor_of(record)
    return state


def module_state(module: ObjectRecord, prefix: str = "") -> State:
    """Parameters and buffers of a recorded module and of the modules in it, named as PyTorch names them."""
    state = {}
    for group in ("_parameters", "_buffers"):
        for name, record in _table(module, group).items():
            if isinstance(record, TensorRecord):
                state[f"{prefix}{name}"] = tensor_of(record)
    for name, inner in _table(module, "_modules").items():
        if isinstance(inner, ObjectRecord):
            state |= module_state(inner, f"{prefix}{name}.")
    return state


def _table(module: ObjectRecord, group: str) -> Mapping[Any, Any]:
    table = module.state.get(group, {})
    if not isinstance(table, dict):
        raise CheckpointMismatch(f"{module.class_name}: {group} is no table")
    return table


def read_safetensors(path: Path) -> tuple[State, dict[str, str]]:
    """Tensors and header of a safetensors file.

    Raises
    ------
    CheckpointBroken
        when its header does not fit its content
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointBroken(f"{path}: {error}") from error
