"""The voice as the video plays it: silence cut off both ends, and the room behind it turned down in pauses.

Analysis and sound are cut alike, so that lips and voice stay together.
"""

from dataclasses import replace

import numpy as np

from engine.arrays import FloatMap, Samples
from engine.intake.editing import fade
from engine.speech.acoustics import RATE, loudness, pauses
from engine.voice import ANALYSIS_RATE, MIN_SECONDS, Voice

BEFORE, AFTER = 0.3, 0.4  # s of silence that are left at the ends: time to take breath and to close the mouth
PAUSE_GAIN = 10 ** (
    -9 / 20
)  # of the sound in pauses: -9 dB; a room that vanishes altogether is heard as a cut
_CLOSING, _OPENING = 0.12, 0.05  # s, ramps of the gate
_HELD = 0.08  # s after speech in which the gate stays open: the ends of words are soft


def trimmed(voice: Voice) -> Voice:
    """Cut silence off both ends, down to BEFORE and AFTER; a voice keeps at least MIN_SECONDS."""
    level = loudness(voice.analysis)
    quiet = pauses(level)
    first, last = 0.0, voice.seconds
    if quiet and quiet[0][0] == 0:
        first = max(0.0, quiet[0][1] / RATE - BEFORE)
    if quiet and quiet[-1][1] == len(level) and quiet[-1][0] > 0:
        last = min(last, quiet[-1][0] / RATE + AFTER)
    if (first == 0 and last == voice.seconds) or last - first < MIN_SECONDS:
        return voice
    return replace(
        voice,
        analysis=voice.analysis[round(first * ANALYSIS_RATE) : round(last * ANALYSIS_RATE)],
        sound=fade(_cut(voice.sound, voice.sound_rate, first, last), voice.sound_rate),
    )


def gated(voice: Voice) -> Voice:
    """Turn the sound down where nobody speaks; the analysis stays, and so do the lips."""
    gain = _gain(pauses(loudness(voice.analysis)), len(voice.analysis) * RATE // ANALYSIS_RATE + 1)
    at = np.arange(len(voice.sound)) * (RATE / voice.sound_rate)
    return replace(voice, sound=(voice.sound * np.interp(at, np.arange(len(gain)), gain)).astype(np.float32))


def _cut(sound: Samples, rate: int, first: float, last: float) -> Samples:
    return sound[round(first * rate) : round(last * rate)]


def _gain(quiet: list[tuple[int, int]], steps: int) -> FloatMap:
    """PAUSE_GAIN inside pauses, 1 elsewhere, with ramps inside the pauses, none at the ends of the voice."""
    gain = np.ones(steps, np.float32)
    for start, end in quiet:
        step = np.arange(start, min(end, steps))
        since = (step - start) / RATE - _HELD if start > 0 else np.full(len(step), _CLOSING)
        until = (end - step) / RATE if end < steps else np.full(len(step), _OPENING)
        shut = np.clip(np.minimum(since / _CLOSING, until / _OPENING), 0, 1)
        gain[start:end] = 1 - (1 - PAUSE_GAIN) * shut
    return gain
