"""`mytalkcon styles`: the drawing styles."""

from rich.console import Console
from rich.table import Table

from bot.cli.terminal import language
from engine.styles import styles as all_styles


def styles() -> None:
    """List the drawing styles."""
    table = Table(box=None, show_header=False)
    for style in all_styles():
        table.add_row(style.id, style.names[language()], style.kind)
    Console(highlight=False).print(table)
