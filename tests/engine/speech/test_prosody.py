"""The head lives with the voice: it never drifts off and never twitches."""

import numpy as np
import pytest

from engine.speech.acoustics import RATE, loudness, pauses, relative_loudness
from engine.speech.motion import FPS
from engine.speech.prosody import head_of
from engine.voice import ANALYSIS_RATE

SEEDS = range(4)


@pytest.fixture(scope="module")
def minute(president):
    """60 s of a speech with pauses: relative loudness, pauses."""
    level = loudness(np.tile(president.analysis, 6)[: 60 * ANALYSIS_RATE])
    return relative_loudness(level), pauses(level)


@pytest.fixture(scope="module")
def heads(minute):
    part, quiet = minute
    return [head_of(part, quiet, 60 * FPS, seed) for seed in SEEDS]


def test_the_head_comes_back_to_where_it_was_drawn(heads):
    """Means over any 10 s stay near 0, and the whole minute's too."""
    for head in heads:
        for name in ("yaw", "pitch", "roll"):
            track = getattr(head, name)
            over_10_s = np.convolve(track, np.ones(10 * FPS) / (10 * FPS), "valid")
            assert np.abs(over_10_s).max() < 1.5, name
            assert abs(track.mean()) < 0.8, name


def test_the_head_does_not_twitch(heads):
    """Speeds and accelerations stay those of nodding people (35 degrees/s, 550 degrees/s2 measured)."""
    for head in heads:
        for name, most in (("yaw", 250), ("pitch", 650), ("roll", 150)):
            track = getattr(head, name)
            assert np.abs(np.diff(track)).max() * FPS < 45, name
            assert np.abs(np.diff(track, 2)).max() * FPS**2 < most, name


def test_it_nods_and_lifts_its_brows_where_the_voice_is_stressed(minute, heads):
    part, _ = minute
    at_frames = part[:: RATE // FPS][: 60 * FPS]
    loud, soft = at_frames > 0.85, at_frames < 0.3
    for head in heads:
        assert head.pitch[loud].mean() > head.pitch[soft].mean() + 0.8
        assert head.brows[loud].mean() > 2 * head.brows[soft].mean()


def test_it_breathes_in_the_pauses_and_looks_away_in_some(minute, heads):
    """Shoulders are higher at the end of a pause than at its beginning; the head turns in some pauses."""
    _, quiet = minute
    long = [(a / RATE, b / RATE) for a, b in quiet if a > 0 and (b - a) / RATE > 0.5 and b < 59 * RATE]
    assert len(long) >= 8
    for head in heads:
        rises = [head.breath[round(b * FPS)] - head.breath[round(a * FPS)] for a, b in long]
        assert np.mean(rises) > 0.3
        assert 0 <= head.breath.min() <= head.breath.max() <= 1
        turns = [abs(head.yaw[round(b * FPS) - 2] - head.yaw[round(a * FPS)]) for a, b in long]
        assert np.mean(np.array(turns) > 1.0) >= 0.3


def test_eyes_rest_and_jump_and_never_under_a_blink(heads):
    """Quick changes within two frames, holds of some tenths of a second, small wandering in between."""
    for head in heads:
        # what the head takes from the eyes is made good: looks are steady in the room
        room = np.stack([head.gaze_yaw + 0.8 * head.yaw, head.gaze_pitch + 0.6 * head.pitch], axis=1)
        steps = np.abs(np.diff(room, axis=0)).max(axis=1)
        assert (steps < 0.01).mean() > 0.85, "they rest"
        moving = np.flatnonzero(steps > 0.01)
        jumps = np.split(moving, np.flatnonzero(np.diff(moving) > 1) + 1)
        assert max(len(jump) for jump in jumps) <= 4, "two frames each; two may follow each other"
        assert 0.4 * 60 < len(jumps) < 2.5 * 60
        assert not (head.lids[moving[1:]] >= 0.9).any()
        assert np.abs(room.mean(axis=0)).max() < 3
        assert (np.abs(room[:, 0]) < 3.1).mean() > 0.6, "most of the time at the listener"


def test_eyes_go_first_and_the_same_way_when_somebody_looks_away(minute, heads):
    _, quiet = minute
    long = [round(a / RATE * FPS) for a, b in quiet if a > 0 and (b - a) / RATE > 0.5 and b < 59 * RATE]
    for head in heads:
        away = [head.gaze_yaw[f + 3] - head.gaze_yaw[f - 2] for f in long]
        turned = [head.yaw[f + 9] - head.yaw[f - 2] for f in long]
        far = np.abs(away) > 6
        assert far.mean() >= 0.3
        assert (np.sign(np.array(away))[far] == np.sign(np.array(turned))[far]).mean() > 0.7
