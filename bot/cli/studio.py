"""What the commands that draw and speak share: the engine thread, files, waiting with a progress bar."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from PIL import ImageColor

from bot.cli.terminal import progress_bar
from bot.settings import EngineSettings
from engine.engine import Engine
from engine.errors import PersonProblem
from engine.media.caption import MOST_SIGNS, square
from engine.media.colour import Colour
from engine.media.talk import BACKGROUND, Scene
from engine.speech.effects import Effect
from engine.speech.expressions import Expression
from engine.talking.animator import TalkingEngine
from engine.worker import EngineThread, Work

Result = TypeVar("Result")

READ_LIMIT = 130_000_000  # bytes; the engine's own limits are lower and are explained to the person
DEFAULT_STYLE = "webtoon"

PhotoFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A photo of one face.")]
VoiceFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A voice note or any sound.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the files.")]
Seed = Annotated[
    int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same drawing and the same motion.")
]
HowItFeels = Annotated[Expression, typer.Option("--expression", help="What the face shows all the while.")]
HowItSounds = Annotated[Effect, typer.Option("--effect", help="Changes the voice, not the lips.")]
ALL = "all"
ENGINES = (*(str(name) for name in TalkingEngine), ALL)


def _engine(name: str) -> str:
    if name and name not in ENGINES:  # typer asks about the default, too
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(ENGINES)}")
    return name


SpokenBy = Annotated[
    str,
    typer.Option(
        "--engine",
        parser=_engine,
        metavar="|".join(ENGINES),
        show_default=False,
        help="What makes it speak; MYTALKCON_ENGINE when it is left out. `all`: side by side, measured.",
    ),
]
Background = Annotated[
    str, typer.Option(help="Behind the character in the MP4s: a colour such as #ffcc00, or a picture.")
]
Caption = Annotated[str, typer.Option(help="Your words, shown at the pace of the voice.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]


def read(path: Path) -> bytes:
    """Bytes of a file, at most READ_LIMIT of them."""
    with path.open("rb") as file:
        return file.read(READ_LIMIT)


@dataclass(frozen=True)
class Looks:
    """How a talk is to look and sound, as the options say.

    Raises
    ------
    typer.BadParameter
        when the background is neither a colour nor a picture, or the caption is too long
    """

    background: str = ""
    caption: str = ""
    expression: Expression = Expression.NEUTRAL
    effect: Effect = Effect.NONE

    def __post_init__(self) -> None:
        """Say so before the work, not after it."""
        if len(self.caption) > MOST_SIGNS:
            raise typer.BadParameter(f"a caption has at most {MOST_SIGNS} characters")
        if not Path(self.background).is_file():
            _colour(self.background)

    def scene(self, engine: Engine) -> Scene:
        """Read what surrounds the character."""
        picture = Path(self.background)
        if picture.is_file():
            return Scene(square(engine.decoder.photo(read(picture)).pixels), self.caption)
        return Scene(_colour(self.background), self.caption)


def _colour(background: str) -> Colour:
    """Colour that an option names."""
    if not background:
        return BACKGROUND
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError:
        raise typer.BadParameter(f"{background!r} is neither a colour nor a picture") from None
    return red, green, blue


class FolderUnusable(PersonProblem):
    """Files cannot be written where they were asked for."""

    message_id = "folder-unusable"


def check_folder(folder: Path) -> None:
    """Say so before the work, not after it, when nothing can be written into `folder`.

    Raises
    ------
    FolderUnusable
    """
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise FolderUnusable(f"{existing} is no folder that can be written to", folder=str(folder))


@contextmanager
def engine_thread() -> Iterator[EngineThread]:
    """Start the engine in its thread, as the bot does, and stop it at the end."""
    settings = EngineSettings()
    with EngineThread(lambda: Engine(talking=settings.engine, options=settings.options)) as thread:
        yield thread


def wait_for(thread: EngineThread, work: Work[Result]) -> Result:
    """Run a job in the engine thread with a progress bar; Ctrl-C or a signal to end cancels it."""
    with progress_bar() as report:
        ticket = thread.submit(work, report=report)
        try:
            return ticket.result()
        except (KeyboardInterrupt, SystemExit):
            ticket.cancel()
            raise
