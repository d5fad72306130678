"""Music does not move a mouth; a voice over music does."""

import numpy as np
import pytest

from engine.speech.acoustics import loudness as level_of
from engine.speech.acoustics import relative_loudness
from engine.speech.motion import FPS
from engine.speech.music import music
from engine.talking.warp import opening
from engine.voice import ANALYSIS_RATE
from tests.engine.speech.voices_to_hear import voice_from
from tests.speech_sets import wordless
from tests.speech_sets.instruments import INSTRUMENTS, band


def over(voice, other, decibels):
    """A voice with something else so many dB below it."""
    length = min(len(voice), len(other))
    voice, other = voice[:length], other[:length]
    return np.float32(voice + other * voice.std() / other.std() * 10 ** (-decibels / 20))


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_music_without_a_voice_leaves_the_mouth_shut(listener, name):
    heard = listener.listen(voice_from(0.5 * INSTRUMENTS[name]()), 1)
    gap = opening(heard.motion)
    assert gap.mean() < 0.04
    assert (gap > 0.04).mean() < 0.25
    assert [notice.message_id for notice in heard.notices] == ["voice-no-words"]


def test_words_over_loud_music_move_the_lips_as_without_it(listener, real_speech):
    """Three quarters as loud as the voice; and between the words the music does not."""
    words = real_speech[0].voice.analysis[: 5 * ANALYSIS_RATE]
    alone = opening(listener.listen(voice_from(words), 1).motion)
    music_too = opening(listener.listen(voice_from(over(words, band(), 3)), 1).motion)
    assert np.corrcoef(alone, music_too)[0, 1] > 0.6
    assert music_too.mean() > 0.7 * alone.mean()


def test_when_the_singer_pauses_the_band_does_not_sing_on(listener, real_speech):
    """Words, then four seconds of the band alone, as loud."""
    words = real_speech[0].voice.analysis[: 3 * ANALYSIS_RATE]
    tune = band(5)
    tune *= words.std() / tune.std()
    gap = opening(listener.listen(voice_from(np.concatenate([words, tune])), 1).motion)
    assert gap[: 3 * FPS].mean() > 0.1
    assert np.quantile(gap[4 * FPS :], 0.9) < 0.04


@pytest.mark.parametrize("decibels", [None, 9], ids=["alone", "over the band"])
def test_vowels_that_are_sung_are_a_voice(decibels):
    song = wordless.song()
    heard = song if decibels is None else over(song, band(), decibels)
    part = relative_loudness(level_of(heard))
    assert music(heard, part, []).mean() < 0.25
