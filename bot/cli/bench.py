"""`mytalkcon bench`: how fast this machine makes stickers and talks."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.demo import SAMPLE_PHOTO, VOICES
from bot.cli.studio import DEFAULT_STYLE, AsJson, engine_thread, read, wait_for
from bot.cli.terminal import print_json
from engine.evaluate.speed import Measure, machine, measure
from engine.neural import need_neural
from engine.weights import WeightStore


class EngineName(StrEnum):
    """What to measure."""

    WARP = "warp"
    STYLEGAN2 = "stylegan2"
    SADTALKER = "sadtalker"
    TOONIFY = "toonify"


def bench(
    photo: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    voice: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    style: Annotated[str, typer.Option(help="See `mytalkcon styles`.")] = DEFAULT_STYLE,
    engine: Annotated[EngineName, typer.Option(help="The default path, or the networks.")] = EngineName.WARP,
    runs: Annotated[int, typer.Option(min=1, help="Medians of so many runs.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory of the main job, or the seconds of the networks."""
    if engine is EngineName.STYLEGAN2:
        bench_stylegan2(runs, as_json)
        return
    if engine is EngineName.SADTALKER:
        bench_sadtalker(runs, as_json)
        return
    photo_bytes = read(photo or WeightStore().locate(SAMPLE_PHOTO))
    if engine is EngineName.TOONIFY:
        need_neural()
        from engine.evaluate.toonify import toonify_measures

        show(toonify_measures(photo_bytes, runs), runs, as_json)
        return
    voice_bytes = read(voice or VOICES / "hello_en.ogg")
    with engine_thread() as thread:
        measures = wait_for(
            thread, lambda engine, report: measure(engine, photo_bytes, voice_bytes, style, runs)
        )
    show(measures, runs, as_json)


def show(measures: list[Measure], runs: int, as_json: bool) -> None:
    """Print what was measured."""
    under = f"{machine()}, {datetime.now(UTC).date()}, medians of {runs}"
    if as_json:
        print_json({"machine": under, "measures": [vars(one) for one in measures]})
        return
    table = Table("", "measured", "wanted", "stages", caption=under)
    for one in measures:
        stages = ", ".join(f"{name} {spent:.2f}" for name, spent in (one.stages or {}).items())
        table.add_row(one.name, f"{one.value:.2f} {one.unit}".strip(), one.wanted, stages)
    Console(highlight=False).print(table)


def bench_stylegan2(runs: int, as_json: bool) -> None:
    """Print seconds a picture beside those of the published code."""
    need_neural()
    from engine.stylegan2.speed import timings

    found = timings(runs)
    under = f"{machine()}, {datetime.now(UTC).date()}, fastest of {runs}, s a picture"
    if as_json:
        print_json({"machine": under, "timings": [vars(one) for one in found]})
        return
    table = Table("256 px", "measured", "published code", "wanted at most", caption=under)
    for one in found:
        published = "-" if one.published is None else f"{one.published:.2f}"
        wanted = "-" if one.wanted is None else f"{one.wanted:.2f}"
        table.add_row(one.name, f"{one.seconds:.3f}", published, wanted)
    Console(highlight=False).print(table)


def bench_sadtalker(runs: int, as_json: bool) -> None:
    """Print operations of each part, and seconds of a frame the published way and ours."""
    need_neural()
    from engine.talking.sadtalker.speed import compare, operations

    parts, found = operations(), compare(runs=runs)
    under = f"{machine()}, {datetime.now(UTC).date()}, fastest of {runs}, 4 frames of 256 px"
    if as_json:
        values = {"parts": [vars(one) for one in parts], "timings": [vars(one) for one in found]}
        print_json({"machine": under, **values})
        return
    table = Table("part", "10^9 multiplications", "once a")
    for part in parts:
        table.add_row(part.name, f"{part.gigamacs:.2f}", part.per)
    timings = Table("256 px", "s a frame", "error", caption=under)
    for one in found:
        timings.add_row(one.name, f"{one.seconds:.2f}", f"{one.error:.1e}")
    Console(highlight=False).print(table, timings)
