"""`mytalkcon generate`: pictures from random seeds."""

import re
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from bot.cli.studio import OutFolder, check_folder
from bot.cli.terminal import console
from engine.neural import need_neural

MOST_SEEDS = 10_000
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")

CheckpointFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A generator: .pt, .pkl or .safetensors.")
]


def seeds_of(text: str) -> list[int]:
    """Seeds as a person types them: 0-15, or 1,5,8-10."""
    found: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise typer.BadParameter(f"{part!r} is no seed and no range like 0-15")
        first, last = int(match[1]), int(match[2] or match[1])
        if last - first + len(found) >= MOST_SEEDS:
            raise typer.BadParameter(f"more than {MOST_SEEDS} seeds")
        found += range(first, last + 1)
    if not found:
        raise typer.BadParameter("a range ends after it begins")
    return found


def generate(
    checkpoint: CheckpointFile,
    seeds: Annotated[str, typer.Option(help="0-15, or 1,5,8-10.")] = "0-15",
    truncation: Annotated[float, typer.Option(help="1 is as drawn, 0 is the mean picture.")] = 0.7,
    out: OutFolder = Path("out"),
    columns: Annotated[int, typer.Option(min=1, help="Of the grid.")] = 4,
) -> None:
    """Draw one picture a seed: writes SEED.png for each, and grid.png."""
    numbers = seeds_of(seeds)
    check_folder(out)
    need_neural()
    from engine.stylegan2.checkpoint import read_checkpoint
    from engine.stylegan2.draws import draw_seeds
    from engine.stylegan2.pictures import sheet

    generator = read_checkpoint(checkpoint).generator()
    out.mkdir(parents=True, exist_ok=True)
    pictures = []
    for seed, picture in zip(numbers, draw_seeds(generator, numbers, truncation), strict=True):
        Image.fromarray(picture).save(out / f"{seed:04}.png")
        pictures.append(picture)
    Image.fromarray(sheet(pictures, min(columns, len(pictures)))).save(out / "grid.png")
    console.print(f"{len(pictures)} pictures, {out / 'grid.png'}", markup=False)
