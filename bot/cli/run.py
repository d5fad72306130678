"""`mytalkcon run`: the bot with all front ends that are set up, until a signal ends it."""

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from bot.app import engine_artist, house_of, open_app
from bot.artist import Artist
from bot.cli.terminal import log_to_stderr
from bot.frontend import Frontend, Parts
from bot.frontends import web
from bot.frontends.web.tabs import Tabs
from bot.settings import QueueSettings, StorageSettings, TelegramSettings, WebSettings
from bot.supervisor import supervise as keep_running
from bot.watchdog import Watchdog

NO_TELEGRAM = "Not on Telegram: MYTALKCON_TELEGRAM_TOKEN is not set."
NO_DISCORD = "Discord is not part of this version yet; it will be set up by MYTALKCON_DISCORD_TOKEN."


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
    queue, web_settings, telegram_settings = QueueSettings(), WebSettings(), TelegramSettings()
    parts: dict[str, Parts] = {web.PLATFORM: web.PARTS}
    on_telegram = bool(telegram_settings.telegram_token.get_secret_value())
    if on_telegram:
        from bot.frontends import telegram  # its library takes a moment to load

        parts[telegram.PLATFORM] = telegram.PARTS
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            open_app(storage, queue, artist, house_of(storage), parts, watchdog=Watchdog())
        )

        def make_chat(tabs: Tabs) -> web.Chat:
            return web.Chat(app.database, app.service, tabs)

        chat, address = await stack.enter_async_context(web.serving(web_settings, make_chat))
        frontends: dict[str, Frontend] = {web.PLATFORM: chat}
        typer.echo(f"Open {address} in a browser: a chat page, on this machine. Ctrl-C ends it.")
        if on_telegram:
            bot = telegram.serving(telegram_settings, app.service, app.operators, app.teller.progress_shown)
            frontends[telegram.PLATFORM] = await stack.enter_async_context(bot)
            typer.echo("On Telegram: the bot whose token is MYTALKCON_TELEGRAM_TOKEN.")
        else:
            typer.echo(NO_TELEGRAM)
        typer.echo(NO_DISCORD)
        await app.run(frontends, stopped.wait)
