"""`mytalkcon make`: a photo and a voice become all files at once."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.report import Made, print_made
from bot.cli.studio import (
    DEFAULT_STYLE,
    AsJson,
    Background,
    Caption,
    HowItFeels,
    HowItSounds,
    Manner,
    OutFolder,
    PhotoFile,
    Seed,
    VoiceFile,
    check_folder,
    engine_thread,
    read,
    wait_for,
)
from engine.character import to_json
from engine.clock import StageClock
from engine.engine import Engine
from engine.media.partial import write_whole
from engine.media.sticker import write_sticker
from engine.progress import Progress, Stage
from engine.speech.effects import Effect
from engine.speech.expressions import Expression


def make(
    photo: PhotoFile,
    voice: VoiceFile,
    out: OutFolder = Path("out"),
    style: Annotated[str, typer.Option(help="See `mytalkcon styles`.")] = DEFAULT_STYLE,
    background: Background = "",
    caption: Caption = "",
    expression: HowItFeels = Expression.NEUTRAL,
    effect: HowItSounds = Effect.NONE,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Make a sticker and a talking video from a photo and a voice."""
    check_folder(out)
    manner = Manner(background, caption, expression, effect)

    def work(engine: Engine, report: Progress) -> Made:
        return make_all(engine, read(photo), read(voice), style, manner, seed, out, report)

    with engine_thread() as thread:
        print_made(wait_for(thread, work), as_json)


def make_all(
    engine: Engine,
    photo: bytes,
    voice: bytes,
    style: str,
    manner: Manner,
    seed: int,
    folder: Path,
    report: Progress,
) -> Made:
    """Do the main job: decode, draw, speak, write everything into `folder`."""
    clock = StageClock(report)
    clock(Stage.DECODE, 0.0)
    scene = manner.scene(engine)
    decoded_photo, decoded_voice = engine.decoder.photo(photo), engine.decoder.voice(voice)
    drawn = engine.draw(decoded_photo, [style], seed, clock)
    (character,) = drawn.characters
    folder.mkdir(parents=True, exist_ok=True)
    talk = engine.speak(
        character, decoded_voice, folder, seed, clock, scene, manner.expression, manner.effect
    )
    files = [*write_sticker(folder, character.drawing), *talk.files]
    files.append(write_whole(folder / "character.json", to_json(character).encode()))
    return Made(tuple(files), drawn.notices + talk.notices, clock.seconds())
