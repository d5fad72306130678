"""`mytalkcon draw`: a photo becomes a character, in one style or in all."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.report import Made, print_made
from bot.cli.studio import (
    DEFAULT_STYLE,
    AsJson,
    OutFolder,
    PhotoFile,
    Seed,
    check_folder,
    engine_thread,
    read,
    wait_for,
)
from engine.character import Character, to_json
from engine.clock import StageClock
from engine.engine import Engine
from engine.media.partial import write_whole
from engine.media.sticker import sticker_png, sticker_webp
from engine.progress import Progress, Stage
from engine.styles import styles as all_styles


def draw(
    photo: PhotoFile,
    out: OutFolder = Path("out"),
    style: Annotated[str, typer.Option(help="See `mytalkcon styles`; `all` for every one.")] = DEFAULT_STYLE,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw a photo: writes STYLE.png, STYLE.webp and STYLE.json for each style."""
    check_folder(out)
    style_ids = [known.id for known in all_styles()] if style == "all" else [style]

    def work(engine: Engine, report: Progress) -> Made:
        clock = StageClock(report)
        clock(Stage.DECODE, 0.0)
        drawn = engine.draw(engine.decoder.photo(read(photo)), style_ids, seed, clock)
        out.mkdir(parents=True, exist_ok=True)
        files = [path for character in drawn.characters for path in write_character(out, character)]
        return Made(tuple(files), drawn.notices, clock.seconds())

    with engine_thread() as thread:
        print_made(wait_for(thread, work), as_json)


def write_character(folder: Path, character: Character) -> list[Path]:
    """Write the three files of a character, named by its style."""
    contents = {
        ".png": sticker_png(character.drawing),
        ".webp": sticker_webp(character.drawing),
        ".json": to_json(character).encode(),
    }
    return [write_whole(folder / f"{character.style}{end}", data) for end, data in contents.items()]
