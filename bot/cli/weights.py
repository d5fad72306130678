"""`mytalkcon weights`: list, fetch, add and verify the weight files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.terminal import console, with_exit_codes
from engine.weights import DEFAULT_FILES, WeightStore, WeightsWrong

UNKNOWN = "unknown, counts as non-commercial"

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Weight files: list, fetch, add, verify.")


@app.command(name="list")
@with_exit_codes
def list_files() -> None:
    """List every weight file: what it is for, its licence, whether it is here."""
    store = WeightStore()
    table = Table(title=str(store.folder))
    table.add_column("file", no_wrap=True, min_width=max(map(len, store.files)))
    for heading in ("for", "licence", "MB", "here"):
        table.add_column(heading)
    for file in store.files.values():
        here = "yes" if (store.folder / file.name).is_file() else "no"
        licence = file.licence or UNKNOWN
        table.add_row(file.name, file.purpose, licence, f"{file.megabytes:.1f}", here)
    Console(highlight=False).print(table)


@app.command()
@with_exit_codes
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Those of the default path by default.")] = None,
) -> None:
    """Download what is missing, check its hash, keep it in the cache folder."""
    store = WeightStore()
    for name in names or [file.name for file in DEFAULT_FILES]:
        say_licence(store, name)
        console.print(f"{store.fetch(name)}", markup=False)


@app.command()
@with_exit_codes
def add(name: str, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Put a weight file that you brought yourself into the cache folder."""
    store = WeightStore()
    say_licence(store, name)
    console.print(f"{store.add(name, file)}", markup=False)


def say_licence(store: WeightStore, name: str) -> None:
    """Name a licence that does not allow every use."""
    if name not in store.files:
        raise typer.BadParameter(f"no weight file is called {name!r}; `mytalkcon weights list` has the names")
    file = store.files[name]
    if not file.is_free:
        console.print(f"{name}: licence not free for any use: {file.licence or UNKNOWN}", markup=False)


@app.command()
@with_exit_codes
def verify() -> None:
    """Check the hashes of all files in the cache folder."""
    store = WeightStore()
    wrong = []
    for name in store.files:
        if not (store.folder / name).is_file():
            verdict = "not here"
        elif store.is_right(name):
            verdict = "right"
        else:
            verdict = "WRONG"
            wrong.append(name)
        print(f"{name}: {verdict}")
    if wrong:
        raise WeightsWrong(f"wrong content: {', '.join(wrong)}; run `mytalkcon weights fetch`")
