"""Which phones a voice speaks, and roughly when: hama's recogniser over chunks of a voice.

hama is a CTC network: it names a phone some time after hearing its beginning. How much later is measured in
`alignment`, which turns these emissions into spans.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Samples
from engine.progress import Progress, Stage, silent
from engine.speech.acoustics import RATE
from engine.speech.ipa import sound_of
from engine.voice import ANALYSIS_RATE

CHUNK = 8.0  # s; hama hears at most 30 s at a time, and progress is due each 10 s
_SEEK = 2.0  # s before the end of a chunk in which the quietest place is looked for
CONTEXT = 0.6  # s heard on both sides of a chunk, so that no phone is cut


@dataclass(frozen=True)
class Emission:
    """A phone at the moment the recogniser named it."""

    name: str  # IPA
    seconds: float


@dataclass(frozen=True)
class Phone:
    """A phone with its span in the voice."""

    name: str  # IPA
    start: float  # s
    end: float  # s


def chunks(level: FloatMap, seconds: float) -> Iterator[tuple[float, float]]:
    """Cut a voice into pieces of at most CHUNK seconds at its quietest places.

    Parameters
    ----------
    level : loudness in dB at 100 Hz
    seconds : length of the voice
    """
    start = 0.0
    while seconds - start > CHUNK:
        first, last = round((start + CHUNK - _SEEK) * RATE), round((start + CHUNK) * RATE)
        end = (first + int(np.argmin(level[first:last]))) / RATE
        yield start, end
        start = end
    yield start, seconds


class PhoneRecogniser:
    """hama's network, loaded once. It works in the calling thread and starts no other."""

    def __init__(self) -> None:
        from hama import ASRModel  # 0.1 s that only a voice needs to spend

        self._model = ASRModel()

    def emissions(
        self, samples: Samples, level: FloatMap, lag: float, progress: Progress = silent
    ) -> list[Emission]:
        """Name the phones of a voice.

        Parameters
        ----------
        samples : voice at 16 kHz
        level : its loudness in dB at 100 Hz
        lag : s that an emission comes after the beginning of its phone; decides in which chunk it belongs
        progress : told about the stage `SPEECH` after each chunk

        Raises
        ------
        Cancelled
            by `progress`
        """
        seconds = len(samples) / ANALYSIS_RATE
        found: list[Emission] = []
        for start, end in chunks(level, seconds):
            offset = max(0.0, start - CONTEXT)
            piece = samples[round(offset * ANALYSIS_RATE) : round((end + CONTEXT) * ANALYSIS_RATE)]
            last = end >= seconds
            for emission in self._hear(piece, offset):
                onset = emission.seconds - lag
                if (onset >= start or start == 0) and (onset < end or last):
                    found.append(emission)
            progress(Stage.SPEECH, min(1.0, end / max(seconds, 1e-6)))
        return found

    def _hear(self, piece: Samples, offset: float) -> list[Emission]:
        """Name the phones of one piece; signs that are no phones are merged into the phone before them."""
        spans = self._model.phoneme_spans(self._model.transcribe_waveform(piece, ANALYSIS_RATE))
        found: list[Emission] = []
        for span in spans:
            seconds = offset + span.start_ms / 1000
            if sound_of(span.phoneme) is not None:
                found.append(Emission(span.phoneme, seconds))
            elif found and span.phoneme == "ᵝ" and found[-1].name == "ɯ":
                found[-1] = Emission("ɯᵝ", found[-1].seconds)
        return found
