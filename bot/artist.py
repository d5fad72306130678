"""What the bot needs of the engine: bytes in, files out. The real one runs in the engine thread.

A progress function raises Cancelled when a job is not wanted any more; the engine lets that pass.
"""

import asyncio
import io
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Protocol, TypeVar

import numpy as np
from PIL import Image

from bot.dialogue.replies import Said, say
from bot.kinds import Background, JobKind, Manner
from engine.arrays import Pixels
from engine.character import SIZE, Character, from_json, to_json
from engine.engine import Engine
from engine.errors import EngineError, Notice, PhotoProblem
from engine.intake import Decoder
from engine.media.caption import square
from engine.media.colour import Colour, Ground
from engine.media.preview import CORNER, TILE, preview_jpeg, rounded
from engine.media.sticker import sticker_png, sticker_webp
from engine.media.talk import BACKGROUND, Scene
from engine.progress import Progress, Stage
from engine.raster import premultiplied, resized
from engine.speech.effects import Effect
from engine.speech.expressions import Expression
from engine.styles import DrawnStyle, LearnedStyle, Style, StyleUnknown, style_of, styles
from engine.styles.packs import PackWrong
from engine.styles.toonify import AT_ONCE
from engine.talking.animator import TalkingEngine
from engine.together import Steps
from engine.worker import EngineThread, Joins, Priority, Ticket, Work

PREVIEW_FILE = "preview.jpg"
CHARACTER_FILES = ("character.json", "drawing.png")  # what `speak` needs of a character
STICKER_FILES = ("sticker.webp", "sticker.png")
TALK_FILES = ("talk.mp4", "note.mp4", "talk.webm")
BACKGROUND_FILE = "background.jpg"  # 512 x 512 px
SCENE_FILE = "scene.jpg"  # the character before it

# Light, so that dark hair stands out, but darker than the white border of a sticker; and one for the night.
COLOURS: Mapping[Background, Colour] = MappingProxyType(
    {
        Background.WARM: BACKGROUND,
        Background.WHITE: (255, 255, 255),
        Background.ROSE: (255, 204, 213),
        Background.LILAC: (218, 204, 255),
        Background.SKY: (181, 222, 255),
        Background.MINT: (189, 236, 208),
        Background.NIGHT: (38, 42, 74),
    }
)
JPEG_QUALITY = 92

log = logging.getLogger(__name__)

SPEAKERS = 4  # people whose frames SadTalker draws at once

NICENESS = 10  # of the engine's threads: 0 is usual, 19 the most modest

Result = TypeVar("Result")


@dataclass(frozen=True)
class Made:
    """Files by name, and words to the person."""

    files: Mapping[str, bytes]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Saying:
    """A voice that a character is to say.

    Attributes
    ----------
    character : its CHARACTER_FILES
    picture : lies behind it instead of the colour, if it can be read
    """

    character: Mapping[str, bytes]
    voice: bytes
    manner: Manner
    picture: bytes | None
    seed: int


class Artist(Protocol):
    """Makes pictures and sound. Raises PersonProblem, Cancelled, or our own faults."""

    def at_once(self, kind: JobKind, style: str | None) -> int:
        """Say how many jobs of a kind and style run side by side; 1: each alone."""

    async def preview(self, photo: bytes, seed: int, progress: Progress) -> Made:
        """Draw a face in every style: PREVIEW_FILE, numbered from 1 in the order of the styles."""

    async def draw(self, photo: bytes, style: str, seed: int, progress: Progress) -> Made:
        """Draw a character: CHARACTER_FILES and STICKER_FILES."""

    async def speak(self, saying: Saying, progress: Progress) -> Made:
        """Let a character say a voice: TALK_FILES."""

    async def background(
        self, photo: bytes, character: Mapping[str, bytes] | None, progress: Progress
    ) -> Made:
        """Make a background of a photo: BACKGROUND_FILE, and SCENE_FILE with a character, if there is one."""

    def remarks(self) -> tuple[Said, ...]:
        """Say to operators what is not as they have set it up, as far as that is known by now."""


