"""The liveliest seconds of a talk, for the video sticker."""

import numpy as np

from engine.media.video_sticker import MAX_FRAMES
from engine.speech.motion import Motion


def liveliest_start(motion: Motion) -> int:
    """First frame of the window of MAX_FRAMES in which the mouth moves most; 0 when the talk is shorter."""
    movement = np.abs(np.diff(motion.jaw * (1 - motion.closure), prepend=np.float32(0)))
    windows = len(motion) - MAX_FRAMES + 1
    if windows <= 1:
        return 0
    total = np.concatenate([[0.0], np.cumsum(movement, dtype=np.float64)])
    return int(np.argmax(total[MAX_FRAMES:] - total[:-MAX_FRAMES]))
