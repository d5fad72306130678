"""`mytalkcon data`: sets of drawings to learn a style from."""

import re
from pathlib import Path
from typing import Annotated

import typer
from PIL import ImageColor
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from bot.cli.studio import AsJson, OutFolder, check_folder
from bot.cli.terminal import console, print_json, with_exit_codes

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Sets of drawings to learn a style from.")

_NUMBER = re.compile(r"\d+(\.\d+)?")


@app.callback()
def group() -> None:
    """Sets of drawings to learn a style from."""


def colour_of(text: str | None) -> tuple[int, int, int] | None:
    """A colour as a person types it: white, or #f0f0f0."""
    if text is None:
        return None
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no colour: white, or #f0f0f0") from error


def saturation_of(text: str | None) -> float | str | None:
    """A level of saturation as a person types it."""
    if text is None or text == "set":
        return text
    if not _NUMBER.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is neither `set` nor a number")
    return float(text)


@app.command()
@with_exit_codes
def clean(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Pictures, in folders or not.")
    ],
    out: OutFolder,
    size: Annotated[int, typer.Option(min=16, max=1024, help="Side of the result in px.")] = 256,
    smallest: Annotated[
        int | None, typer.Option(min=16, help="Side in px under which a square is dropped; half of --size.")
    ] = None,
    align: Annotated[
        bool, typer.Option(help="Cut the FFHQ square around the face where one is found.")
    ] = True,
    background: Annotated[str | None, typer.Option(help="Colour behind everybody: white, #f0f0f0.")] = None,
    saturation: Annotated[
        str | None, typer.Option(help="One level for all: `set` (its median), or a mean chroma such as 30.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which pictures to keep and why, and write those as squares: manifest.csv, sheets, pictures."""
    colour, level = colour_of(background), saturation_of(saturation)
    check_folder(out)
    from engine.data.cleaning import Wishes, clean

    columns = (
        TextColumn("{task.description:>7}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done)

        made = clean(folder, out, Wishes(size, smallest, align, colour, level), report)
    if as_json:
        print_json(
            {
                "kept": made.kept,
                "dropped": made.reasons,
                "centred": made.centred,
                "overruled": made.overruled,
                "sheets": [str(path) for path in made.sheets],
            }
        )
        return
    console.print(f"{made.kept} pictures in {out / 'pictures'}", markup=False)
    for reason, count in sorted(made.reasons.items(), key=lambda one: -one[1]):
        console.print(f"  dropped, {reason}: {count}", markup=False)
    if made.centred:
        console.print(f"  kept without a face that was found, from the middle: {made.centred}", markup=False)
    if made.overruled:
        console.print(f"  your word against ours: {made.overruled}", markup=False)
    console.print(
        f"Look at {made.sheets[0].name}; change `keep` in {out / 'manifest.csv'} and call again.",
        markup=False,
    )