class EngineArtist:
    """The engine as an Artist.

    Parameters
    ----------
    thread : owner of the engine
    scratch : folder for files on their way; what a crash left there is removed by app.py
    talking : what makes characters speak
    """

    def __init__(
        self, thread: EngineThread, scratch: Path, talking: TalkingEngine = TalkingEngine.WARP
    ) -> None:
        self._thread = thread
        self._talking = talking
        self._scratch = scratch
        self._missed: Ticket[EngineError | None] | None = None
        if talking is not TalkingEngine.WARP:  # ready before the first voice, and operators hear of it
            self._missed = thread.submit(lambda engine, report: engine.missed(), Priority.OPERATOR)
        thread.submit(lambda engine, report: engine.prepare_packs(), Priority.OPERATOR)

    def at_once(self, kind: JobKind, style: str | None) -> int:
        """See Artist: people whom a network draws, or lets speak, are drawn together."""
        if kind == JobKind.SPEAK:
            return SPEAKERS if self._talking is TalkingEngine.SADTALKER else 1
        return AT_ONCE if kind == JobKind.DRAW and _is_learned(style) else 1

    async def preview(self, photo: bytes, seed: int, progress: Progress) -> Made:
        """See Artist. Learned styles show their pack's picture: drawing in all of them takes too long."""

        def work(engine: Engine, report: Progress) -> Made:
            offered = styles()
            report(Stage.DECODE, 0.0)
            ids = [style.id for style in offered if isinstance(style, DrawnStyle)]
            drawn = engine.draw(engine.decoder.photo(photo), ids, seed, report)
            report(Stage.ENCODE, 0.0)
            own = {character.style: character.drawing for character in drawn.characters}
            tiles = [own[s.id] if s.id in own else pack_tile(s, engine.decoder) for s in offered]
            return Made({PREVIEW_FILE: preview_jpeg(tiles)}, drawn.notices)

        return await self._run(work, progress)

    async def draw(self, photo: bytes, style: str, seed: int, progress: Progress) -> Made:
        """See Artist."""

        def work(engine: Engine, report: Progress) -> Steps[Made]:
            report(Stage.DECODE, 0.0)
            decoded = engine.decoder.photo(photo)
            drawn = yield from engine.drawing(decoded, [style_of(style)], seed, report)
            report(Stage.ENCODE, 0.0)
            return Made(_files_of(drawn.characters[0]), drawn.notices)

        most = self.at_once(JobKind.DRAW, style)
        joins = Joins((JobKind.DRAW, style), most) if most > 1 else None
        asking: Work[Made] = work
        return await self._run(asking, progress, joins)

    async def speak(self, saying: Saying, progress: Progress) -> Made:
        """See Artist."""
        manner = saying.manner
        expression, effect = Expression(manner.feeling), Effect(manner.effect)

        def work(engine: Engine, report: Progress) -> Steps[Made]:
            report(Stage.DECODE, 0.0)
            heard = engine.decoder.voice(saying.voice)
            scene = Scene(behind(engine, manner, saying.picture), manner.caption)
            files = saying.character
            speaker = from_json(files["character.json"].decode(), _pixels(files["drawing.png"]))
            self._scratch.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._scratch) as folder:
                talk = yield from engine.speaking(
                    speaker, heard, Path(folder), saying.seed, report, scene, expression, effect
                )
                return Made({path.name: path.read_bytes() for path in talk.files}, talk.notices)

        most = self.at_once(JobKind.SPEAK, None)
        asking: Work[Made] = work
        return await self._run(asking, progress, Joins(JobKind.SPEAK, most) if most > 1 else None)

    async def background(
        self, photo: bytes, character: Mapping[str, bytes] | None, progress: Progress
    ) -> Made:
        """See Artist."""

        def work(engine: Engine, report: Progress) -> Made:
            report(Stage.DECODE, 0.0)
            decoded = engine.decoder.photo(photo)
            report(Stage.ENCODE, 0.0)
            picture = scene = square(decoded.pixels)
            if character is not None:
                scene = Ground(picture).under(premultiplied(_pixels(character["drawing.png"])))
            return Made({BACKGROUND_FILE: _jpeg(picture), SCENE_FILE: _jpeg(scene)}, decoded.notices)

        return await self._run(work, progress)

    def remarks(self) -> tuple[Said, ...]:
        """See Artist."""
        if self._missed is None or not self._missed.future.done() or self._missed.future.exception():
            return ()  # the log has what was raised, and the first voice will meet it again
        error = self._missed.result()
        if error is None:
            return ()
        return say("operator-stand-in", engine=str(self._talking)), say(error.message_id, **error.values)

    async def _run(self, work: Work[Result], progress: Progress, joins: Joins | None = None) -> Result:
        def behind_people(engine: Engine, report: Progress) -> Result | Steps[Result]:
            make_way()
            return work(engine, report)

        ticket = self._thread.submit(behind_people, report=progress, joins=joins)
        try:
            # shielded: the engine thread sets the result of a ticket that nobody awaits any more, too
            return await asyncio.shield(asyncio.wrap_future(ticket.future))
        except asyncio.CancelledError:
            ticket.cancel()
            raise


def _is_learned(style: str | None) -> bool:
    try:
        return isinstance(style_of(style or ""), LearnedStyle)
    except StyleUnknown:  # removed since it was asked for: the job will say so
        return False


def pack_tile(style: Style, decoder: Decoder) -> Pixels:
    """What stands for a learned style on the page of all styles: its pack's picture, uint8 (512, 512, 4)."""
    tile = np.zeros((SIZE, SIZE, 4), np.uint8)
    if not isinstance(style, LearnedStyle) or not style.pack.preview:
        return tile
    try:
        picture = decoder.photo(style.pack.preview_bytes()).pixels
    except (OSError, PackWrong, PhotoProblem) as error:
        log.warning("the preview of %s cannot be shown: %s", style.id, error)
        return tile
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    tile[..., :3] = resized(picture[top : top + side, left : left + side], SIZE, SIZE)
    tile[..., 3] = np.asarray(rounded(SIZE, round(CORNER * SIZE / TILE)))  # as the card under it
    return tile


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


def behind(engine: Engine, manner: Manner, picture: bytes | None) -> Colour | Pixels:
    """Say what lies behind a character. A voice is not lost for the sake of a picture: it is checked by a job
    of its own, which has told what is wrong with it."""
    if picture is not None:
        try:
            return square(engine.decoder.photo(picture).pixels)
        except PhotoProblem as problem:
            log.info("a background cannot be used: %s (%s)", problem.message_id, problem.detail)
    return COLOURS[manner.background]


def _jpeg(picture: Pixels) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=JPEG_QUALITY)
    return encoded.getvalue()


def _pixels(png: bytes) -> Pixels:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return np.asarray(image.convert("RGBA"))
