"""What a pickle of weights may ask for by name, and the plain value that it gets instead.

Nothing named here is imported or called: each name leads to a function of this file. Sources of the names:
PyTorch's and NumPy's pickle formats, and the snapshots that StyleGAN2-ADA training writes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.checkpoints.errors import CheckpointBroken, CheckpointRefused
from engine.checkpoints.records import (
    Attributes,
    ElementType,
    ObjectRecord,
    Storage,
    TensorRecord,
    checked_key,
)

SHORT = 64  # characters: what is copied must be short


@dataclass(frozen=True)
class Global:
    """A name that the file asked for and may have."""

    module: str
    name: str


Maker = Callable[..., Any]

_ELEMENTS = {
    "Float": ("float32", 4), "Double": ("float64", 8), "Half": ("float16", 2), "BFloat16": ("bfloat16", 2),
    "Long": ("int64", 8), "Int": ("int32", 4), "Short": ("int16", 2), "Char": ("int8", 1),
    "Byte": ("uint8", 1), "Bool": ("bool", 1),
}  # fmt: skip
STORAGES = {Global("torch", f"{name}Storage"): ElementType(*what) for name, what in _ELEMENTS.items()}
_NUMBER_TYPES = {
    Global("torch", name) for name in ("float32", "float64", "float16", "bfloat16", "int64", "uint8")
}

_NUMPY_TYPE = re.compile(r"[<|]?[fiub][1248]")


def _dictionary(pairs: Any = None) -> dict[str | int, Any]:
    """A dictionary, from pairs where Python 2 wrote it: taken out of their list, so none is copied twice."""
    if not isinstance(pairs, list | type(None)):
        raise CheckpointBroken("a dictionary of what is no list")
    made: dict[str | int, Any] = {}
    for pair in pairs or ():
        key, value = pair
        made[checked_key(key)] = value
    if pairs:
        pairs.clear()
    return made


def _attributes() -> Attributes:
    return Attributes()


def _tensor(
    storage: Any,
    offset: Any,
    shape: Any,
    stride: Any,
    _requires_grad: Any = None,
    _hooks: Any = None,
    *_: Any,
) -> TensorRecord:
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(stride, tuple):
        raise CheckpointBroken("a tensor without storage, shape or stride")
    return TensorRecord(storage, offset, shape, stride)


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _object(meta: Any) -> ObjectRecord:
    """An object of NVIDIA's persistence: the source text that it carries is left unread."""
    if not isinstance(meta, dict) or not isinstance(meta.get("state"), dict):
        raise CheckpointBroken("a persistent object without state")
    return ObjectRecord(str(meta.get("class_name")), meta["state"])


def _numpy_type(code: Any, *_: Any) -> np.dtype[Any]:
    if not isinstance(code, str) or not _NUMPY_TYPE.fullmatch(code):
        raise CheckpointRefused(f"numbers of NumPy type {str(code)[:40]!r}")
    return np.dtype(code)


def _numpy_number(kind: Any, content: Any) -> Any:
    if not isinstance(kind, np.dtype) or not isinstance(content, bytes) or len(content) != kind.itemsize:
        raise CheckpointBroken("a NumPy number without its bytes")
    return np.frombuffer(content, kind)[0].item()


def _old_bytes(text: Any, encoding: Any) -> bytes:
    """Bytes as protocol 2 writes them."""
    if not isinstance(text, str) or len(text) > SHORT or encoding != "latin1":
        raise CheckpointRefused("long bytes in the encoding of protocol 2")
    try:
        return text.encode("latin1")
    except UnicodeEncodeError as error:
        raise CheckpointBroken("bytes that are none") from error


def _set(members: Any = None) -> list[Any]:
    if not isinstance(members, list | type(None)):
        raise CheckpointBroken("a set of what is no list")
    return [] if members is None else members


def _shape(sizes: Any) -> tuple[Any, ...]:
    if not isinstance(sizes, tuple):
        raise CheckpointBroken("a shape that is none")
    return sizes


def _device(kind: Any, index: Any = 0) -> str:
    if not isinstance(kind, str) or len(kind) > SHORT or not isinstance(index, int):
        raise CheckpointBroken("a device that is none")
    return f"{kind}:{index}"


MAKERS: dict[Global, Maker] = {
    Global("collections", "OrderedDict"): _dictionary,
    Global("dnnlib.util", "EasyDict"): _dictionary,
    Global("dnnlib", "EasyDict"): _dictionary,
    Global("argparse", "Namespace"): _attributes,
    Global("builtins", "set"): _set,
    Global("__builtin__", "set"): _set,
    Global("_codecs", "encode"): _old_bytes,
    Global("torch", "Size"): _shape,
    Global("torch", "device"): _device,
    Global("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Global("torch._utils", "_rebuild_parameter"): _parameter,
    Global("numpy", "dtype"): _numpy_type,
    Global("numpy.core.multiarray", "scalar"): _numpy_number,
    Global("numpy._core.multiarray", "scalar"): _numpy_number,
    Global("torch_utils.persistence", "_reconstruct_persistent_obj"): _object,
}
EMBEDDED_STORAGE = Global("torch.storage", "_load_from_bytes")  # files.py reads it


def asked_for(module: Any, name: Any) -> Global:
    """The record of an allowed name.

    Raises
    ------
    CheckpointRefused
        when the name is not one of the few that weights need
    """
    wanted = Global(str(module), str(name))
    if wanted in MAKERS or wanted in STORAGES or wanted in _NUMBER_TYPES or wanted == EMBEDDED_STORAGE:
        return wanted
    raise CheckpointRefused(f"the file asks for {f'{module}.{name}'[:120]}")
