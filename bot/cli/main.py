"""The command line `mytalkcon`: all commands together.

A command's module is read when the command is called: the list of all is there at once, and `make` does not
wait for the libraries of the bot.
"""

import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from bot.cli.terminal import log_to_stderr, with_exit_codes

COMMANDS = {
    "make": "Make a sticker and a talking video from a photo and a voice.",
    "draw": "Draw a photo: writes STYLE.png, STYLE.webp and STYLE.json for each style.",
    "talk": "Make a character that was drawn before say something new.",
    "motion": "Show mouth, lids and head for every frame; `open` and `closed` are measured after the warp.",
    "align": "Cut the square of FFHQ around the face, as StyleGAN2 models expect it.",
    "segment": "Cut the person out of a photo.",
    "styles": "List the drawing styles; add, remove, preview style packs.",
    "bench": "Measure speed and memory of the main job, or the seconds of the networks.",
    "demo": "Make a sticker and a talking video of the sample, or of your own photo and voice.",
    "chat": "Chat with the bot here: type, give paths of photos and sounds, press buttons by their numbers.",
    "run": "Run the bot.",
    "evaluate": "Measure how well the engine does.",
    "weights": "Weight files: list, fetch, add, verify.",
    "generate": "Draw one picture a seed: writes SEED.png for each, and grid.png.",
    "project": "Find the styles of a photo: writes target.png, projected.png and styles.npz.",
    "blend": "Blend BASE (faces) with TUNED (drawings): the shapes of TUNED in the rendering of BASE.",
    "checkpoint": "StyleGAN2 checkpoints: look into one, convert one.",
    "toonify": "Draw a photo in a learned style: writes STYLE.png, STYLE.webp and STYLE.json.",
    "data": "Sets of drawings to learn a style from.",
    "train": "Teach a StyleGAN2 the style of a folder of drawings: snapshots, sample grids, a log.",
    "metrics": "Measure how near a generator comes to a set of drawings: KID, FID, PPL.",
    "jobs": "Jobs of the running bot: list, show, retry, cancel.",
}
"""Each is a module of bot/cli: a function of that name, or a group of commands called `app`."""

TERMINATED = 128 + signal.SIGTERM  # exit code, as a shell reports it

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log details to standard error.")] = False,
) -> None:
    """My talking emoticon: a selfie and a voice note become a sticker and a talking video."""
    log_to_stderr(verbose)


def load(name: str) -> typer.Typer:
    """Read the module of a command."""
    module = import_module(f"bot.cli.{name}")
    group = getattr(module, "app", None)
    if isinstance(group, typer.Typer):
        return group
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(with_exit_codes(getattr(module, name)))
    return single


def _passing_on(name: str) -> Callable[[typer.Context], None]:
    def command(context: typer.Context) -> None:
        load(name)(args=context.args, prog_name=context.command_path)

    return command


for _name, _help in COMMANDS.items():
    app.command(
        _name,
        help=_help,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_passing_on(_name))


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)


def main() -> None:
    """Run the command line and exit: 0, 2 for what the person sent or typed, 1 for our own faults.

    A signal to end unwinds like Ctrl-C: half-written files are removed.
    """
    signal.signal(signal.SIGTERM, _end)
    if Path(".env").is_file():
        from bot.settings import FolderSettings

        FolderSettings().hand_on(os.environ)
    app()
