"""One character and one voice through every engine: side by side in a video, with seconds and lip measures.

The phones are those that were heard, not known ones: the warp, which moves by them, is at home here.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.character import SIZE, Character
from engine.engine import Engine
from engine.errors import EngineError
from engine.evaluate.lips import LipScore, Spoken, lag_behind_voice, score
from engine.face.landmarks import ibug_68
from engine.media.colour import Ground
from engine.media.partial import commit_together
from engine.media.talk import BACKGROUND
from engine.media.video import Mp4Writer
from engine.progress import Progress, silent
from engine.speech.acoustics import RATE, loudness, pauses
from engine.speech.cleaning import gated, trimmed
from engine.speech.motion import Motion
from engine.talking.animator import Animator, Take, TalkingEngine
from engine.talking.warp import Blend
from engine.talking.warp import opening as opening_of
from engine.voice import Voice

LABEL = 40  # px over each picture
INK = (60, 44, 34)  # RGB


@runtime_checkable
class Shows(Protocol):
    """An engine that can say which motion its frames show."""

    def shown(self, take: Take, progress: Progress) -> Motion:
        """Give the motion, as long as `take.motion`."""


@dataclass(frozen=True)
class Lips:
    """How well lips follow a voice.

    Attributes
    ----------
    agreement : part of the moments with the right mouth class; None where an engine tells no classes
    closed_on_mbp, shut_in_silence, closed_elsewhere : see `lips.LipScore`; None without such sounds
    lag, correlation : s behind the voice's envelope, and how well it fits there
    """

    agreement: float | None
    closed_on_mbp: float | None
    shut_in_silence: float | None
    closed_elsewhere: float
    lag: float
    correlation: float


@dataclass(frozen=True)
class Attempt:
    """What one engine made of it.

    Attributes
    ----------
    seconds : that its frames took, without encoding
    unavailable : why there is nothing; "" where there is
    """

    engine: TalkingEngine
    seconds: float = 0.0
    lips: Lips | None = None
    unavailable: str = ""


@dataclass(frozen=True)
class Comparison:
    """All attempts, and the video of those that came about."""

    attempts: tuple[Attempt, ...]
    video: Path
    voice_seconds: float


def available(engine: Engine) -> tuple[dict[TalkingEngine, Animator], dict[TalkingEngine, str]]:
    """Engines that are ready, and why the others are not."""
    ready: dict[TalkingEngine, Animator] = {}
    missing: dict[TalkingEngine, str] = {}
    for name in TalkingEngine:
        try:
            ready[name] = engine.animator(name)
        except EngineError as error:
            missing[name] = error.detail
    return ready, missing


@dataclass
class _Runner:
    """An engine at work: its frames one after the other, timed."""

    frames: Iterator[Pixels]
    gaps: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def next(self) -> Pixels:
        started = time.perf_counter()
        frame = next(self.frames)
        self.seconds += time.perf_counter() - started
        return frame


def side_by_side(
    engine: Engine,
    character: Character,
    voice: Voice,
    folder: Path,
    seed: int = 0,
    progress: Progress = silent,
) -> Comparison:
    """Let every engine that can be had say a voice; writes engines.mp4 into `folder`.

    Raises
    ------
    Cancelled, MediaFailed
    """
    ready, missing = available(engine)
    voice = trimmed(voice)
    heard = engine.listen(voice, seed, progress)
    phones = [Spoken(phone.name, phone.start, phone.end) for phone in heard.phones]
    quiet = pauses(loudness(voice.analysis))
    phones += [Spoken("SIL", begin / RATE, end / RATE) for begin, end in quiet]
    blends = [Blend(i, i, 0.0) for i in range(len(heard.motion))]
    take = Take(character, voice, heard.motion, blends, seed)
    runners = {name: _Runner(actor.frames(take, progress)) for name, actor in ready.items()}
    reader = _MouthReader(engine, character)
    folder.mkdir(parents=True, exist_ok=True)
    writer = Mp4Writer(folder / "engines.mp4", SIZE * len(runners), gated(voice), SIZE + LABEL)
    try:
        ground = Ground.plain(BACKGROUND, SIZE)
        labels = np.hstack([_label(name) for name in runners])
        for _ in blends:
            pictures = []
            for name, runner in runners.items():
                picture = ground.under(runner.next())
                pictures.append(picture)
                if not isinstance(ready[name], Shows):
                    runner.gaps.append(reader.gap(picture))
            writer.write(np.vstack([labels, np.hstack(pictures)]))
        writer.finish()
        (video,) = commit_together(writer.files)
    except BaseException:
        writer.discard()
        raise
    attempts = [Attempt(name, unavailable=why) for name, why in missing.items()]
    for name, runner in runners.items():
        lips = _lips(ready[name], take, runner.gaps, phones, progress)
        attempts.append(Attempt(name, round(runner.seconds, 3), lips))
    order = list(TalkingEngine)
    return Comparison(
        tuple(sorted(attempts, key=lambda one: order.index(one.engine))), video, take.voice.seconds
    )


def _lips(actor: Animator, take: Take, gaps: list[float], phones: list[Spoken], progress: Progress) -> Lips:
    motion = actor.shown(take, progress) if isinstance(actor, Shows) else None
    gap: FloatMap = np.array(gaps, np.float32) if motion is None else opening_of(motion)
    found: LipScore = score(motion or take.motion, gap, phones)
    lag, correlation = lag_behind_voice(gap, take.voice)
    return Lips(
        found.agreement if motion is not None else None,
        found.closed_on_mbp if found.presses else None,
        found.shut_in_silence if found.silent_readings else None,
        found.closed_elsewhere,
        lag,
        correlation,
    )


class _MouthReader:
    """Reads the opening of a mouth off a picture whose face is where the character's is, or near."""

    def __init__(self, engine: Engine, character: Character) -> None:
        self._engine = engine
        self._landmarks = character.landmarks

    def gap(self, picture: Pixels) -> float:
        """Gap of the inner lips over the mouth's width at rest."""
        found = ibug_68(self._engine.landmarks_near(picture, self._landmarks))[:, :2]
        rest = ibug_68(self._landmarks)[:, :2]
        width = float(np.linalg.norm(rest[64] - rest[60]))
        return float(np.linalg.norm(found[66] - found[62])) / max(width, 1.0)


def _label(name: TalkingEngine) -> Pixels:
    band = np.full((LABEL, SIZE, 3), BACKGROUND, np.uint8)
    cv2.putText(band, str(name), (16, LABEL - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.8, INK, 2, cv2.LINE_AA)
    return band
