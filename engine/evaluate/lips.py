"""Do the lips belong to the voice? Measures against voices whose phones are known.

References are phones with begin and duration (the JSON of `pocketsphinx align`), named by ARPAbet in capitals
or else by the IPA. Everything is read at zero lag each 20 ms, from the frame whose time (index / 25 s) is
nearest. The control is the same voice cut into pieces and shuffled: a mouth that only moves a lot scores
there as well as here.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap
from engine.speech.acoustics import RATE, loudness, smooth
from engine.speech.ipa import sound_of
from engine.speech.motion import FPS, Motion
from engine.talking.warp import opening as opening_shown
from engine.voice import ANALYSIS_RATE, Voice

STEP = 0.02  # s between readings
CLOSED = 0.04  # inner-lip gap over mouth width
SHUT = 0.15  # part of the widest opening
NEAR = 0.04  # s around an M, B or P in which the lips must meet
_LARGEST_LAG = 0.4  # s
_PIECE = 0.4  # s, pieces of the shuffled control

Opening = Callable[[Motion], FloatMap]
"""Inner-lip gap over mouth width as shown, float32 (frames,)."""

_CLASSES = MappingProxyType(
    {
        phone: name
        for name, phones in {
            "sil": "SIL",
            "MBP": "M B P",
            "FV": "F V",
            "U": "UW UH W",
            "O": "OW AO OY",
            "A": "AA AE AH AY AW",
            "E": "EH EY ER",
            "I": "IY IH Y",
            "CH": "CH JH SH ZH",
        }.items()
        for phone in phones.split()
    }
)


@dataclass(frozen=True)
class Spoken:
    """A reference phone: name in ARPAbet or IPA, span in s."""

    name: str
    start: float
    end: float

    @property
    def mouth_class(self) -> str:
        """One of `motion.MOUTH_CLASSES`."""
        if self.name in _CLASSES:
            return _CLASSES[self.name]
        sound = None if self.name.isupper() else sound_of(self.name)
        return sound.mouth_class if sound else "C"


@dataclass(frozen=True)
class LipScore:
    """Counts that add up over voices; the shares are properties."""

    readings: int = 0
    agreeing: int = 0
    presses: int = 0
    pressed: int = 0
    silent_readings: int = 0
    shut: int = 0
    open_readings: int = 0
    closed_in_speech: int = 0

    @property
    def agreement(self) -> float:
        """Part of all readings whose mouth class is right."""
        return self.agreeing / max(1, self.readings)

    @property
    def closed_on_mbp(self) -> float:
        """Part of M, B, P with closed lips within NEAR."""
        return self.pressed / max(1, self.presses)

    @property
    def shut_in_silence(self) -> float:
        """Part of the silent readings under SHUT."""
        return self.shut / max(1, self.silent_readings)

    @property
    def closed_elsewhere(self) -> float:
        """Part of the readings in all other phones with closed lips."""
        return self.closed_in_speech / max(1, self.open_readings)

    def __add__(self, other: "LipScore") -> "LipScore":
        return LipScore(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def read_reference(path: Path) -> list[Spoken]:
    """Read known phones from the JSON of `pocketsphinx align`."""
    words = json.loads(path.read_text("utf-8"))["w"]
    phones = [phone for word in words for phone in word["w"]]
    return [Spoken(p["t"], float(p["b"]), float(p["b"]) + float(p["d"])) for p in phones]


def score(motion: Motion, opening: FloatMap, reference: list[Spoken]) -> LipScore:
    """Compare what the mouth does with what was said.

    Parameters
    ----------
    motion : of the voice
    opening : float32 (frames,), inner-lip gap over mouth width
    reference : phones of the voice
    """
    widest = float(opening.max(initial=1e-6))
    total = LipScore()
    for phone in reference:
        kind = phone.mouth_class
        at = _frames_near(_readings(phone), len(motion))
        agreeing = sum(motion.viseme[i] == kind for i in at)
        closed = int((opening[at] < CLOSED).sum())
        counts = LipScore(readings=len(at), agreeing=agreeing)
        if kind == "MBP":
            counts += LipScore(presses=1, pressed=int(closes_near(opening, phone)))
        elif kind == "sil":
            shut = int((opening[at] < SHUT * widest).sum())
            counts += LipScore(silent_readings=len(at), shut=shut)
        else:
            counts += LipScore(open_readings=len(at), closed_in_speech=closed)
        total += counts
    return total


def _readings(phone: Spoken) -> NDArray[np.float64]:
    """Times (s) at the middles of 20 ms steps that lie in the phone."""
    first, last = np.ceil(phone.start / STEP - 0.5), np.ceil(phone.end / STEP - 0.5)
    return np.asarray((np.arange(int(first), int(last)) + 0.5) * STEP, np.float64)


def _frames_near(seconds: NDArray[np.float64], frames: int) -> NDArray[np.int64]:
    return np.clip(np.floor(seconds * FPS + 0.5).astype(np.int64), 0, frames - 1)


def closes_near(opening: FloatMap, phone: Spoken) -> bool:
    """Whether a frame within NEAR of the phone shows closed lips."""
    first = int(np.ceil((phone.start - NEAR) * FPS - 1e-6))
    last = int(np.floor((phone.end + NEAR) * FPS + 1e-6))
    return bool((opening[max(0, first) : last + 1] < CLOSED).any())


def lag_behind_voice(opening: FloatMap, voice: Voice) -> tuple[float, float]:
    """When the mouth follows the voice's envelope best.

    Returns
    -------
    s that the opening comes after the voice (negative: before), and the correlation there
    """
    level = loudness(voice.analysis)
    envelope = smooth(np.asarray(10 ** (level / 20), np.float32), 0.04)
    seconds = np.arange(len(envelope)) / RATE
    mouth = np.interp(seconds, np.arange(len(opening)) / FPS, opening)
    reach = round(_LARGEST_LAG * RATE)
    scores = {}
    for lag in range(-reach, reach + 1):
        late = mouth[max(0, lag) : len(mouth) + min(0, lag)]
        sound = envelope[max(0, -lag) : len(envelope) - max(0, lag)]
        scores[lag] = _correlation(late, sound)
    best = max(scores, key=lambda lag: scores[lag])
    return best / RATE, scores[best]


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(1e-12, float(np.sqrt((a**2).sum() * (b**2).sum()))))


def shuffled(voice: Voice, seed: int) -> Voice:
    """The control: the same sound in pieces of _PIECE seconds, in another order."""
    size = round(_PIECE * ANALYSIS_RATE)
    pieces = [voice.analysis[i : i + size] for i in range(0, len(voice.analysis), size)]
    order = np.random.default_rng(seed).permutation(len(pieces))
    sound = np.concatenate([pieces[i] for i in order])
    return Voice(sound, sound, ANALYSIS_RATE)


@dataclass(frozen=True)
class LipReport:
    """Scores over labelled voices.

    Attributes
    ----------
    score : summed over the voices
    lags : s that the opening comes after the envelope, one a voice
    correlations : of opening and envelope at that lag, one a voice
    widths : how far the mouth opens: 95th percentile of the opening, one a voice
    """

    score: LipScore
    lags: tuple[float, ...]
    correlations: tuple[float, ...]
    widths: tuple[float, ...]


def measure(
    voices: Iterable[tuple[Voice, list[Spoken]]],
    motion_of: Callable[[Voice], Motion],
    opening: Opening = opening_shown,
) -> LipReport:
    """Score a way of moving lips on voices with known phones.

    Parameters
    ----------
    voices : with their reference phones
    motion_of : from a voice to a motion
    opening : how far the mouth is seen open; by default on the standard face after the warp
    """
    total, lags, correlations, widths = LipScore(), [], [], []
    for voice, reference in voices:
        motion = motion_of(voice)
        gap = opening(motion)
        total += score(motion, gap, reference)
        lag, correlation = lag_behind_voice(gap, voice)
        lags.append(lag)
        correlations.append(correlation)
        widths.append(float(np.percentile(gap, 95)))
    return LipReport(total, tuple(lags), tuple(correlations), tuple(widths))
