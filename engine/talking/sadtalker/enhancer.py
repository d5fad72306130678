"""Face restoration of the generator's pictures by a model of the operator's, read by the package spandrel.

spandrel reads weights with PyTorch's own restricted reader and runs nothing of the file. It is an extra of
its own (`enhance`), and so are the weights (GFPGAN, RestoreFormer and others, under their licences).
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from engine.arrays import FloatMap
from engine.checkpoints.errors import CheckpointMismatch
from engine.neural import NeuralMissing
from engine.weights import WeightsMissing

SIDE = 512  # px, of the faces that these models restore


class Enhancer:
    """A face restoration model.

    Raises
    ------
    NeuralMissing
        without spandrel
    WeightsMissing
        without the file
    CheckpointMismatch
        when spandrel cannot read it, or it is no model from picture to picture
    """

    def __init__(self, path: Path, device: str) -> None:
        if find_spec("spandrel") is None:
            raise NeuralMissing("the enhancer needs spandrel: pip install 'mytalkcon[enhance]'")
        if not path.is_file():
            raise WeightsMissing(f"the enhancer's weights are not there: {path}")
        spandrel: Any = import_module("spandrel")
        try:
            model = spandrel.ModelLoader(device=torch.device(device)).load_from_file(str(path))
        except Exception as error:  # whatever the library raises about a file that it does not know
            raise CheckpointMismatch(f"{path.name}: {error}") from error
        if not isinstance(model, spandrel.ImageModelDescriptor):
            raise CheckpointMismatch(f"{path.name} does not make a picture of a picture")
        self._model, self._device = model.eval(), device

    @torch.inference_mode()
    def restored(self, picture: FloatMap) -> FloatMap:
        """Restore a face, float32 (S, S, 3) in [0, 1]; gives 512 px or the model's own size."""
        large = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        seen = torch.from_numpy(np.clip(large, 0, 1)).permute(2, 0, 1)[None].to(self._device)
        drawn = self._model(seen.float())[0].permute(1, 2, 0)
        return np.asarray(drawn.clamp(0, 1).float().cpu().numpy(), np.float32)
