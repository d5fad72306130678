"""An engine that makes nothing but does it as the real one: in a thread, stage by stage, asking for leave.

Used where the engine's pictures do not matter: load, crashes, failures. What it is sent decides what it does:
b"fail" raises, b"no face" refuses, b"hang" hangs, b"slow" takes a second for every stage.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping

import numpy as np

from bot.artist import (
    BACKGROUND_FILE,
    CHARACTER_FILES,
    PREVIEW_FILE,
    SCENE_FILE,
    STICKER_FILES,
    TALK_FILES,
    Made,
    Saying,
    make_way,
)
from bot.dialogue.replies import Said
from bot.kinds import JobKind, Manner
from engine.errors import EngineError, Notice, PersonProblem
from engine.progress import Progress, Stage


class NoFace(PersonProblem):
    message_id = "no-face"


class FakeArtist:
    """Parameters: seconds that a stage lasts, bytes of every file."""

    def __init__(self, stage_seconds: float = 0.0, size: int = 2_000) -> None:
        self.stage_seconds = stage_seconds
        self.size = size
        self.done = 0
        self.together = 1  # drawings that run side by side
        self.spoken: list[tuple[Manner, bytes | None]] = []  # in which manner, before which picture
        self.working = threading.Event()  # while a job is under way
        self.stopped_at = 0.0
        self.released = threading.Event()

    def at_once(self, kind: JobKind, style: str | None) -> int:
        return self.together if kind == JobKind.DRAW else 1

    def remarks(self) -> tuple[Said, ...]:
        return ()

    async def preview(self, photo: bytes, seed: int, progress: Progress) -> Made:
        return await self._make((PREVIEW_FILE,), photo, progress, (Stage.DECODE, Stage.FACE, Stage.DRAW))

    async def draw(self, photo: bytes, style: str, seed: int, progress: Progress) -> Made:
        files = CHARACTER_FILES + STICKER_FILES
        return await self._make(files, photo, progress, (Stage.DECODE, Stage.FACE, Stage.DRAW))

    async def speak(self, saying: Saying, progress: Progress) -> Made:
        self.spoken.append((saying.manner, saying.picture))
        assert set(saying.character) == set(CHARACTER_FILES), sorted(saying.character)
        stages = (Stage.DECODE, Stage.SPEECH, Stage.RENDER, Stage.ENCODE)
        return await self._make(TALK_FILES, saying.voice, progress, stages)

    async def background(
        self, photo: bytes, character: Mapping[str, bytes] | None, progress: Progress
    ) -> Made:
        return await self._make((BACKGROUND_FILE, SCENE_FILE), photo, progress, (Stage.DECODE, Stage.ENCODE))

    async def _make(
        self, names: tuple[str, ...], given: bytes, progress: Progress, stages: tuple[Stage, ...]
    ) -> Made:
        await asyncio.to_thread(self._go_through, given, progress, stages)
        self.done += 1
        notices = (Notice("several-faces"),) if given.startswith(b"two faces") else ()
        return Made({name: f"{name} of ".encode() + given[:20] + bytes(self.size) for name in names}, notices)

    def _go_through(self, given: bytes, progress: Progress, stages: tuple[Stage, ...]) -> None:
        self.working.set()
        try:
            for stage in stages:
                progress(stage, 0.0)
                self._be_bad(given)
                seconds = 1.0 if given.startswith(b"slow") else self.stage_seconds
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    time.sleep(min(0.02, seconds))
                    progress(stage, 0.5)
        finally:
            self.stopped_at = time.monotonic()
            self.working.clear()

    def _be_bad(self, given: bytes) -> None:
        if given.startswith(b"fail"):
            raise EngineError("told to fail")
        if given.startswith(b"no face"):
            raise NoFace("told to find none")
        if given.startswith(b"hang"):
            self.released.wait()


def compute(seconds: float, report: Callable[[], None]) -> None:
    """Work as the engine does: mostly outside the interpreter's lock, partly in it, behind the event loop."""
    make_way()
    end = time.monotonic() + seconds
    pixels = np.random.default_rng(0).random((700, 700), np.float32)
    while time.monotonic() < end:
        report()
        pixels = pixels @ pixels % 1.0
        sum(range(20_000))
