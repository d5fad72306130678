"""Editing of raw sound with pydub, which works on integers: fades at both ends.

Only `AudioSegment` on samples in memory is used; pydub's file functions would start ffmpeg.
"""

import warnings

import numpy as np

from engine.arrays import Samples

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # "Couldn't find ffmpeg": it is not wanted; and audioop's farewell
    from pydub import AudioSegment

FADE_IN = 10  # ms
FADE_OUT = 20  # ms
FULL = 2**31 - 1  # of 32-bit samples: finer than the float32 they come from


def fade(sound: Samples, rate: int) -> Samples:
    """Fade in and out, so that a voice cut anywhere begins and ends without a click; the length stays."""
    samples = np.round(sound.astype(np.float64) * FULL).astype("<i4")
    segment = AudioSegment(samples.tobytes(), sample_width=4, frame_rate=rate, channels=1)
    faded = segment.fade_in(FADE_IN).fade_out(FADE_OUT)
    edited = np.frombuffer(faded.raw_data, "<i4").astype(np.float32) / np.float32(FULL)
    return edited[: len(sound)]
