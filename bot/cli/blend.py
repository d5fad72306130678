"""`mytalkcon blend`: coarse layers of one generator, fine layers of another."""

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from bot.cli.generate import CheckpointFile, seeds_of
from bot.cli.studio import check_folder
from bot.cli.terminal import console
from engine.neural import need_neural


def blend(
    base: CheckpointFile,
    tuned: CheckpointFile,
    out: Annotated[Path, typer.Option(help="The blended checkpoint; with --compare a PNG.")],
    swap: Annotated[int, typer.Option(help="Coarse layers end at this resolution, px.")] = 32,
    level: Annotated[int, typer.Option(min=0, max=1, help="First or second layer of it.")] = 0,
    width: Annotated[float | None, typer.Option(help="Layers over which they mix; without it a cut.")] = None,
    reverse: Annotated[
        bool, typer.Option(help="Shapes of BASE, rendering of TUNED; otherwise the other way round.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="All swaps, both directions, as one sheet.")
    ] = False,
    seeds: Annotated[str, typer.Option(help="Rows of the sheet.")] = "0-3",
    person: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="styles.npz of `project`: rows instead of seeds."),
    ] = None,
    truncation: Annotated[float, typer.Option(help="Of the sheet's seeds.")] = 0.7,
) -> None:
    """Blend BASE (faces) with TUNED (drawings): the shapes of TUNED in the rendering of BASE."""
    numbers = [] if person else seeds_of(seeds)
    check_folder(out.parent)
    need_neural()
    from engine.stylegan2.blend import Swap
    from engine.stylegan2.blend import blend as blended
    from engine.stylegan2.checkpoint import read_checkpoint, save_checkpoint, snapshot
    from engine.stylegan2.compare import comparison, swaps_for, with_resolutions
    from engine.stylegan2.projector import read_styles

    faces, drawings = read_checkpoint(base).generator(), read_checkpoint(tuned).generator()
    chosen = Swap(swap, level, width)
    if compare:
        swaps = with_resolutions(chosen, swaps_for(faces.config.resolution))
        people = [read_styles(path, faces) for path in person or []]
        picture = comparison(faces, drawings, swaps, numbers, people, truncation)
        out.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(out, "PNG")
    else:
        low, high = (faces, drawings) if reverse else (drawings, faces)
        save_checkpoint(snapshot(blended(low, high, chosen)), out)
    console.print(str(out), markup=False)
