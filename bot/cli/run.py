"""`mytalkcon run`: the bot with all front ends that are set up, until a signal ends it."""

import asyncio
import signal
from typing import Annotated

import typer

from bot.app import engine_artist, house_of, open_app
from bot.artist import Artist
from bot.cli.terminal import log_to_stderr
from bot.frontends import web
from bot.frontends.web.tabs import Tabs
from bot.settings import QueueSettings, StorageSettings, WebSettings
from bot.supervisor import supervise as keep_running
from bot.watchdog import Watchdog

OTHER_PLATFORMS = (
    "Telegram and Discord are not part of this version yet;"
    " they will be set up by MYTALKCON_TELEGRAM_TOKEN and MYTALKCON_DISCORD_TOKEN."
)


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
    settings, watchdog = QueueSettings(), Watchdog()
    web_settings = WebSettings()
    parts = {web.PLATFORM: web.PARTS}
    async with open_app(storage, settings, artist, house_of(storage), parts, watchdog=watchdog) as app:

        def make_chat(tabs: Tabs) -> web.Chat:
            return web.Chat(app.database, app.service, tabs)

        async with web.serving(web_settings, make_chat) as (chat, address):
            typer.echo(f"Open {address} in a browser: a chat page, on this machine. Ctrl-C ends it.")
            typer.echo(OTHER_PLATFORMS)
            await app.run({web.PLATFORM: chat}, stopped.wait)
