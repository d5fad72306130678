"""`mytalkcon segment`: the matte of a photo."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from bot.cli.studio import PhotoFile, engine_thread, read, wait_for
from bot.cli.terminal import console, say
from engine.engine import Engine
from engine.progress import Progress


def segment(
    photo: PhotoFile,
    out: Annotated[Path, typer.Option(help="PNG to write: the photo with the matte as its alpha.")] = Path(
        "matte.png"
    ),
) -> None:
    """Cut the person out of a photo."""

    def work(engine: Engine, report: Progress) -> None:
        upright, face = engine.cut_out(engine.decoder.photo(read(photo)), report)
        say(face.notices)
        alpha = np.rint(face.matte * 255).astype(np.uint8)
        out.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.dstack([upright.pixels, alpha])).save(out, "PNG")

    with engine_thread() as thread:
        wait_for(thread, work)
    console.print(str(out), markup=False)
