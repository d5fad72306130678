"""`mytalkcon evaluate`: how well the engine does, measured on folders of one's own."""

from collections.abc import Iterator
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
from engine.voice import Voice

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measure how well the engine does.")


class NothingToMeasure(PersonProblem):
    """The folder does not hold what the measure needs."""

    message_id = "nothing-to-measure"


SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".m4a")
Rate = tuple[str, str, str]  # name, attribute of LipScore, wanted
RATES: tuple[Rate, ...] = (
    ("frame agreement of mouth classes", "agreement", "at least .75"),
    ("closed lips within 40 ms of M, B, P", "closed_on_mbp", "at least .95"),
    ("shut in silence", "shut_in_silence", "at least .95"),
    ("closed elsewhere in speech", "closed_elsewhere", "at most .12"),
)


@app.callback()
def group() -> None:
    """Measure how well the engine does."""


@app.command()
@with_exit_codes
def lips(
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True, file_okay=False, help="NAME.phone.json beside NAME.wav, or folders of these."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Hold mouth shapes against voices whose phones are known (the JSON of `pocketsphinx align`)."""
    folders = [place for place in (folder, *sorted(folder.iterdir())) if any(place.glob("*.phone.json"))]
    if not folders:
        raise NothingToMeasure(f"no *.phone.json in {folder}")

    def work(engine: Engine, report: Progress) -> list[lip_measures.LipReport]:
        return [_measured(engine, place, report) for place in folders]

    def control(engine: Engine, report: Progress) -> lip_measures.LipReport:
        return _measured(engine, folder, report, shuffled=True)

    with engine_thread() as thread:
        found = wait_for(thread, work)
        if folders != [folder]:
            _print_folders(dict(zip([place.name for place in folders], found, strict=True)), as_json)
        else:
            _print_folder(found[0], wait_for(thread, control), as_json)


def _measured(
    engine: Engine, folder: Path, report: Progress, *, shuffled: bool = False
) -> lip_measures.LipReport:
    """Measure all voices of a folder; `shuffled`: cut up, as a control."""

    def voices() -> Iterator[tuple[Voice, list[lip_measures.Spoken]]]:
        for number, phones in enumerate(sorted(folder.glob("*.phone.json"))):
            voice = engine.decoder.voice(read(sound_of(phones)))
            heard = lip_measures.shuffled(voice, number) if shuffled else voice
            yield heard, lip_measures.read_reference(phones)

    return lip_measures.measure(voices(), lambda voice: engine.listen(voice, 0, report).motion)


def _print_folder(real: lip_measures.LipReport, control: lip_measures.LipReport, as_json: bool) -> None:
    rows = [(name, getattr(real.score, key), want, getattr(control.score, key)) for name, key, want in RATES]
    if as_json:
        print_json({name: {"measured": value, "shuffled": cut} for name, value, _, cut in rows})
        return
    table = Table("", "measured", "wanted", "shuffled control", caption=f"{len(real.lags)} voices")
    for name, value, wanted, cut in rows:
        table.add_row(name, f"{value:.3f}", wanted, f"{cut:.3f}")
    for name, values, wanted in (
        ("lag of the mouth behind the voice, s", real.lags, "within .04"),
        ("correlation of opening and voice", real.correlations, ""),
    ):
        table.add_row(name, " ".join(f"{value:.2f}" for value in values), wanted, "")
    Console(highlight=False).print(table)


def _print_folders(found: dict[str, lip_measures.LipReport], as_json: bool) -> None:
    """One row a folder: the rates, then the voice that follows worst and the mouth that opens least."""
    rows = {
        name: [getattr(report.score, key) for _, key, _ in RATES]
        + [max(report.lags, key=abs), min(report.correlations), min(report.widths)]
        for name, report in found.items()
    }
    heads = [key for _, key, _ in RATES] + ["largest_lag", "least_correlation", "least_opening"]
    if as_json:
        print_json({name: dict(zip(heads, row, strict=True)) for name, row in rows.items()})
        return
    table = Table("", *(head.replace("_", " ") for head in heads))
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.2f}" for value in row))
    Console(highlight=False).print(table)


def sound_of(phones: Path) -> Path:
    """The recording beside NAME.phone.json."""
    stem = phones.name.removesuffix(".phone.json")
    for ending in SOUNDS:
        if (sound := phones.with_name(stem + ending)).is_file():
            return sound
    raise NothingToMeasure(f"no recording beside {phones.name}")
