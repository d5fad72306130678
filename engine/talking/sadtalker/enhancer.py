"""Face restoration of the generator's pictures by a model of the operator's, built by the package spandrel.

spandrel tells by the names and shapes of tensors which network they belong to (GFPGAN, RestoreFormer, and
networks that enlarge, such as Real-ESRGAN); the file itself is read by engine/checkpoints, which runs nothing
of it. The package is an extra of its own (`enhance`), the weights are the operator's, under their licences.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from engine.arrays import FloatMap
from engine.checkpoints.errors import CheckpointBroken, CheckpointRefused
from engine.checkpoints.files import read_pickle
from engine.checkpoints.records import TensorRecord
from engine.checkpoints.tensors import read_safetensors, tensor_of
from engine.errors import EngineError

SIDE = 512  # px, of the faces that restoration models know
NOISE = 0  # seed: GFPGAN adds noise, which in a video must be the same in each frame
SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt")


class EnhancerMissing(EngineError):
    """An enhancer was asked for without the extra `enhance`."""

    message_id = "enhancer-missing"


class EnhancerUnusable(EngineError):
    """The file of an enhancer is not there, cannot be read, or holds no model from picture to picture."""

    message_id = "enhancer-unusable"


class Enhancer:
    """A face restoration model.

    Parameters
    ----------
    path : .safetensors, or a table of tensors as PyTorch writes it (.pth, .pt, .ckpt)

    Raises
    ------
    EnhancerMissing, EnhancerUnusable
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        if find_spec("spandrel") is None:
            raise EnhancerMissing("not installed: spandrel")
        tensors = _tensors_in(path)
        spandrel: Any = import_module("spandrel")
        try:
            model = spandrel.ModelLoader(device).load_from_state_dict(tensors)
        except Exception as error:  # whatever the library raises about tensors that it does not know
            raise _unusable(path, f"{type(error).__name__} {error}".strip()[:300]) from error
        if not isinstance(model, spandrel.ImageModelDescriptor):
            raise _unusable(path, "it does not make a picture of a picture")
        if (model.input_channels, model.output_channels) != (3, 3):
            raise _unusable(path, f"{model.input_channels} colours to {model.output_channels}")
        self._model, self._device = model.eval(), device

    @torch.inference_mode()
    def restored(self, picture: FloatMap) -> FloatMap:
        """Restore a face, float32 (S, S, 3) in [0, 1]; gives 512 px, as models of faces see it, too."""
        side = SIDE if self._model.scale == 1 else picture.shape[0]
        seen = np.clip(cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1)
        given = torch.from_numpy(seen).permute(2, 0, 1)[None].float().to(self._device)
        generators = [] if self._device.type == "cpu" else [torch.cuda.current_device()]
        with torch.random.fork_rng(generators):  # nobody else's random numbers change
            torch.manual_seed(NOISE)
            drawn = self._model(given)[0].permute(1, 2, 0).clamp(0, 1).float().cpu().numpy()
        return np.asarray(cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)


def _unusable(path: Path, why: str) -> EnhancerUnusable:
    return EnhancerUnusable(f"{path}: {why}", file=path.name)


def _tensors_in(path: Path) -> dict[str, Any]:
    """Tensors of a file by name; tables of them where it has several (`params_ema` beside `params`)."""
    if not path.is_file():
        raise _unusable(path, "there is no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise _unusable(path, f"it is none of {', '.join(SUFFIXES)}")
    try:
        content = (
            read_safetensors(path)[0] if path.suffix.lower() == ".safetensors" else _table(read_pickle(path))
        )
    except (CheckpointBroken, CheckpointRefused) as error:
        raise _unusable(path, error.detail) from error
    if not isinstance(content, dict) or not content:
        raise _unusable(path, "it holds no table of tensors")
    return content


def _table(value: object) -> Any:
    """Tensors of records, and tables of them; numbers beside them (how long was trained) are left out."""
    if isinstance(value, TensorRecord):
        return tensor_of(value)
    if not isinstance(value, dict):
        return None
    inner = {name: _table(part) for name, part in value.items() if isinstance(name, str)}
    return {name: part for name, part in inner.items() if part is not None and part != {}}
