"""`mytalkcon toonify`: a photo becomes a character in the style of a pack."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.draw import write_character
from bot.cli.report import Made, print_made
from bot.cli.studio import AsJson, OutFolder, PhotoFile, Seed, check_folder, engine_thread, read, wait_for
from bot.cli.styles import check_pack, words_about
from bot.cli.terminal import console
from engine.clock import StageClock
from engine.engine import Engine
from engine.neural import need_neural
from engine.progress import Progress, Stage
from engine.styles.packs import MOST_STEPS, pack_of


def toonify(
    photo: PhotoFile,
    style: Annotated[str, typer.Option(help="Id of a pack, see `mytalkcon styles`.")],
    out: OutFolder = Path("out"),
    refine: Annotated[
        int | None,
        typer.Option(
            min=0, max=MOST_STEPS, help="Steps of search for the likeness; else what the pack says."
        ),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw a photo in a learned style: writes STYLE.png, STYLE.webp and STYLE.json."""
    check_folder(out)
    check_pack(style)
    need_neural()
    for word in words_about(pack_of(style)):
        console.print(word, markup=False)

    def work(engine: Engine, report: Progress) -> Made:
        clock = StageClock(report)
        clock(Stage.DECODE, 0.0)
        drawn = engine.draw(engine.decoder.photo(read(photo)), [style], seed, clock, refine)
        out.mkdir(parents=True, exist_ok=True)
        (character,) = drawn.characters
        return Made(tuple(write_character(out, character)), drawn.notices, clock.seconds())

    with engine_thread() as thread:
        print_made(wait_for(thread, work), as_json)
