"""The liveliest seconds of a talk for the video sticker, which starts again and again: without a jump."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap
from engine.media.video_sticker import MAX_FRAMES
from engine.speech.motion import Motion
from engine.talking.warp import Blend

RETURN = 10  # frames in which the end of the sticker turns into what came before its beginning
LIVELY_ENOUGH = 0.92  # of the liveliest window: among these, the one that returns by the shortest way
SEAM = 4.0  # how much the step from before the first frame to it counts: there the loop begins again
DEGREES = 0.05  # how much a degree of the head counts against the whole way of the jaw
LOOK = 0.02  # how much a degree of the eyes does


@dataclass(frozen=True)
class Shot:
    """A frame to draw, and the files that show it."""

    blend: Blend
    talk: bool
    sticker: bool


def shots(motion: Motion) -> list[Shot]:
    """Give all frames to draw, in order.

    The last RETURN frames of the sticker are drawn for it alone: they lead from its end to the frame before
    its first, so that its beginning follows as it does in the talk.
    """
    length = min(len(motion), MAX_FRAMES)
    start = loop_start(motion)
    back = min(RETURN, length // 3)
    turn = start + length - back
    talk = [Shot(Blend(i, i, 0.0), talk=True, sticker=start <= i < turn) for i in range(len(motion))]
    away = [_smooth((k + 1) / back) for k in range(back)]
    ending = [
        Shot(Blend(turn + k, max(start - back + k, 0), away[k]), talk=False, sticker=True)
        for k in range(back)
    ]
    return [*talk[:turn], *ending, *talk[turn:]]


def loop_start(motion: Motion) -> int:
    """First frame of the window of MAX_FRAMES that the sticker shows; 0 when the talk is shorter."""
    windows = len(motion) - MAX_FRAMES + 1
    if windows <= 1:
        return 0
    pose = _pose(motion)
    moved = np.abs(np.diff(pose, axis=0, prepend=pose[:1])).sum(axis=1)
    total = np.concatenate([[0.0], np.cumsum(moved, dtype=np.float64)])
    lively = total[MAX_FRAMES:] - total[:-MAX_FRAMES]
    way_back = np.abs(pose[MAX_FRAMES - 1 :] - pose[np.maximum(np.arange(windows) - 1, 0)]).sum(axis=1)
    begins_with = SEAM * moved[:windows]
    return int(np.where(lively >= LIVELY_ENOUGH * lively.max(), way_back + begins_with, np.inf).argmin())


def _pose(motion: Motion) -> FloatMap:
    """What counts of a face's pose, float32 (frames, 8), in ways of the jaw."""
    shown: Sequence[FloatMap] = (motion.jaw * (1 - motion.closure), 0.5 * motion.rounding, 0.7 * motion.lids)
    head = (DEGREES * motion.yaw, DEGREES * motion.pitch, DEGREES * motion.roll)
    eyes = (LOOK * motion.gaze_yaw, LOOK * motion.gaze_pitch)
    return np.stack([*shown, *head, *eyes], axis=1).astype(np.float32)


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)
