"""From a Voice to a Motion: phones, visemes, prosody."""

import math
from dataclasses import dataclass

from engine.errors import Notice
from engine.progress import Progress, Stage, silent
from engine.speech.acoustics import (
    RATE,
    airy,
    loudness,
    pauses,
    relative_loudness,
    spectral_shape,
    voicing,
)
from engine.speech.alignment import LAG, align
from engine.speech.coarticulation import mouth_of
from engine.speech.expressions import Expression, motion_with
from engine.speech.motion import FPS, Motion
from engine.speech.music import music, without_strays
from engine.speech.phones import Phone, PhoneRecogniser
from engine.speech.prosody import head_of
from engine.voice import Voice

__all__ = ["Heard", "Listener"]

_WORDLESS_SOUND = 1.0  # s of sound for which at least one phone a second is due
_PHONES_PER_SECOND = 1.0  # speech has 8 to 15; below this there are no words


@dataclass(frozen=True)
class Heard:
    """What was heard in a voice.

    Attributes
    ----------
    phones : IPA with spans, in order
    motion : the whole face
    notices : words to the person about the voice
    """

    phones: tuple[Phone, ...]
    motion: Motion
    notices: tuple[Notice, ...] = ()


class Listener:
    """Hears voices; owns the recogniser, which is loaded with it. For one thread at a time."""

    def __init__(self) -> None:
        self._recogniser = PhoneRecogniser()

    def listen(
        self,
        voice: Voice,
        seed: int,
        progress: Progress = silent,
        expression: Expression = Expression.NEUTRAL,
    ) -> Heard:
        """Hear a voice and move a face by it.

        The motion has one frame for each begun 40 ms of the voice, and is a function of voice and seed.

        Parameters
        ----------
        voice : up to 60 s
        seed : of blinks and of the head's sway
        progress : told about the stage `SPEECH` at least each 10 s of voice
        expression : on the face all the while

        Raises
        ------
        Cancelled
            by `progress`
        """
        progress(Stage.SPEECH, 0.0)
        frames = math.ceil(round(voice.seconds * FPS, 6))
        level = loudness(voice.analysis)
        quiet = pauses(level)
        emissions = self._recogniser.emissions(voice.analysis, level, LAG, progress)
        phones = align(emissions, spectral_shape(voice.analysis, level), quiet)
        part = relative_loudness(level)
        musical = music(voice.analysis, part, phones)
        phones = without_strays(phones, musical)
        nobody = airy(voicing(voice.analysis), part) | musical
        mouth = mouth_of(phones, part, quiet, frames, nobody)
        head = head_of(part, quiet, frames, seed)
        sound = voice.seconds - sum(b - a for a, b in quiet) / RATE
        wordless = sound >= _WORDLESS_SOUND and len(phones) < _PHONES_PER_SECOND * sound
        return Heard(
            phones=tuple(phones),
            motion=motion_with(expression, mouth, head, part),
            notices=(Notice("voice-no-words"),) if wordless else (),
        )
