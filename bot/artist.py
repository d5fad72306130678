"""What the bot needs of the engine: bytes in, files out. The real one runs in the engine thread.

A progress function raises Cancelled when a job is not wanted any more; the engine lets that pass.
"""

import asyncio
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

import numpy as np
from PIL import Image

from bot.kinds import Feeling
from engine.arrays import Pixels
from engine.character import Character, from_json, to_json
from engine.engine import Engine
from engine.errors import Notice
from engine.media.preview import preview_jpeg
from engine.media.sticker import sticker_png, sticker_webp
from engine.progress import Progress, Stage
from engine.speech.expressions import Expression
from engine.styles import styles
from engine.together import Steps
from engine.worker import EngineThread, Work

PREVIEW_FILE = "preview.jpg"
CHARACTER_FILES = ("character.json", "drawing.png")  # what `speak` needs of a character
STICKER_FILES = ("sticker.webp", "sticker.png")
TALK_FILES = ("talk.mp4", "note.mp4", "talk.webm")

NICENESS = 10  # of the engine's threads: 0 is usual, 19 the most modest

Result = TypeVar("Result")


@dataclass(frozen=True)
class Made:
    """Files by name, and words to the person."""

    files: Mapping[str, bytes]
    notices: tuple[Notice, ...] = ()


class Artist(Protocol):
    """Makes pictures and sound. Raises PersonProblem, Cancelled, or our own faults."""

    async def preview(self, photo: bytes, seed: int, progress: Progress) -> Made:
        """Draw a face in every style: PREVIEW_FILE, numbered from 1 in the order of the styles."""

    async def draw(self, photo: bytes, style: str, seed: int, progress: Progress) -> Made:
        """Draw a character: CHARACTER_FILES and STICKER_FILES."""

    async def speak(
        self, character: Mapping[str, bytes], voice: bytes, feeling: Feeling, seed: int, progress: Progress
    ) -> Made:
        """Let a character say a voice: TALK_FILES. `character`: CHARACTER_FILES."""


class EngineArtist:
    """The engine as an Artist.

    Parameters
    ----------
    thread : owner of the engine
    scratch : folder for files on their way; what a crash left there is removed by app.py
    """

    def __init__(self, thread: EngineThread, scratch: Path) -> None:
        self._thread = thread
        self._scratch = scratch

    async def preview(self, photo: bytes, seed: int, progress: Progress) -> Made:
        """See Artist."""

        def work(engine: Engine, report: Progress) -> Made:
            report(Stage.DECODE, 0.0)
            drawn = engine.draw(engine.decoder.photo(photo), [s.id for s in styles()], seed, report)
            report(Stage.ENCODE, 0.0)
            sheet = preview_jpeg([character.drawing for character in drawn.characters])
            return Made({PREVIEW_FILE: sheet}, drawn.notices)

        return await self._run(work, progress)

    async def draw(self, photo: bytes, style: str, seed: int, progress: Progress) -> Made:
        """See Artist."""

        def work(engine: Engine, report: Progress) -> Made:
            report(Stage.DECODE, 0.0)
            drawn = engine.draw(engine.decoder.photo(photo), [style], seed, report)
            report(Stage.ENCODE, 0.0)
            return Made(_files_of(drawn.characters[0]), drawn.notices)

        return await self._run(work, progress)

    async def speak(
        self, character: Mapping[str, bytes], voice: bytes, feeling: Feeling, seed: int, progress: Progress
    ) -> Made:
        """See Artist."""
        expression = Expression(feeling)

        def work(engine: Engine, report: Progress) -> Made:
            report(Stage.DECODE, 0.0)
            heard = engine.decoder.voice(voice)
            speaker = from_json(character["character.json"].decode(), _pixels(character["drawing.png"]))
            self._scratch.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._scratch) as folder:
                talk = engine.speak(speaker, heard, Path(folder), seed, report, expression=expression)
                return Made({path.name: path.read_bytes() for path in talk.files}, talk.notices)

        return await self._run(work, progress)

    async def _run(self, work: Work[Result], progress: Progress) -> Result:
        def behind_people(engine: Engine, report: Progress) -> Result | Steps[Result]:
            make_way()
            return work(engine, report)

        ticket = self._thread.submit(behind_people, report=progress)
        try:
            # shielded: the engine thread sets the result of a ticket that nobody awaits any more, too
            return await asyncio.shield(asyncio.wrap_future(ticket.future))
        except asyncio.CancelledError:
            ticket.cancel()
            raise


def make_way() -> None:
    """Let the calling thread, and those it starts, stand back behind the one that answers people.

    On Linux priorities are a thread's own; elsewhere they are the whole process's, and nothing is done.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def _files_of(character: Character) -> dict[str, bytes]:
    drawing = io.BytesIO()
    Image.fromarray(character.drawing).save(drawing, "PNG")
    return {
        "character.json": to_json(character).encode(),
        "drawing.png": drawing.getvalue(),
        "sticker.webp": sticker_webp(character.drawing),
        "sticker.png": sticker_png(character.drawing),
    }


def _pixels(png: bytes) -> Pixels:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return np.asarray(image.convert("RGBA"))
