"""What the mouth does with given phones, and that it knows every phone."""

import unicodedata

import numpy as np
from hama import ASRModel

from engine.speech.coarticulation import mouth_of
from engine.speech.ipa import sound_of
from engine.speech.motion import FPS
from engine.speech.phones import Phone

LOUD = 0.8


def say(*phones, seconds=1.0):
    """Say phones (name, start, end) in a voice without pauses, but for what no phone covers at its ends."""
    steps = int(seconds * 100)
    first, last = round(phones[0][1] * 100), round(phones[-1][2] * 100)
    loudness = np.zeros(steps, np.float32)
    loudness[first:last] = LOUD
    return mouth_of([Phone(*p) for p in phones], loudness, [(0, first), (last, steps)], int(seconds * FPS))


def at(track, seconds):
    return float(track[round(seconds * FPS)])


def test_lips_press_on_m_between_open_vowels():
    mouth = say(("a", 0.2, 0.4), ("m", 0.4, 0.48), ("a", 0.48, 0.7))
    assert at(mouth.closure, 0.44) > 0.97
    assert at(mouth.closure, 0.30) < 0.05
    assert at(mouth.closure, 0.60) < 0.05
    assert at(mouth.jaw, 0.30) > 0.5
    assert mouth.viseme[round(0.44 * FPS)] == "MBP"


def test_even_a_hurried_b_closes_one_frame():
    for start in np.arange(0.40, 0.44, 0.005):
        mouth = say(("a", 0.2, start), ("b", start, start + 0.03), ("a", start + 0.03, 0.7))
        inside = mouth.closure[round((start - 0.04) * FPS) : round((start + 0.07) * FPS) + 1]
        assert inside.max() > 0.97, start


def test_pauses_shut_the_mouth_and_closures_of_stops_do_not():
    mouth = say(("a", 0.3, 0.5), ("k", 0.58, 0.62), ("a", 0.62, 0.8), seconds=1.2)
    assert at(mouth.closure, 0.12) == 1
    assert at(mouth.closure, 1.04) == 1
    assert at(mouth.closure, 0.54) == 0


def test_lips_stay_together_from_a_pause_into_an_m():
    mouth = say(("m", 0.3, 0.38), ("a", 0.38, 0.6), ("p", 0.6, 0.66))
    assert mouth.closure[: round(0.34 * FPS) + 1].min() > 0.9
    assert mouth.closure[round(0.62 * FPS) :].min() > 0.9
    assert at(mouth.closure, 0.48) < 0.05


def test_lips_round_before_the_rounded_vowel_is_heard():
    mouth = say(("a", 0.2, 0.4), ("t", 0.4, 0.46), ("u", 0.46, 0.7))
    assert at(mouth.rounding, 0.44) > 0.3
    assert at(mouth.rounding, 0.56) > 0.8
    assert at(mouth.rounding, 0.24) < 0.2
    assert at(say(("i", 0.2, 0.7)).spread, 0.44) > 0.6


def test_the_lower_lip_tucks_on_f():
    mouth = say(("a", 0.2, 0.4), ("f", 0.4, 0.5), ("a", 0.5, 0.7))
    assert at(mouth.tuck, 0.44) > 0.9
    assert at(mouth.jaw, 0.44) < 0.2
    assert at(mouth.closure, 0.44) < 0.1


def test_a_diphthong_travels():
    mouth = say(("aɪ", 0.2, 0.6))
    assert at(mouth.jaw, 0.28) > 1.3 * at(mouth.jaw, 0.52)
    assert at(mouth.spread, 0.52) > at(mouth.spread, 0.28)


def test_louder_speech_opens_wider():
    phones = [Phone("a", 0.2, 0.7)]
    jaws = [mouth_of(phones, np.full(100, level, np.float32), [], FPS).jaw[10] for level in (0.2, 0.5, 0.9)]
    assert jaws[0] < 0.6 * jaws[1] < 0.6 * jaws[2]


def test_the_mouth_knows_every_phone_the_recogniser_can_name():
    """All letters have a sound; what has none is a length, a tone or a mark of voicing."""
    marks = {"一", "不", "ᵝ", "ʰ", "ʱ", "ʲ", "ʷ", "ˀ", "ˤ", "ː", "ˑ", "˞", "<unk>"}
    unknown = {
        token
        for token in ASRModel().decoder_tokens
        if sound_of(token) is None
        and token not in marks
        and not token.startswith("<")
        and unicodedata.category(token[0])[0] == "L"
    }
    assert unknown == set()
    assert sound_of("ã") == sound_of("a")
    assert sound_of("ɯᵝ").mouth_class == "U"
    assert sound_of("ɯ").mouth_class == "I"
    assert sound_of("˥") is None
