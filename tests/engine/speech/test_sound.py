"""What happens to the sound of a voice: trimmed, gated, changed; the lips never notice."""

from dataclasses import replace

import numpy as np
import pytest

from engine.intake.loudness import AIM, CEILING, block_loudness, level
from engine.intake.loudness import gated as loudness_of
from engine.speech.acoustics import loudness, pauses
from engine.speech.cleaning import AFTER, BEFORE, PAUSE_GAIN, gated, trimmed
from engine.speech.effects import Effect, with_effect
from engine.voice import ANALYSIS_RATE, Voice
from tests.speech_sets import wordless

SOUND_RATE = 48_000


def voice_of(samples) -> Voice:
    """The same sound for analysis and, at three times the rate, for the video."""
    return Voice(np.float32(samples), np.repeat(np.float32(samples), 3), SOUND_RATE)


@pytest.fixture(scope="module")
def speaker(president) -> Voice:
    return replace(voice_of(president.analysis), sound=level(np.repeat(president.analysis, 3), SOUND_RATE))


def test_silence_is_cut_off_both_ends(president):
    words = president.analysis[int(0.3 * ANALYSIS_RATE) : int(2.2 * ANALYSIS_RATE)]
    voice = voice_of(np.concatenate([wordless.silence(2.0), words, wordless.silence(3.0)]))
    cut = trimmed(voice)
    assert cut.seconds == pytest.approx(len(words) / ANALYSIS_RATE + BEFORE + AFTER, abs=0.25)
    assert len(cut.sound) / SOUND_RATE == pytest.approx(cut.seconds, abs=0.001)
    first = np.correlate(cut.analysis[: 2 * ANALYSIS_RATE], words[:8000], "valid").argmax()
    assert first / ANALYSIS_RATE == pytest.approx(BEFORE, abs=0.2)
    again = trimmed(cut)
    assert again.seconds == pytest.approx(cut.seconds, abs=0.05)


def test_a_voice_without_silence_is_left_alone(president):
    voice = voice_of(president.analysis[int(0.5 * ANALYSIS_RATE) : int(1.7 * ANALYSIS_RATE)])
    assert trimmed(voice) is voice


