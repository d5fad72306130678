"""What people see and hear in the files that the bot sends."""

import io
from dataclasses import dataclass

import av
import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Played:
    """A video as it plays.

    Attributes
    ----------
    frames : uint8 (N, H, W, 3)
    loudness : of the sound, root mean square, 0..1; 0 without sound
    sound_seconds, seconds : length of the sound and of the pictures
    """

    frames: np.ndarray
    loudness: float
    sound_seconds: float
    seconds: float

    @property
    def movement(self) -> float:
        """Largest mean change from one frame to the next, of 255."""
        return float(np.abs(np.diff(self.frames.astype(np.int16), axis=0)).mean(axis=(1, 2, 3)).max())


def played(content: bytes) -> Played:
    """Play a video."""
    with av.open(io.BytesIO(content)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        rate = container.streams.video[0].average_rate or 25
    loudness, seconds = 0.0, 0.0
    with av.open(io.BytesIO(content)) as container:
        if container.streams.audio:
            sound = [frame.to_ndarray() for frame in container.decode(audio=0)]
            samples = np.concatenate([piece.reshape(-1) for piece in sound])
            loudness = float(np.sqrt((samples.astype(np.float64) ** 2).mean()))
            seconds = samples.size / container.streams.audio[0].rate
    return Played(np.stack(frames), loudness, seconds, len(frames) / float(rate))


def rgba(content: bytes) -> np.ndarray:
    """Open a sticker: uint8 (H, W, 4)."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGBA"))


def is_drawing_on_nothing(sticker: np.ndarray) -> bool:
    """Say whether a sticker shows something of many colours, around it nothing."""
    seen = sticker[..., 3] > 128
    colours = len(np.unique(sticker[seen][:, :3] // 32, axis=0))
    corners = sticker[[0, 0, -1, -1], [0, -1, 0, -1], 3]
    return 0.2 < seen.mean() < 0.95 and colours >= 8 and bool((corners == 0).sum() >= 2)
