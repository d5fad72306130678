"""What surrounds the character in a video, and how it sounds: measured where somebody has chosen it."""

import io
from pathlib import Path

import av
import numpy as np

SKY = (181, 222, 255)
ROBOT_HZ = 187.5  # hum of the effect: its windows come so often
CORNER = np.s_[6:26, 6:26]
CAPTION = np.s_[400:500, 60:452]


def sound_seconds(path: Path) -> float:
    """Length of a file's sound in s."""
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def frame_of(video: bytes) -> np.ndarray:
    """The last frame, int (512, 512, 3), RGB."""
    with av.open(io.BytesIO(video)) as container:
        *_, last = container.decode(video=0)
    return last.to_ndarray(format="rgb24", src_colorspace="ITU709").astype(int)


def lies_before(video: bytes, colour: tuple[int, int, int]) -> bool:
    """Say whether the corner has a colour."""
    return bool(np.abs(frame_of(video)[CORNER] - colour).max() <= 12)


def says_words(video: bytes) -> bool:
    """Say whether white strokes stand on a dark box where captions are."""
    band = frame_of(video)[CAPTION]
    return (band > 215).all(axis=2).sum() > 200 and (band < 110).all(axis=2).sum() > 4_000


def hums(video: bytes) -> bool:
    """Say whether a robot speaks: its sound repeats itself so often a second."""
    with av.open(io.BytesIO(video)) as container:
        rate = container.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)])
    lag = round(rate / ROBOT_HZ)
    return float((sound[lag:] * sound[:-lag]).sum() / (sound * sound).sum()) > 0.4
