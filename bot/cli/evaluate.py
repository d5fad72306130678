"""`mytalkcon evaluate`: how well the engine does, measured on folders of one's own."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.studio import AsJson, engine_thread, read, wait_for
from bot.cli.terminal import print_json, with_exit_codes
from engine.engine import Engine
from engine.errors import PersonProblem
from engine.evaluate import lips as lip_measures
from engine.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Measure how well the engine does.")


class NothingToMeasure(PersonProblem):
    """The folder does not hold what the measure needs."""

    message_id = "nothing-to-measure"


SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".m4a")
Rate = tuple[str, str, str]  # name, attribute of LipScore, wanted
RATES: tuple[Rate, ...] = (
    ("frame agreement of mouth classes", "agreement", "at least .60"),
    ("closed lips within 40 ms of M, B, P", "closed_on_mbp", "at least .85"),
    ("shut in silence", "shut_in_silence", "at least .90"),
    ("closed elsewhere in speech", "closed_elsewhere", "at most .15"),
)


@app.callback()
def group() -> None:
    """Measure how well the engine does."""


@app.command()
@with_exit_codes
def lips(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="NAME.phone.json beside NAME.wav.")
    ],
    as_json: AsJson = False,
) -> None:
    """Hold mouth shapes against voices whose phones are known (ARPAbet, JSON of `pocketsphinx align`)."""
    pairs = [(path, sound_of(path)) for path in sorted(folder.glob("*.phone.json"))]
    if not pairs:
        raise NothingToMeasure(f"no *.phone.json in {folder}")

    def work(engine: Engine, report: Progress) -> lip_measures.LipReport:
        voices = [
            (engine.decoder.voice(read(sound)), lip_measures.read_reference(phones))
            for phones, sound in pairs
        ]
        return lip_measures.measure(voices, lambda voice: engine.listen(voice, 0, report).motion)

    with engine_thread() as thread:
        found = wait_for(thread, work)
    rows = [
        (name, getattr(found.real, key), wanted, getattr(found.control, key)) for name, key, wanted in RATES
    ]
    if as_json:
        print_json({name: {"measured": real, "shuffled": control} for name, real, _, control in rows})
        return
    table = Table(
        "", "measured", "wanted", "shuffled control", caption=f"{len(pairs)} voices in {folder.name}"
    )
    for name, real, wanted, control in rows:
        table.add_row(name, f"{real:.3f}", wanted, f"{control:.3f}")
    for name, values, wanted in (
        ("lag of the mouth behind the voice, s", found.lags, "within .04"),
        ("correlation of opening and voice", found.correlations, ""),
    ):
        table.add_row(name, " ".join(f"{value:.2f}" for value in values), wanted, "")
    Console(highlight=False).print(table)


def sound_of(phones: Path) -> Path:
    """The recording beside NAME.phone.json."""
    stem = phones.name.removesuffix(".phone.json")
    for ending in SOUNDS:
        if (sound := phones.with_name(stem + ending)).is_file():
            return sound
    raise NothingToMeasure(f"no recording beside {phones.name}")
