"""Encoders from their checkpoints: {"state_dict": {"encoder.*", "decoder.*"}, "latent_avg", "opts"}."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import let_go, read_pickle
from engine.checkpoints.records import TensorRecord
from engine.checkpoints.tensors import State, state_of, tensor_of
from engine.stylegan2.checkpoint import Checkpoint, network_of
from engine.stylegan2.encoders import STYLE, Conv, Encoder, Inverter, Kind, Product, StyleEncoder

MOST_STYLES = 18  # of a generator of 1024 px
_TYPES: dict[str, Kind] = {"Encoder4Editing": "e4e", "GradualStyleEncoder": "psp"}


def encoder_of(
    state: State, kind: Kind, slim: bool = False, copied: Callable[[], None] = lambda: None
) -> Encoder:
    """Build an encoder from its tensors.

    Parameters
    ----------
    slim : keep the weights of large filters in half precision, and half the memory: the styles differ by
        about 3e-4 of their spread
    copied : called after every part, whose tensors are not looked at again

    Raises
    ------
    CheckpointMismatch
        when they are not those of an IR-SE-50 with a feature pyramid
    """
    heads = sum(1 for name in state if name.startswith("styles.") and name.endswith(".linear.weight"))
    first = state.get("input_layer.0.weight")
    if first is None or not 0 < heads <= MOST_STYLES:
        raise CheckpointMismatch("no encoder of e4e or pSp")
    with torch.device("meta"):
        made = Encoder(kind, heads, first.shape[1])
    counts: State = {
        name: torch.zeros((), dtype=torch.int64) for name in made.state_dict() if name.endswith("tracked")
    }
    try:
        made.load_state_dict(counts | state, assign=True)
    except RuntimeError as error:
        raise CheckpointMismatch(str(error)[:500]) from error

    def done(part: nn.Module) -> None:  # one part after the other: there is never more than one twice
        _keep(part, slim)
        copied()

    return made.eval().settled(slim, done)


def _keep(part: nn.Module, slim: bool) -> None:
    """Let a part have tensors of its own, in the order in which convolutions read them fastest."""
    for module in part.modules():
        for name, tensor in module.named_parameters(recurse=False):
            half = slim and name == "weight" and isinstance(module, Conv | Product)
            order = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
            dtype = torch.float16 if half else torch.float32
            kept = tensor.detach().to(dtype, memory_format=order, copy=True)
            setattr(module, name, nn.Parameter(kept, requires_grad=False))
        for name, buffer in module.named_buffers(recurse=False):
            module.register_buffer(name, buffer.clone())


@dataclass(frozen=True)
class _File:
    """What a checkpoint of e4e or pSp holds; `view` is the mapped file."""

    state: State
    mean: Tensor | None
    opts: Any
    view: memoryview | None

    def kind(self) -> Kind | None:
        return _TYPES.get(str(self._options.get("encoder_type")))

    @property
    def _options(self) -> dict[str, Any]:
        return self.opts if isinstance(self.opts, dict) else {}

    def part(self, name: str) -> State:
        return {
            key[len(name) + 1 :]: tensor for key, tensor in self.state.items() if key.startswith(f"{name}.")
        }

    def encoder(self, kind: Kind | None, slim: bool = False) -> StyleEncoder:
        kind = kind or self.kind()
        if kind is None:
            raise CheckpointMismatch(
                f"an encoder of type {self._options.get('encoder_type')!r}: say e4e or psp"
            )
        encoder = encoder_of(self.part("encoder"), kind, slim, lambda: let_go(self.view))
        start = torch.zeros(len(encoder.styles), STYLE)
        if self._options.get("start_from_latent_avg", True):
            if self.mean is None:
                raise CheckpointMismatch("latent_avg is missing")
            start = start + self.mean.float()
        return StyleEncoder(encoder, start).eval()


def _read(path: Path) -> _File:
    content = read_pickle(path)
    if not isinstance(content, dict) or "state_dict" not in content:
        raise CheckpointMismatch("no checkpoint of e4e or pSp: state_dict is missing")
    mean = content.get("latent_avg")
    state = state_of(content["state_dict"], "state_dict")
    views = (record.storage.data for record in content["state_dict"].values())
    return _File(
        state,
        tensor_of(mean) if isinstance(mean, TensorRecord) else None,
        content.get("opts"),
        next(views, None),
    )


def read_style_encoder(path: Path, kind: Kind | None = None, slim: bool = False) -> StyleEncoder:
    """Read the encoder of a checkpoint, and leave its generator; see `read_inverter` and `encoder_of`."""
    return _read(path).encoder(kind, slim)


def read_inverter(path: Path, kind: Kind | None = None) -> Inverter:
    """Read a checkpoint of e4e or pSp, its generator too.

    Parameters
    ----------
    kind : where the file does not say which of the two it is

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    file = _read(path)
    found = file.encoder(kind)
    generator = Checkpoint("rosinality", {"g_ema": network_of(file.part("decoder"), file.mean)}).generator()
    if generator.config.num_ws != len(found.start):
        raise CheckpointMismatch(f"{len(found.start)} styles for a generator of {generator.config.num_ws}")
    return Inverter(found, generator).eval()
