"""`mytalkcon talk`: a character speaks again, without its photo."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.report import Made, print_made
from bot.cli.studio import (
    AsJson,
    Background,
    Caption,
    HowItFeels,
    HowItSounds,
    Looks,
    OutFolder,
    Seed,
    VoiceFile,
    check_folder,
    engine_thread,
    read,
    wait_for,
)
from engine.character import load
from engine.clock import StageClock
from engine.engine import Engine
from engine.progress import Progress, Stage
from engine.speech.effects import Effect
from engine.speech.expressions import Expression


def talk(
    character: Annotated[
        Path, typer.Argument(exists=True, help="Folder of `mytalkcon make`, or a STYLE.json of `draw`.")
    ],
    voice: VoiceFile,
    out: OutFolder = Path("out"),
    background: Background = "",
    caption: Caption = "",
    expression: HowItFeels = Expression.NEUTRAL,
    effect: HowItSounds = Effect.NONE,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Make a character that was drawn before say something new."""
    check_folder(out)
    looks = Looks(background, caption, expression, effect)

    def work(engine: Engine, report: Progress) -> Made:
        clock = StageClock(report)
        clock(Stage.DECODE, 0.0)
        scene, sound = looks.scene(engine), engine.decoder.voice(read(voice))
        said = engine.speak(load(character), sound, out, seed, clock, scene, expression, effect)
        return Made(said.files, said.notices, clock.seconds())

    with engine_thread() as thread:
        print_made(wait_for(thread, work), as_json)
