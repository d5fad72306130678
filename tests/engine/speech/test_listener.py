"""A Listener turns any voice into a motion: in time, the same each time, also without words."""

import time
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.progress import Stage
from engine.speech.acoustics import RATE, loudness, pauses, relative_loudness
from engine.speech.motion import FPS, MOUTH_CLASSES
from engine.speech.prosody import head_of
from engine.talking.warp import opening as opening_shown
from engine.voice import ANALYSIS_RATE
from tests.engine.speech.voices_to_hear import voice_from
from tests.speech_sets import wordless

MOUTH = ("jaw", "rounding", "spread", "lip_raise", "tongue", "closure", "tuck", "smile")
HEAD = ("lids", "brows", "frown", "yaw", "pitch", "roll", "breath", "gaze_yaw", "gaze_pitch")


def swelling(seconds):
    """Loudness 0..1 that swells and fades every 1.4 s."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(int(seconds * ANALYSIS_RATE)) / ANALYSIS_RATE / 1.4)


def noise(seconds):
    return np.random.default_rng(7).normal(0, 0.2, int(seconds * ANALYSIS_RATE))


def laughter(seconds):
    """Bursts of breath, five a second, in volleys."""
    moment = np.arange(int(seconds * ANALYSIS_RATE)) / ANALYSIS_RATE
    bursts = np.maximum(0, np.sin(2 * np.pi * 5 * moment)) ** 2
    return noise(seconds) * bursts * (np.sin(2 * np.pi * 0.4 * moment) > -0.3)


@pytest.mark.parametrize("samples", [wordless.song(), laughter(5)], ids=["song", "laughter"])
def test_mouth_follows_the_loudness_where_there_are_no_words(listener, samples):
    """Singing and laughter open the mouth with their loudness, and the person hears a word about it."""
    heard = listener.listen(voice_from(samples), 1)
    opening = opening_shown(heard.motion)
    hop = ANALYSIS_RATE // FPS
    envelope = np.array(
        [np.abs(samples[max(0, i * hop - hop) : i * hop + hop]).mean() for i in range(len(opening))]
    )
    assert np.corrcoef(envelope, opening)[0, 1] > 0.7
    assert opening.max() > 0.1
    assert [notice.message_id for notice in heard.notices] == ["voice-no-words"]


@pytest.mark.parametrize("air", [noise(5) * swelling(5), wordless.breath()], ids=["wind", "breath"])
def test_air_does_not_move_the_mouth(listener, air):
    quiet = wordless.silence(0.6)
    heard = listener.listen(voice_from(np.concatenate([quiet, air, quiet])), 1)
    assert opening_shown(heard.motion).max() < 0.06


def test_a_laugh_opens_the_mouth_and_a_breath_between_words_does_not(listener, president):
    """Speech, a deep breath, speech, a laugh."""
    quiet, words = wordless.silence(0.4), president.analysis[: 3 * ANALYSIS_RATE]
    breath = wordless.breath(level=0.3 * float(words.std()))
    laugh = wordless.laughter()
    parts = [words, quiet, breath, quiet, words, quiet, laugh]
    begins = np.cumsum([0, *(len(part) for part in parts)]) / ANALYSIS_RATE
    opening = opening_shown(listener.listen(voice_from(np.concatenate(parts)), 1).motion)
    breathed = opening[round(begins[2] * FPS) : round(begins[3] * FPS)]
    laughed = opening[round(begins[6] * FPS) :]
    assert breathed.max() < 0.04
    assert laughed.max() > 0.2
    assert (np.diff(np.sign(np.diff(laughed))) < 0).sum() >= 5, "it opens with every burst"


def test_nothing_moves_the_mouth_in_silence(listener):
    heard = listener.listen(voice_from(noise(2) * 1e-5), 1)
    assert opening_shown(heard.motion).max() < 0.01
    assert set(heard.motion.viseme) == {"sil"}
    assert heard.notices == ()


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.01, 2.4])
def test_every_voice_gets_a_whole_face(listener, seconds):
    """One frame for each begun 40 ms; every track has them all and stays in its range."""
    motion = listener.listen(voice_from(noise(seconds) * 0.3), 1).motion
    assert len(motion) == int(np.ceil(round(seconds * FPS, 6)))
    assert set(motion.viseme) <= set(MOUTH_CLASSES)
    for name in MOUTH + HEAD:
        track = getattr(motion, name)
        assert track.shape == (len(motion),), name
        assert track.dtype == np.float32, name
        ranges = {"yaw": (-6, 6), "pitch": (-4, 6), "roll": (-3, 3)}
        ranges |= {"gaze_yaw": (-20, 20), "gaze_pitch": (-10, 6)}
        low, high = ranges.get(name, (0, 1))
        assert low <= track.min() <= track.max() <= high, name
    assert {field.name for field in fields(motion)} == {"viseme", *MOUTH, *HEAD}


def test_the_same_voice_and_seed_give_the_same_motion(listener, president):
    """Another seed moves the head otherwise, never the mouth."""
    voice = voice_from(president.analysis[: 4 * ANALYSIS_RATE])
    first, again, other = (listener.listen(voice, seed).motion for seed in (3, 3, 4))
    for name in MOUTH + HEAD:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name), name)
    for name in MOUTH:
        np.testing.assert_array_equal(getattr(first, name), getattr(other, name), name)
    assert not np.array_equal(first.yaw, other.yaw)
    assert not np.array_equal(first.lids, other.lids)


@pytest.mark.long
def test_a_minute_is_heard_in_bounded_time_and_reported_on_the_way(listener, president, heard_president):
    """60 s take well under 60 s on a busy machine (5 s on an idle one); progress comes each 10 s of voice."""
    minute = voice_from(np.tile(president.analysis, 6)[: 60 * ANALYSIS_RATE])
    reported = []
    began = time.monotonic()
    heard = listener.listen(minute, 1, lambda stage, fraction: reported.append((stage, fraction)))
    assert time.monotonic() - began < 30
    assert {stage for stage, _ in reported} == {Stage.SPEECH}
    fractions = np.array([fraction for _, fraction in reported])
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert np.diff(fractions).max() * 60 <= 10
    alone = [phone.name for phone in heard_president.phones]
    joined = [phone.name for phone in heard.phones][: 5 * len(alone)]
    # hearing in pieces loses no phones at the seams
    assert abs(len(joined) / 5 - len(alone)) <= 0.03 * len(alone)
    assert len([p for p in heard.phones if p.start < 55]) == pytest.approx(5 * len(alone), rel=0.03)


def test_a_cancelled_voice_is_left_at_once(listener, president):
    calls = []

    def cancel(stage, fraction):
        calls.append(fraction)
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        listener.listen(president, 1, cancel)
    assert len(calls) == 2


def test_phones_do_not_overlap(heard_president):
    phones = heard_president.phones
    assert len(phones) > 50
    assert all(a.start < a.end <= b.start for a, b in pairwise(phones))


def test_eyes_blink_like_eyes(president):
    """Whole blinks, one every 1.4 to 5.2 s (a pause may draw one half a second nearer or farther)."""
    level = loudness(np.tile(president.analysis, 3))
    frames = int(len(level) / RATE * FPS)
    lids = head_of(relative_loudness(level), pauses(level), frames, 5).lids
    shut = np.flatnonzero((lids[1:] == 1) & (lids[:-1] < 1)) / FPS
    apart = np.diff(shut)
    assert len(shut) >= 5
    assert apart.min() >= 1.3
    assert apart.max() <= 5.3
    assert lids[-1] < 0.2
