"""`mytalkcon talk`: a character speaks again, without its photo."""

from pathlib import Path
from typing import Annotated

import typer
from PIL import ImageColor

from bot.cli.report import Made, print_made
from bot.cli.studio import (
    AsJson,
    HowItFeels,
    HowItSounds,
    OutFolder,
    Seed,
    SpokenBy,
    VoiceFile,
    check_folder,
    engine_thread,
    read,
    wait_for,
)
from engine.character import load
from engine.clock import StageClock
from engine.engine import Engine
from engine.media.caption import MOST_CHARACTERS, square
from engine.media.colour import Colour
from engine.media.talk import BACKGROUND, Scene
from engine.progress import Progress, Stage
from engine.speech.effects import Effect
from engine.speech.expressions import Expression


def talk(
    character: Annotated[
        Path, typer.Argument(exists=True, help="Folder of `mytalkcon make`, or a STYLE.json of `draw`.")
    ],
    voice: VoiceFile,
    out: OutFolder = Path("out"),
    background: Annotated[
        str, typer.Option(help="Behind the character in the MP4s: a colour such as #ffcc00, or a picture.")
    ] = "",
    caption: Annotated[str, typer.Option(help="Your words, shown at the pace of the voice.")] = "",
    expression: HowItFeels = Expression.NEUTRAL,
    effect: HowItSounds = Effect.NONE,
    engine_name: SpokenBy = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Make a character that was drawn before say something new."""
    check_folder(out)
    if len(caption) > MOST_CHARACTERS:
        raise typer.BadParameter(f"a caption has at most {MOST_CHARACTERS} characters")
    colour = _colour(background)

    def work(engine: Engine, report: Progress) -> Made:
        clock = StageClock(report)
        clock(Stage.DECODE, 0.0)
        behind = colour or square(engine.decoder.photo(read(Path(background))).pixels)
        sound = engine.decoder.voice(read(voice))
        said = engine.speak(
            load(character), sound, out, seed, clock, Scene(behind, caption), expression, effect, engine_name
        )
        return Made(said.files, said.notices, clock.seconds())

    with engine_thread() as thread:
        print_made(wait_for(thread, work), as_json)


def _colour(background: str) -> Colour | None:
    """Colour that an option names; None where it is a file."""
    if not background:
        return BACKGROUND
    if Path(background).is_file():
        return None
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError:
        raise typer.BadParameter(f"{background!r} is neither a colour nor a picture") from None
    return red, green, blue
