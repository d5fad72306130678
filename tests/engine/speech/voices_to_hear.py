"""How the tests of speech come by their voices."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from engine.evaluate.lips import Spoken
from engine.voice import ANALYSIS_RATE, Voice


def voice_from(samples) -> Voice:
    sound = np.asarray(samples, np.float32)
    return Voice(sound, sound, ANALYSIS_RATE)


def read_voice(path: Path) -> Voice:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=ANALYSIS_RATE)
    with av.open(str(path)) as container:
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
        frames += resampler.resample(None)
    return voice_from(np.clip(np.concatenate([f.to_ndarray().ravel() for f in frames]), -1, 1))


def beginning(voice: Voice, seconds: float) -> Voice:
    """The first seconds of a voice."""
    heard, shown = round(seconds * ANALYSIS_RATE), round(seconds * voice.sound_rate)
    return Voice(voice.analysis[:heard], voice.sound[:shown], voice.sound_rate)


@dataclass(frozen=True)
class LabelledVoice:
    name: str
    voice: Voice
    phones: list[Spoken]
