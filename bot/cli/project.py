"""`mytalkcon project`: the styles with which a generator draws a photo."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from rich.progress import Progress as Bar

from bot.cli.generate import CheckpointFile
from bot.cli.studio import OutFolder, PhotoFile, check_folder, engine_thread, read, wait_for
from bot.cli.terminal import console, say
from engine.arrays import Pixels
from engine.engine import Engine
from engine.face.alignment import align_ffhq
from engine.face.landmarks import ibug_68
from engine.neural import need_neural
from engine.progress import Progress


class Space(StrEnum):
    """Where the styles are searched."""

    W = "w"
    W_PLUS = "w+"


def project(
    photo: PhotoFile,
    checkpoint: CheckpointFile,
    out: OutFolder = Path("out"),
    space: Annotated[Space, typer.Option(help="One style for all layers (w) or one each (w+).")] = Space.W,
    steps: Annotated[int, typer.Option(min=1)] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    align: Annotated[bool, typer.Option(help="Cut the FFHQ square around the face first.")] = True,
) -> None:
    """Find the styles of a photo: writes target.png, projected.png and styles.npz."""
    check_folder(out)
    need_neural()
    from engine.devices import best_device
    from engine.stylegan2.checkpoint import read_checkpoint
    from engine.stylegan2.perceptual import Distance, pixels_and_edges, placed_lpips
    from engine.stylegan2.pictures import pixels_of, tensor_of_pixels
    from engine.stylegan2.projector import Search, project, save_styles

    device = best_device()
    generator = read_checkpoint(checkpoint).generator().to(device)
    target = square_of(photo, generator.config.resolution, align)
    lpips = placed_lpips()
    distance: Distance = lpips.to(device) if lpips else pixels_and_edges
    console.print(
        "distance: LPIPS" if lpips else "distance: pixels and edges (no LPIPS weights)", markup=False
    )
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("project", total=1.0)
        search = Search(steps=steps, space=space.value)
        found = project(
            generator,
            tensor_of_pixels(target).to(device),
            distance,
            search,
            seed,
            lambda done: bar.update(task, completed=done),
        )
    out.mkdir(parents=True, exist_ok=True)
    Image.fromarray(target).save(out / "target.png")
    Image.fromarray(pixels_of(found.picture)).save(out / "projected.png")
    save_styles(found, out / "styles.npz")
    console.print(
        f"{out / 'projected.png'}: distance {found.distances[0]:.3f} -> {found.distances[-1]:.3f}",
        markup=False,
    )


def square_of(photo: Path, size: int, align: bool) -> Pixels:
    """The part of a photo to draw, uint8 (size, size, 3): around the face, or its middle as it is."""

    def work(engine: Engine, report: Progress) -> Pixels:
        picture = engine.decoder.photo(read(photo))
        if not align:
            pixels = picture.pixels
            side = min(pixels.shape[:2])
            top, left = ((length - side) // 2 for length in pixels.shape[:2])
            middle = Image.fromarray(pixels[top : top + side, left : left + side])
            return np.asarray(middle.resize((size, size), Image.Resampling.LANCZOS))
        found = engine.find_face(picture, report)
        say(found.photo.notices + found.notices)
        return align_ffhq(found.photo.pixels, ibug_68(found.landmarks), size, 4 * size)

    with engine_thread() as thread:
        return wait_for(thread, work)
