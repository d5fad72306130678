"""The video sticker shows the liveliest seconds, again and again without a jump."""

from itertools import pairwise

import numpy as np
import pytest

from engine.media.highlight import loop_start, shots
from engine.media.video_sticker import MAX_FRAMES
from engine.talking import Puppet
from tests.engine.talking.motions import lively, motion_of


def test_the_liveliest_seconds_are_shown():
    jaw = np.zeros(400)
    jaw[200:260] = 0.5 + 0.5 * np.sin(np.arange(60))
    start = loop_start(motion_of(400, jaw=jaw))
    assert start <= 200
    assert start + MAX_FRAMES >= 260


@pytest.mark.parametrize("frames", [1, 2, 20, 72, 73, 74, 300])
def test_every_frame_of_the_talk_is_shown_once_and_in_order(frames):
    planned = shots(lively(frames))
    assert [shot.blend.first for shot in planned if shot.talk] == list(range(frames))
    assert sum(shot.sticker for shot in planned) == min(frames, MAX_FRAMES)
    assert all(0 <= shot.blend.second < frames for shot in planned)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
def test_the_loop_has_no_seam(astronaut, seed):
    """From the last frame to the first it is not farther than from most frames to the next."""
    motion = lively(150, seed)
    planned = shots(motion)
    drawn = Puppet(astronaut).frames(motion, blends=[shot.blend for shot in planned])
    shown = [frame.astype(np.int16) for shot, frame in zip(planned, drawn, strict=True) if shot.sticker]
    steps = [np.abs(after - before).mean() for before, after in pairwise(shown)]
    assert np.abs(shown[0] - shown[-1]).mean() <= 1.5 * np.median(steps)
    assert max(steps[-10:]) <= 2 * max(steps[:-10]), "the way back is no jump either"
