"""The lips belong to the voice."""

import numpy as np
import pytest

from engine.evaluate import lips
from engine.speech.motion import FPS
from engine.talking.warp import opening as opening_shown
from engine.voice import ANALYSIS_RATE
from tests.engine.speech.voices_to_hear import voice_from


@pytest.fixture(scope="module")
def report(heard_speech, real_speech):
    return lips.measure([(v.voice, v.phones) for v in real_speech], heard_speech)


@pytest.fixture(scope="module")
def heard_speech(listener):
    """Hear each recording once, however many promises are about it."""
    heard = {}

    def motion_of(voice):
        if id(voice) not in heard:
            heard[id(voice)] = listener.listen(voice, 1).motion
        return heard[id(voice)]

    return motion_of


def test_mouth_is_closed_on_m_b_p(heard_speech, real_speech):
    """Every M, B and P of the recordings has a frame with closed lips within 40 ms."""
    missed = []
    for speech in real_speech:
        opening = opening_shown(heard_speech(speech.voice))
        missed += [
            (speech.name, phone)
            for phone in speech.phones
            if phone.name in {"M", "B", "P"} and not lips.closes_near(opening, phone)
        ]
    count = sum(phone.name in {"M", "B", "P"} for speech in real_speech for phone in speech.phones)
    assert len(missed) <= 0.05 * count, missed


def test_mouth_is_shut_in_silence(report):
    assert report.score.shut_in_silence >= 0.93


def test_lips_part_in_all_other_speech(report):
    assert report.score.closed_elsewhere <= 0.12


def test_mouth_classes_agree_with_what_was_said(report):
    assert report.score.agreement >= 0.72


def test_a_shuffled_voice_does_not_fit(listener, report, real_speech):
    """The measures mean something: the same voice in another order fails them."""
    cut = [(lips.shuffled(v.voice, number), v.phones) for number, v in enumerate(real_speech)]
    control = lips.measure(cut, lambda voice: listener.listen(voice, 1).motion).score
    assert control.agreement <= 0.5 * report.score.agreement
    assert control.closed_on_mbp <= 0.7
    assert control.shut_in_silence <= 0.5


def test_mouth_follows_the_voice_at_once(report):
    assert all(abs(lag) <= 0.04 for lag in report.lags), report.lags
    assert min(report.correlations) >= 0.7, report.correlations


@pytest.mark.parametrize("seconds", [0.12, -0.08])
def test_a_mouth_that_is_late_is_measured_as_late_by_as_much(seconds):
    moment = np.arange(5 * ANALYSIS_RATE) / ANALYSIS_RATE
    frames = np.arange(5 * FPS) / FPS

    def swelling(at):
        return (1 - np.cos(2 * np.pi * at / 1.4)) * (1 - np.cos(2 * np.pi * at / 0.9)) / 4

    voice = voice_from(np.random.default_rng(0).normal(0, 0.2, len(moment)) * swelling(moment))
    lag, correlation = lips.lag_behind_voice(swelling(frames - seconds), voice)
    assert lag == pytest.approx(seconds, abs=0.02)
    assert correlation > 0.9


def test_mouth_rests_in_the_pauses_of_a_speech(heard_president):
    """In the long pauses of a real speech the mouth is shut, in between it moves."""
    heard = heard_president
    opening = opening_shown(heard.motion)
    speaking = np.zeros(len(opening), bool)
    for phone in heard.phones:
        speaking[int((phone.start - 0.1) * 25) : int((phone.end + 0.1) * 25) + 2] = True
    assert (~speaking).sum() > 50
    assert np.median(opening[~speaking]) < 0.01
    assert opening[speaking].std() > 0.05


def test_korean_labials_close_the_lips(listener, korean_voice):
    """A Korean sentence moves the mouth with the voice and closes it on its labials."""
    motion = listener.listen(korean_voice, 1).motion
    opening = opening_shown(motion)
    lag, correlation = lips.lag_behind_voice(opening, korean_voice)
    assert abs(lag) <= 0.08
    assert correlation >= 0.5
    assert "MBP" in motion.viseme
    assert opening[[i for i, name in enumerate(motion.viseme) if name == "MBP"]].min() < lips.CLOSED
