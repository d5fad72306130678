"""Which phones a voice speaks, and roughly when: hama's recogniser over chunks of a voice.

hama is a CTC network: it names a phone some time after hearing its beginning. How much later is measured in
`alignment`, which turns these emissions into spans.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np

from engine.arrays import FloatMap, Samples
from engine.progress import Progress, Stage, silent
from engine.speech.acoustics import RATE, smooth
from engine.speech.ipa import sound_of
from engine.voice import ANALYSIS_RATE

CHUNK = 8.0  # s; hama hears at most 30 s at a time, and progress is due each 10 s
_SEEK = 0.5  # part of a chunk at whose end the quietest place is looked for
_WORTH_SHARING = 4.0  # s of voice from which a second thread saves time
WORKERS = 2  # threads; the shortest voices need one, and the renderer wants the other cores
_BLANK_BIAS = (
    -0.95
)  # name a phone rather than none (hama: -0.1); agreement +.001 to +.006 on all sets of clips
_LABIAL_BIAS = 0.35  # rather M, B, P than what sounds alike (N, D, F, V): an eye forgives less than an ear
_FRAME = 0.02  # s, of the network's output
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
    """Cut a voice at its quietest places into pieces of at most CHUNK seconds, as many as keep WORKERS busy.

    Parameters
    ----------
    level : loudness in dB at 100 Hz
    seconds : length of the voice
    """
    rounds = math.ceil(seconds / CHUNK / WORKERS)
    longest = min(CHUNK, seconds / (rounds * WORKERS) / (1 - _SEEK / 2))
    if seconds <= _WORTH_SHARING:
        longest = _WORTH_SHARING
    calm = smooth(level, 0.05)  # a real pause rather than the closure of a stop
    start = 0.0
    while seconds - start > longest:
        first, last = round((start + (1 - _SEEK) * longest) * RATE), round((start + longest) * RATE)
        end = (first + int(np.argmin(calm[first:last]))) / RATE
        yield start, end
        start = end
    yield start, seconds


class PhoneRecogniser:
    """hama's network, loaded once for each of WORKERS threads. hama itself starts no threads."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[_Network] = SimpleQueue()
        for _ in range(WORKERS):
            self._idle.put(_Network())

    def emissions(
        self, samples: Samples, level: FloatMap, lag: float, progress: Progress = silent
    ) -> list[Emission]:
        """Name the phones of a voice.

        Parameters
        ----------
        samples : voice at 16 kHz
        level : its loudness in dB at 100 Hz
        lag : s that an emission comes after the beginning of its phone; decides in which chunk it belongs
        progress : told about the stage `SPEECH` after each chunk, in the calling thread

        Raises
        ------
        Cancelled
            by `progress`; chunks that are being heard are waited for (half a second), others are dropped
        """
        seconds = len(samples) / ANALYSIS_RATE
        pieces = list(chunks(level, seconds))
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="hear")
        try:
            heard = [pool.submit(self._hear, samples, start, end, lag) for start, end in pieces]
            found: list[Emission] = []
            for (_, end), future in zip(pieces, heard, strict=True):
                found += future.result()
                progress(Stage.SPEECH, min(1.0, end / max(seconds, 1e-6)))
        finally:
            pool.shutdown(cancel_futures=True)
        return found

    def _hear(self, samples: Samples, start: float, end: float, lag: float) -> list[Emission]:
        """Name the phones that begin in one chunk, hearing CONTEXT on both of its sides."""
        offset = max(0.0, start - CONTEXT)
        piece = samples[round(offset * ANALYSIS_RATE) : round((end + CONTEXT) * ANALYSIS_RATE)]
        network = self._idle.get()
        try:
            tokens = network.tokens(piece)
        finally:
            self._idle.put(network)
        first = start + lag if start > 0 else 0.0
        last = end + lag if round(end * ANALYSIS_RATE) < len(samples) else math.inf
        named = _named([(token, offset + seconds) for token, seconds in tokens])
        return [emission for emission in named if first <= emission.seconds < last]


class _Network:
    """hama's network with our own reading of it: hama's is the most likely token of each frame, too."""

    def __init__(self) -> None:
        from hama import ASRModel  # 0.1 s that only a voice needs to spend

        model = ASRModel()
        self._session, self._blank = model.session, int(model.blank_id)
        self._names: list[str] = list(model.decoder_tokens)
        sounds = [sound_of(name) for name in self._names]
        bias = [_LABIAL_BIAS if sound and sound.mouth_class == "MBP" else 0.0 for sound in sounds]
        bias[self._blank] = _BLANK_BIAS
        self._bias = np.array(bias, np.float32)

    def tokens(self, samples: Samples) -> list[tuple[str, float]]:
        """Name what is heard in a voice at 16 kHz, with the s at which it is first named."""
        lengths = np.array([len(samples)], np.int64)
        heard = {"waveform": samples.astype(np.float32)[np.newaxis], "waveform_lengths": lengths}
        scores, frames = self._session.run(["log_probs", "out_lengths"], heard)
        best = (np.asarray(scores)[0, : int(np.ravel(frames)[0])] + self._bias).argmax(axis=1).tolist()
        changes = [
            i for i, token in enumerate(best) if token != self._blank and (i == 0 or token != best[i - 1])
        ]
        return [(self._names[best[i]], i * _FRAME) for i in changes]


def _named(tokens: list[tuple[str, float]]) -> list[Emission]:
    """Keep what names a phone; signs that are no phones belong to the phone before them."""
    found: list[Emission] = []
    for name, seconds in tokens:
        if sound_of(name) is not None:
            found.append(Emission(name, seconds))
        elif found and name == "ᵝ" and found[-1].name == "ɯ":
            found[-1] = Emission("ɯᵝ", found[-1].seconds)
    return found
