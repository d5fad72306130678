"""`mytalkcon metrics`: how near a generator comes to a set of drawings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table

from bot.cli.generate import CheckpointFile
from bot.cli.studio import AsJson
from bot.cli.terminal import console, print_json
from engine.arrays import Pixels
from engine.neural import MetricsMissing, need_neural

Drawings = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Squares of one size, or what `data clean` made.")
]


def metrics(
    checkpoint: CheckpointFile,
    data: Drawings,
    fid: Annotated[
        bool, typer.Option("--fid", help="Frechet distance; needs the weights of Inception.")
    ] = False,
    kid: Annotated[
        bool, typer.Option("--kid", help="Kernel distance; for sets under 2000 pictures.")
    ] = False,
    ppl: Annotated[bool, typer.Option("--ppl", help="Path length; needs the weights of LPIPS.")] = False,
    pictures: Annotated[int, typer.Option(min=2, help="Drawn for FID and KID; published FID: 50000.")] = 1000,
    pairs: Annotated[int, typer.Option(min=1, help="For PPL; published: 50000.")] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure how near a generator comes to a set of drawings: KID, FID, PPL."""
    if not (fid or kid or ppl):
        raise typer.BadParameter("say what to measure: --fid, --kid, --ppl")
    need_neural()
    from engine.devices import best_device, exact_float32
    from engine.stylegan2 import metrics as measures
    from engine.stylegan2.checkpoint import read_checkpoint
    from engine.stylegan2.draws import draw_seeds
    from engine.stylegan2.features import placed_inception, placed_observer
    from engine.stylegan2.perceptual import placed_lpips
    from engine.stylegan2.training.data import drawings_of

    device = best_device()
    generator = read_checkpoint(checkpoint).generator().to(device)
    drawings = drawings_of(data, generator.config.resolution) if fid or kid else None
    if drawings is not None and len(drawings) < 2:
        raise typer.BadParameter("KID and FID compare sets: DATA needs two drawings at least")
    observer = placed_inception(device) if fid else placed_observer(device) if kid else None
    lpips = placed_lpips() if ppl else None
    if ppl and lpips is None:
        raise MetricsMissing("PPL needs LPIPS: mytalkcon weights fetch vgg16-397923af.pth lpips-vgg-0.1.pth")
    rows: list[tuple[str, float, str]] = []
    with Bar(console=console, transient=True) as bar, exact_float32():

        def counted(what: str, made: Iterator[Pixels], total: int) -> Iterator[Pixels]:
            yield from bar.track(made, total, description=what)

        if observer is not None and drawings is not None:
            real = (drawings.pixels(number) for number in range(len(drawings)))
            seeds = range(seed, seed + pictures)
            seen = observer.features(counted("data", real, len(drawings)))
            drawn = observer.features(counted("drawn", draw_seeds(generator, seeds, 1.0), pictures))
            of_what = f"{observer.name}, {len(seen)} and {len(drawn)} pictures"
            if kid:
                found = measures.kid(seen, drawn, seed)
                rows.append(("KID", found.value, f"{of_what}, subsets of {found.subset}"))
                rows.append(("KID, spread of subsets", found.spread, ""))
            if fid:
                rows.append(("FID", measures.fid(seen, drawn), of_what))
        if lpips is not None:
            bar.add_task("path length", total=None)
            length = measures.path_length(generator, lpips.to(device).of_each, pairs, seed)
            rows.append(("PPL", length, f"ppl2_wend, LPIPS, {pairs} pairs"))
    if as_json:
        print_json({name: {"value": value, "of": of_what} for name, value, of_what in rows})
        return
    table = Table("", "value", "of what")
    for name, value, of_what in rows:
        table.add_row(name, f"{value:.5f}" if name.startswith("KID") else f"{value:.2f}", of_what)
    Console(highlight=False).print(table)
