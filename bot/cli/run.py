"""`mytalkcon run`: the bot with all front ends that are set up, until a signal ends it."""

import asyncio
import signal
from typing import Annotated

import typer

from bot.app import engine_artist, house_of, open_app
from bot.artist import Artist
from bot.cli.terminal import log_to_stderr
from bot.frontend import Frontend
from bot.settings import QueueSettings, StorageSettings
from bot.supervisor import supervise as keep_running
from bot.watchdog import Watchdog


def run(
    supervise: Annotated[
        bool, typer.Option("--supervise", help="Start again whenever the process ends by itself.")
    ] = False,
) -> None:
    """Run the bot."""
    if supervise:
        raise typer.Exit(keep_running(run_once))
    run_once()


def run_once() -> None:
    """Run until SIGTERM or Ctrl-C; the job under way is given back to the queue."""
    log_to_stderr(verbose=False)
    storage = StorageSettings()
    with engine_artist(storage) as artist:
        asyncio.run(_run(storage, artist))


async def _run(storage: StorageSettings, artist: Artist) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    frontends: dict[str, Frontend] = {}
    parts = {platform: frontend.parts for platform, frontend in frontends.items()}
    settings = QueueSettings()
    async with open_app(storage, settings, artist, house_of(storage), parts, watchdog=Watchdog()) as app:
        typer.echo(f"Working on {storage.database}; no chat platform is set up. `mytalkcon chat` talks here.")
        await app.run(frontends, stopped.wait)
