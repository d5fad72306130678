"""`mytalkcon styles`: the drawing styles, and packs of learned ones."""

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli.generate import seeds_of
from bot.cli.studio import check_folder
from bot.cli.terminal import console, language, with_exit_codes
from engine.neural import is_neural, need_neural
from engine.styles import add_style, drawn_styles
from engine.styles.packs import Pack, pack_of, packs, remove_pack, spoilt_packs

app = typer.Typer(
    invoke_without_command=True, help="List the drawing styles; add, remove, preview style packs."
)


@app.callback()
@with_exit_codes
def styles(context: typer.Context) -> None:
    """List the drawing styles, then the packs that were added and what they still lack."""
    if context.invoked_subcommand:
        return
    table = Table(box=None, show_header=False)
    for style in drawn_styles():
        table.add_row(style.id, style.names[language()], style.kind)
    for pack in packs():
        table.add_row(pack.id, pack.names[language()], "toonify", escape("\n".join(words_about(pack))))
    for name, wrong in spoilt_packs().items():
        table.add_row(name, "", "toonify", f"cannot be read: {escape(wrong)}")
    Console(highlight=False).print(table)


def words_about(pack: Pack) -> list[str]:
    """What a person must know about a pack before using it."""
    missing, licences = list(pack.missing()), pack.restrictions()
    if not is_neural():
        missing.append("the extra neural is not installed: pip install -e '.[neural]'")
    words = ["unavailable, no button yet:", *missing] if missing else []
    if licences:
        words.append(f"licence not free for any use: {', '.join(licences)}")
    return words


def check_pack(pack_id: str) -> None:
    """See that a pack of this id was added; a spoilt one counts, too."""
    known = [*(pack.id for pack in packs()), *spoilt_packs()]
    if pack_id not in known:
        there = ", ".join(known) or "none"
        raise typer.BadParameter(f"no style pack is called {pack_id!r}; there are: {there}")


@app.command()
@with_exit_codes
def add(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="With style.toml.")],
) -> None:
    """Check a style pack and keep a copy of it; a running bot offers it at once."""
    pack = add_style(folder)
    console.print(str(pack.folder), *words_about(pack), sep="\n", markup=False)


@app.command()
@with_exit_codes
def remove(pack_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Delete a style pack that was added."""
    check_pack(pack_id)
    remove_pack(pack_id)


@app.command()
@with_exit_codes
def preview(
    pack_id: Annotated[str, typer.Argument(metavar="ID")],
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("preview.png"),
    seeds: Annotated[str, typer.Option(help="0-15, or 1,5,8-10.")] = "0-7",
    columns: Annotated[int, typer.Option(min=1)] = 4,
) -> None:
    """Draw people that do not exist in the style of a pack."""
    numbers = seeds_of(seeds)
    check_pack(pack_id)
    pack = pack_of(pack_id)
    check_folder(out.parent)
    need_neural()
    from engine.stylegan2.draws import draw_seeds
    from engine.stylegan2.packs import blended
    from engine.stylegan2.pictures import sheet

    pictures = list(draw_seeds(blended(pack), numbers, pack.truncation))
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet(pictures, min(columns, len(pictures)))).save(out, "PNG")
    console.print(str(out), markup=False)
