"""The command line `mytalkcon`: all commands together."""

from typing import Annotated

import typer

from bot.cli import (
    align,
    bench,
    blend,
    chat,
    checkpoint,
    demo,
    draw,
    evaluate,
    generate,
    jobs,
    make,
    motion,
    project,
    run,
    segment,
    styles,
    talk,
    weights,
)
from bot.cli.terminal import log_to_stderr, with_exit_codes

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (
    make.make,
    draw.draw,
    talk.talk,
    motion.motion,
    align.align,
    segment.segment,
    bench.bench,
    demo.demo,
    chat.chat,
    run.run,
    generate.generate,
    project.project,
    blend.blend,
):
    app.command()(with_exit_codes(command))
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(weights.app, name="weights")
app.add_typer(jobs.app, name="jobs")
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(styles.app, name="styles")


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log details to standard error.")] = False,
) -> None:
    """My talking emoticon: a selfie and a voice note become a sticker and a talking video."""
    log_to_stderr(verbose)


def main() -> None:
    """Run the command line and exit: 0, 2 for what the person sent or typed, 1 for our own faults."""
    app()
