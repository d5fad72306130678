"""Face parsing with BiSeNet: an upright square around the head is read at 512 px, the answer put back.

The network was trained on portraits in which the face fills about half of the height (CelebAMask-HQ).
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.arrays import Pixels, Points
from engine.checkpoints.networks import read_network
from engine.face.bisenet import BiSeNet
from engine.face.landmarks import CHIN, FOREHEAD, LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from engine.face.parts import BACKGROUND, Parts
from engine.raster import Matrix, smoothstep, warped

SIDE = 512  # px
FACE = 0.50  # of the square: forehead to chin
HIGHER = 0.08  # of the square: its middle is above the middle of the face, where the hair is
EDGE = 0.06  # of the square, over which the answer fades out
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, RGB


def normalised(picture: Pixels) -> Tensor:
    """uint8 (H, W, 3), RGB -> float32 (1, 3, H, W)."""
    unit = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (unit - mean) / deviation


class Parser:
    """The network, ready to work.

    Raises
    ------
    WeightsWrong
        when the file holds others
    """

    def __init__(self, weights: Path) -> None:
        self._network = read_network(weights, BiSeNet)

    @torch.inference_mode()
    def parse(self, photo: Pixels, landmarks: Points) -> Parts:
        """Say what each pixel around the face shows.

        Parameters
        ----------
        photo : uint8 (H, W, 3), RGB
        landmarks : float32 (478, 2 or 3), px of the photo
        """
        height, width = photo.shape[:2]
        matrix = square_around(landmarks)
        square = warped(photo, matrix, SIDE, SIDE, border=cv2.BORDER_REPLICATE)
        scores = self._network(normalised(square))[0]
        labels = scores.argmax(dim=0).to(torch.uint8).numpy()
        person = (1 - torch.softmax(scores, dim=0)[BACKGROUND]).numpy()
        return Parts(labels, person, _window()).moved(matrix, width, height, cv2.WARP_INVERSE_MAP)


def square_around(landmarks: Points) -> Matrix:
    """2 x 3 matrix from the photo to the square: eyes level, FACE of it the face."""
    top, chin = landmarks[FOREHEAD, :2], landmarks[CHIN, :2]
    eyes = landmarks[LEFT_EYE_OUTER, :2] - landmarks[RIGHT_EYE_OUTER, :2]
    scale = FACE * SIDE / max(1.0, float(np.linalg.norm(chin - top)))
    angle = float(np.arctan2(eyes[1], eyes[0]))
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]], np.float32)
    middle = np.array([SIDE / 2, SIDE * (0.5 + HIGHER)], np.float32)
    return np.column_stack([turn, middle - turn @ ((top + chin) / 2)]).astype(np.float32)


def _window() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    place = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    ramp = smoothstep(0.0, EDGE, np.minimum(place, 1 - place))
    return np.minimum(ramp[:, None], ramp[None])