def test_the_room_is_turned_down_in_pauses_and_only_there(speaker):
    heard = gated(speaker)
    quiet = pauses(loudness(speaker.analysis))
    inside = [(a + 25, b - 10) for a, b in quiet if b - a > 60]
    assert len(inside) >= 3
    for start, end in inside:
        where = slice(start * SOUND_RATE // 100, end * SOUND_RATE // 100)
        before, after = (np.sqrt(np.mean(sound[where] ** 2)) for sound in (speaker.sound, heard.sound))
        assert -10 < 20 * np.log10(after / before) < -7
    speaking = np.ones(len(speaker.sound), bool)
    for start, end in quiet:
        speaking[start * SOUND_RATE // 100 : end * SOUND_RATE // 100] = False
    np.testing.assert_allclose(heard.sound[speaking], speaker.sound[speaking], atol=1e-3)
    assert np.abs(np.diff(heard.sound - speaker.sound)).max() < 0.02, "no clicks"
    assert heard.analysis is speaker.analysis


def test_the_room_does_not_swell_at_the_end(president):
    """A room that is turned down after the last word stays so: nobody speaks there again."""
    room = np.random.default_rng(0).normal(0, 1e-3, ANALYSIS_RATE)
    voice = voice_of(np.concatenate([room, president.analysis[: 2 * ANALYSIS_RATE], room]))
    part = gated(voice).sound / voice.sound
    for end in (part[: SOUND_RATE // 5], part[-SOUND_RATE // 5 :]):
        np.testing.assert_allclose(end, PAUSE_GAIN, atol=1e-3)


def envelope(sound):
    return np.sqrt(np.convolve(sound**2, np.ones(960) / 960, "same"))[::240]  # 20 ms windows, each 5 ms


@pytest.mark.parametrize("effect", [effect for effect in Effect if effect is not Effect.NONE])
def test_an_effect_changes_the_sound_but_neither_its_time_nor_its_loudness(speaker, effect):
    changed = with_effect(speaker, effect)
    assert changed.analysis is speaker.analysis, "the lips are moved by the voice as it was"
    assert len(changed.sound) == len(speaker.sound)
    assert np.corrcoef(changed.sound, speaker.sound)[0, 1] < 0.97
    assert loudness_of(block_loudness(changed.sound, SOUND_RATE)) == pytest.approx(AIM, abs=1)
    assert np.abs(changed.sound).max() <= CEILING + 1e-4
    before, after = (envelope(v.sound) - envelope(v.sound).mean() for v in (speaker, changed))
    lags = np.arange(-20, 21)
    fits = [np.corrcoef(before[40:-40], np.roll(after, -lag)[40:-40])[0, 1] for lag in lags]
    assert abs(lags[int(np.argmax(fits))] * 5) <= 30, "ms"
    assert max(fits) > 0.75


def test_higher_is_higher_and_deeper_is_deeper():
    tone = np.sin(2 * np.pi * 200 * np.arange(2 * SOUND_RATE) / SOUND_RATE).astype(np.float32) * 0.2
    voice = Voice(tone[::3], tone, SOUND_RATE)

    def hertz(effect):
        sound = with_effect(voice, effect).sound[SOUND_RATE // 2 :][:SOUND_RATE]
        return int(np.abs(np.fft.rfft(sound)).argmax())

    assert hertz(Effect.HIGHER) == pytest.approx(200 * 1.26, rel=0.02)
    assert hertz(Effect.DEEPER) == pytest.approx(200 / 1.26, rel=0.02)


def spectrum(sound, seconds):
    """Mean power over windows of so many s, by Hz * seconds."""
    window = int(seconds * SOUND_RATE)
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[:: window // 2]
    return (np.abs(np.fft.rfft(frames * np.hanning(window))) ** 2).mean(axis=0)


@pytest.mark.parametrize(("effect", "semitones"), [(Effect.HIGHER, 4), (Effect.DEEPER, -4)])
def test_a_whole_voice_is_shifted_by_four_semitones(speaker, effect, semitones):
    """The spectrum on a scale of tenths of semitones, moved by as much, fits best."""
    hertz = 150 * 2 ** (np.arange(0, 430) / 120)
    before, after = (
        np.log(np.interp(hertz, np.arange(2401) * 5, spectrum(sound, 0.2)[:2401]))
        for sound in (speaker.sound, with_effect(speaker, effect).sound)
    )
    shifts = np.arange(-80, 81)
    fits = [np.corrcoef(before[80:-80], np.roll(after, -shift)[80:-80])[0, 1] for shift in shifts]
    assert shifts[int(np.argmax(fits))] / 10 == pytest.approx(semitones, abs=0.6)
    assert max(fits) > 0.9


def test_a_robot_hums_on_one_note(speaker):
    """Nearly all power lies on the multiples of one pitch, whatever the person's does."""
    note = 187.5

    def on_the_note(sound):
        power = spectrum(sound, 0.4)[40:1200]  # 100 to 3000 Hz
        hertz = np.arange(40, 1200) / 0.4
        return power[np.abs(hertz - note * np.round(hertz / note)) < 12].sum() / power.sum()

    assert on_the_note(with_effect(speaker, Effect.ROBOT).sound) > 0.8
    assert on_the_note(speaker.sound) < 0.3


def test_an_echo_comes_back_twice(speaker):
    def alike(sound, seconds):
        away = int(seconds * SOUND_RATE)
        return np.corrcoef(sound[:-away], sound[away:])[0, 1]

    echoed = with_effect(speaker, Effect.ECHO).sound
    for seconds in (0.19, 0.38):
        assert alike(echoed, seconds) > alike(speaker.sound, seconds) + 0.1
    assert abs(alike(echoed, 0.27)) < 0.1, "and not in between"
