"""`mytalkcon demo`: the main job on the sample photo and voice, or on one's own."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.make import make
from bot.cli.studio import DEFAULT_STYLE, OutFolder
from bot.cli.terminal import language
from engine.weights import WeightStore

VOICES = Path(__file__).parents[2] / "assets" / "voices"  # the project runs from its checkout
SAMPLE_PHOTO = "astronaut.png"

Own = typer.Option(exists=True, dir_okay=False, help="Yours instead of the sample.")


def demo(
    photo: Annotated[Path | None, Own] = None,
    voice: Annotated[Path | None, Own] = None,
    style: Annotated[str, typer.Option(help="See `mytalkcon styles`.")] = DEFAULT_STYLE,
    out: OutFolder = Path("out/demo"),
) -> None:
    """Make a sticker and a talking video of the sample, or of your own photo and voice."""
    photo = photo or WeightStore().locate(SAMPLE_PHOTO)
    voice = voice or VOICES / f"hello_{language()}.ogg"
    make(photo, voice, out, style)
