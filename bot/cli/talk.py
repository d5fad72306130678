"""`mytalkcon talk`: a character speaks again, without its photo; or a photo speaks as it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.engines import print_comparison
from bot.cli.report import Made, print_made
from bot.cli.studio import (
    ALL,
    AsJson,
    Background,
    Caption,
    HowItFeels,
    HowItSounds,
    Manner,
    OutFolder,
    Seed,
    SpokenBy,
    VoiceFile,
    check_folder,
    engine_thread,
    read,
    wait_for,
)
from engine.character import Character, load
from engine.clock import StageClock
from engine.engine import Engine
from engine.evaluate.engines import Comparison, available, side_by_side
from engine.progress import Progress, Stage
from engine.speech.effects import Effect
from engine.speech.expressions import Expression
from engine.talking.animator import TalkingEngine
from engine.talking.sadtalker.options import parsed


def talk(
    character: Annotated[
        Path,
        typer.Argument(
            exists=True, help="Folder of `mytalkcon make`, a STYLE.json of `draw`, or a photo, as it is."
        ),
    ],
    voice: VoiceFile,
    out: OutFolder = Path("out"),
    background: Background = "",
    caption: Caption = "",
    expression: HowItFeels = Expression.NEUTRAL,
    effect: HowItSounds = Effect.NONE,
    engine_name: SpokenBy = "",
    sadtalker: Annotated[
        str, typer.Option(help="Options of SadTalker, such as still,pose_style=3; docs/sadtalker.md has all.")
    ] = "",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Make a character that was drawn before say something new."""
    check_folder(out)
    parsed(sadtalker)
    if engine_name == ALL:
        all_engines(character, voice, out, seed, as_json)
        return
    chosen = TalkingEngine(engine_name) if engine_name else None
    manner = Manner(background, caption, expression, effect)

    def work(engine: Engine, report: Progress) -> Made:
        clock = StageClock(report)
        clock(Stage.DECODE, 0.0)
        scene, sound = manner.scene(engine), engine.decoder.voice(read(voice))
        speaker = character_of(engine, character, clock, [chosen] if chosen else [])
        said = engine.speak(
            speaker,
            sound,
            out,
            seed,
            clock,
            scene,
            expression,
            effect,
            chosen,
            {TalkingEngine.SADTALKER: sadtalker} if sadtalker else None,
        )
        return Made(said.files, said.notices, clock.seconds())

    with engine_thread() as thread:
        print_made(wait_for(thread, work), as_json)


def all_engines(place: Path, voice: Path, out: Path, seed: int, as_json: bool) -> None:
    """Let every engine say it, side by side."""

    def work(engine: Engine, report: Progress) -> Comparison:
        sound = engine.decoder.voice(read(voice))
        speaker = character_of(engine, place, report, list(available(engine)[0]))
        return side_by_side(engine, speaker, sound, out, seed, report)

    with engine_thread() as thread:
        print_comparison(wait_for(thread, work), as_json)


def character_of(
    engine: Engine, place: Path, report: Progress, engines: Sequence[TalkingEngine]
) -> Character:
    """Character of a folder or a JSON file; of any other file the person in it, whom `engines` study."""
    if place.is_dir() or place.suffix == ".json":
        return load(place)
    return engine.photo_character(engine.decoder.photo(read(place)), report, engines)
