"""The 68 landmarks of the package face-alignment, with a weight file that the operator placed.

The package would download its file and run a face detector that it downloads too. Neither happens here: the
network is filled from the placed file by our own reader, and the face is where our detector found it.
"""

from pathlib import Path

import numpy as np
from face_alignment import FaceAlignment, LandmarksType
from face_alignment.models import FAN

from engine.arrays import Pixels, Points
from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import read_pickle
from engine.checkpoints.tensors import state_of


class PlacedFan(FaceAlignment):  # type: ignore[misc]  # the package has no types
    """FaceAlignment on a CPU, never compiled, with the weights of `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(LandmarksType.TWO_D, device="cpu", face_detector="folder", compile=False)

    def _load_native(self, network_name: str, network_size: int, device: str, dtype: object) -> FAN:
        """Take the place of the package's loader, which downloads."""
        network = FAN(network_size)
        state = state_of(read_pickle(self._path), self._path.name)
        try:
            network.load_state_dict({name: tensor.clone() for name, tensor in state.items()})
        except RuntimeError as error:
            raise CheckpointMismatch(str(error)[:500]) from error
        return network.eval()

    def find(self, photo: Pixels, box: tuple[float, float, float, float]) -> Points:
        """Landmarks float32 (68, 2) of the face in a box (left, top, right, bottom), px of the photo."""
        (points,) = self.get_landmarks_from_image(photo, detected_faces=[np.array(box)])
        return np.asarray(points, np.float32)
