"""`mytalkcon segment`: the matte of a photo, and its parts."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from bot.cli.studio import PhotoFile, engine_thread, read, wait_for
from bot.cli.terminal import console, say
from engine.arrays import Pixels
from engine.engine import Engine
from engine.face.parts import Parts, group_of, shown
from engine.progress import Progress
from engine.raster import blended, grey, unit

SHOWN = 0.75  # how far classes cover the photo


def segment(
    photo: PhotoFile,
    out: Annotated[Path, typer.Option(help="PNG to write: the photo with the matte as its alpha.")] = Path(
        "matte.png"
    ),
    classes: Annotated[
        bool,
        typer.Option(
            "--classes", help="Show hair, skin, cloth and so on instead (needs the parser's weights)."
        ),
    ] = False,
) -> None:
    """Cut the person out of a photo."""

    def work(engine: Engine, report: Progress) -> dict[str, float]:
        parser = engine.parser() if classes else None
        upright, face = engine.cut_out(engine.decoder.photo(read(photo)), report)
        say(face.notices)
        out.parent.mkdir(parents=True, exist_ok=True)
        if parser is not None:
            parts = parser.parse(upright.pixels, face.landmarks)
            _save_parts(parts, upright.pixels, out)
            return parts.share()
        alpha = np.rint(face.matte * 255).astype(np.uint8)
        Image.fromarray(np.dstack([upright.pixels, alpha])).save(out, "PNG")
        return {}

    with engine_thread() as thread:
        shares = wait_for(thread, work)
    console.print(str(out), markup=False)
    for name, share in sorted(shares.items(), key=lambda pair: -pair[1]):
        console.print(f"{name:<10} {share:6.1%}  {group_of(name)}", markup=False)


def _save_parts(parts: Parts, photo: Pixels, out: Path) -> None:
    """Write the groups' colours over the photo in grey."""
    colours = shown(parts)
    ground = np.dstack([grey(photo)] * 3)
    Image.fromarray(blended(ground, colours[..., :3].copy(), SHOWN * unit(colours[..., 3]))).save(out, "PNG")
