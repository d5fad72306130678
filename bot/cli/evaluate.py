"""`mytalkcon evaluate`: how well the engine does, measured on folders of one's own."""

from collections.abc import Iterator
from enum import StrEnum
from math import isnan
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from bot.cli.studio import AsJson, Seed, check_folder, engine_thread, read, wait_for
from bot.cli.terminal import print_json, with_exit_codes
from engine.engine import Engine
from engine.errors import PersonProblem
from engine.evaluate import likeness as likenesses
from engine.evaluate import lips as lip_measures
from engine.evaluate.sheets import likeness_plot, style_sheet
from engine.progress import Progress
from engine.styles import style_of
from engine.styles import styles as all_styles
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


PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".heic")


class Half(StrEnum):
    """Which photos are drawn, by their place in the sorted folder; the first is even."""

    EVEN = "even"
    ODD = "odd"


@app.command()
@with_exit_codes
def likeness(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Photos, one person each.")],
    only: Annotated[
        Half | None, typer.Option(help="Draw every second photo, sorted by name; the first is even.")
    ] = None,
    styles: Annotated[str, typer.Option(help="Ids, separated by commas; all styles if left out.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for likeness.png and a contact sheet for each style.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw the people of a folder and look whether each drawing leads back to its photo (needs dlib)."""
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTOS)
    style_ids = [style_of(name.strip()).id for name in styles.split(",") if name.strip()]
    style_ids = style_ids or [style.id for style in all_styles()]
    wanted = None if only is None else list(Half).index(only)
    if out is not None:
        check_folder(out)
    with engine_thread() as thread:
        people = wait_for(
            thread,
            lambda engine, report: likenesses.measure(
                engine, photos, read, style_ids, lambda index: wanted in (None, index % 2), seed, report
            ),
        )
    scores = [likenesses.score(people, style_id) for style_id in style_ids]
    if out is not None:
        write_sheets(out, people, scores)
    if as_json:
        print_json(as_values(people, scores))
    else:
        print_likeness(people, scores, f"{len(people)} of {len(photos)} photos in {folder.name}")


def write_sheets(folder: Path, people: list[likenesses.Person], scores: list[likenesses.StyleScore]) -> None:
    """Write the plot and one contact sheet a style."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(likeness_plot(scores)).save(folder / "likeness.png", "PNG", optimize=True)
    for one in scores:
        Image.fromarray(style_sheet(people, one.style)).save(folder / f"{one.style}.png", "PNG")


def as_values(people: list[likenesses.Person], scores: list[likenesses.StyleScore]) -> dict[str, object]:
    """Everything that the tables show, for machines; what could not be measured is null."""
    known = [
        {
            key: None if isinstance(value, float) and isnan(value) else value
            for key, value in vars(one).items()
        }
        | {"missed": likenesses.missed(people, one.style), "tones": likenesses.by_tone(people, one.style)}
        for one in scores
    ]
    refused = {person.name: person.refused for person in people if person.refused}
    return {"styles": known, "refused": refused, "seconds": likenesses.shared_seconds(people)}


def print_likeness(
    people: list[likenesses.Person], scores: list[likenesses.StyleScore], caption: str
) -> None:
    """Print the table of likeness, the one of skin, and who was missed or refused."""
    to_screen = Console(highlight=False)
    table = Table("style", "people", "rank 1", "rank 5", "own", "others", "seconds", caption=caption)
    for one in scores:
        table.add_row(
            one.style,
            str(one.people),
            *(f"{x:.2f}" for x in (one.rank_1, one.rank_5, one.own, one.others, one.seconds)),
        )
    to_screen.print(table)
    tones = [name for name, _, _ in likenesses.TONES]
    skin = Table(
        "skin", "hue at most", "lift of L", "order of L", *tones, caption="by tone: hue, lift (people)"
    )
    for one in scores:
        parts = likenesses.by_tone(people, one.style).values()
        skin.add_row(
            one.style,
            degrees(one.hue),
            f"{one.lift[0]:+.1f} to {one.lift[1]:+.1f}",
            f"{one.order:.2f}",
            *(f"{degrees(hue)} {lift:+.1f} ({count})" if count else "" for count, hue, lift in parts),
        )
    to_screen.print(skin)
    for one in scores:
        if names := likenesses.missed(people, one.style):
            to_screen.print(f"{one.style} missed: {' '.join(names)}", markup=False)
    for person in people:
        if person.refused:
            why = "counts as missed" if person.counts else "not frontal, left out"
            to_screen.print(f"refused: {person.name} ({person.refused}; {why})", markup=False)
    shared = ", ".join(f"{stage} {spent:.2f}" for stage, spent in likenesses.shared_seconds(people).items())
    to_screen.print(f"median seconds shared by all styles: {shared}", markup=False)


def degrees(hue: float | None) -> str:
    """Difference of hue, or a dash for black and white."""
    return "-" if hue is None else f"{hue:.0f}°"
