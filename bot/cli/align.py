"""`mytalkcon align`: the FFHQ crop of a photo."""

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from bot.cli.studio import PhotoFile, engine_thread, read, wait_for
from bot.cli.terminal import console, say
from engine.engine import Engine
from engine.face.alignment import align_ffhq
from engine.face.landmarks import ibug_68
from engine.progress import Progress


def align(
    photo: PhotoFile,
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("aligned.png"),
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side in px; 256 suits e4e and pSp.")] = 1024,
) -> None:
    """Cut the square of FFHQ around the face, as StyleGAN2 models expect it."""

    def work(engine: Engine, report: Progress) -> None:
        found = engine.find_face(engine.decoder.photo(read(photo)), report)
        say(found.photo.notices + found.notices)
        transform_size = size if size <= 256 else 4 * size
        aligned = align_ffhq(found.photo.pixels, ibug_68(found.landmarks), size, transform_size)
        out.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(aligned).save(out, "PNG")

    with engine_thread() as thread:
        wait_for(thread, work)
    console.print(str(out), markup=False)
