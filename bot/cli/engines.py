"""What `talk --engine all` prints."""

from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bot.cli.terminal import print_json
from engine.evaluate.engines import Attempt, Comparison

MEASURES = (
    ("agreement of mouth classes", "agreement"),
    ("closed lips on M, B, P", "closed_on_mbp"),
    ("shut in silence", "shut_in_silence"),
    ("closed elsewhere", "closed_elsewhere"),
    ("lag behind the voice, s", "lag"),
    ("correlation with the voice", "correlation"),
)


def print_comparison(comparison: Comparison, as_json: bool) -> None:
    """Print the table of engines, or the same as JSON, to standard output."""
    if as_json:
        print_json(
            {
                "video": str(comparison.video),
                "voice_seconds": round(comparison.voice_seconds, 3),
                "engines": {str(one.engine): _values(one) for one in comparison.attempts},
            }
        )
        return
    made = [(one, one.lips) for one in comparison.attempts if one.lips is not None]
    caption = f"{comparison.voice_seconds:.1f} s of voice; against the phones that were heard"
    table = Table("", *(str(one.engine) for one, _ in made), caption=caption)
    table.add_row("seconds", *(f"{one.seconds:.1f}" for one, _ in made))
    for name, key in MEASURES:
        values = [getattr(lips, key) for _, lips in made]
        table.add_row(name, *("-" if value is None else f"{value:.2f}" for value in values))
    screen = Console(highlight=False)
    screen.print(table)
    for one in comparison.attempts:
        if one.unavailable:
            screen.print(f"{one.engine} was left out: {one.unavailable}", markup=False)
    screen.print(str(comparison.video), markup=False)


def _values(one: Attempt) -> dict[str, object]:
    if one.lips is None:
        return {"unavailable": one.unavailable}
    return {"seconds": one.seconds, "lips": asdict(one.lips)}
