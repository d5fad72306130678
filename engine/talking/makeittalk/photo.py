"""The photo path: a network paints a photo with other landmarks at 256 px, within a character's outline."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np
import torch

from engine.arrays import FloatMap, Pixels
from engine.character import SIZE, Character
from engine.checkpoints.threads import one_thread
from engine.raster import blended, premultiplied, resized, smoothstep
from engine.talking.head import outline_distance
from engine.talking.makeittalk.landmarks import Landmarks, landmark_picture
from engine.talking.makeittalk.translation import SIDE, Translation, pictures
from engine.talking.warp import Blend

GROUND = 255  # grey behind the person while the network looks
RIM = (10.0, 34.0)  # px from the outline over which the painting takes over: the outline stays as it is
SCALE = SIDE / SIZE
PAINTERS = 2  # frames at once, each with one thread: threads of one frame wait for each other


class Painter:
    """A character of a photo that is ready to be painted anew."""

    def __init__(self, network: Translation, character: Character) -> None:
        self._network = network.to(memory_format=torch.channels_last)
        self._drawing = character.drawing
        alpha = character.drawing[..., 3:].astype(np.float32) / 255
        over = character.drawing[..., :3] * alpha + GROUND * (1 - alpha)
        self._seen = resized(np.rint(over).astype(np.uint8), SIDE, SIDE)[..., ::-1].copy()  # BGR
        self._cover = smoothstep(*RIM, outline_distance(character.drawing[..., 3]))

    def frames(self, landmarks: Landmarks, blends: Sequence[Blend]) -> Iterator[Pixels]:
        """Paint frames.

        Parameters
        ----------
        landmarks : (frames, 68, 3), px of the picture at SIDE

        Yields
        ------
        uint8 (512, 512, 4), RGBA, colours multiplied with the alpha
        """
        painting: deque[Future[Pixels]] = deque()
        with ThreadPoolExecutor(PAINTERS) as threads:
            for blend in blends:
                here, there = landmarks[blend.first], landmarks[blend.second]
                painting.append(threads.submit(self.frame, here + (there - here) * blend.share))
                if len(painting) > PAINTERS:
                    yield painting.popleft().result()
            yield from (done.result() for done in painting)

    @one_thread()
    @torch.inference_mode()
    def frame(self, landmarks: Landmarks) -> Pixels:
        """Paint one frame, landmarks (68, 3)."""
        both = np.concatenate([landmark_picture(landmarks, SIDE), self._seen], axis=2)
        planes = torch.from_numpy(both).permute(2, 0, 1)[None].float() / 255
        painted = pictures(self._network(planes))[0].permute(1, 2, 0).numpy()
        rgb = _enlarged(np.asarray(painted[..., ::-1], np.float32))
        colours = blended(self._drawing[..., :3].copy(), rgb, self._cover)
        return premultiplied(np.dstack([colours, self._drawing[..., 3]]))


def _enlarged(painted: FloatMap) -> Pixels:
    large = cv2.resize(painted, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.rint(np.clip(large, 0, 1) * 255).astype(np.uint8)
