"""`mytalkcon run`: the bot with all front ends that are set up, until a signal ends it."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated

import typer

from bot.app import engine_artist, house_of, open_app
from bot.artist import Artist
from bot.cli.terminal import EXIT_PERSON, log_to_stderr, say_what_to_do
from bot.frontend import Frontend, Parts
from bot.frontends import web
from bot.frontends.web.tabs import Tabs
from bot.settings import (
    DiscordSettings,
    EngineSettings,
    QueueSettings,
    StorageSettings,
    TelegramSettings,
    WebSettings,
    check,
)
from bot.supervisor import supervise as keep_running
from bot.watchdog import Watchdog
from engine.errors import PersonProblem

NO_TELEGRAM = "Not on Telegram: MYTALKCON_TELEGRAM_TOKEN is not set; docs/telegram.md tells how."
NO_DISCORD = "Not on Discord: MYTALKCON_DISCORD_TOKEN is not set; docs/discord.md tells how."

log = logging.getLogger(__name__)


def run(
    supervise: Annotated[
        bool, typer.Option("--supervise", help="Start again whenever the process ends by itself.")
    ] = False,
) -> None:
    """Run the bot."""
    check()
    if supervise:
        verbose = log.isEnabledFor(logging.DEBUG)
        raise typer.Exit(keep_running(partial(run_in_child, verbose), for_good=(0, EXIT_PERSON)))
    try:
        run_once()
    except PersonProblem:
        raise
    except Exception:  # whoever reads a service's log needs to know where
        log.exception("the bot has ended")
        raise


def run_in_child(verbose: bool) -> None:
    """Run in a process of its own, which knows nothing of the command line."""
    log_to_stderr(verbose)
    try:
        run_once()
    except PersonProblem as problem:
        say_what_to_do(problem)
        raise SystemExit(EXIT_PERSON) from None


def run_once() -> None:
    """Run until SIGTERM or Ctrl-C; the job under way is given back to the queue."""
    storage = StorageSettings()
    settings = EngineSettings()
    with engine_artist(storage, settings.engine, settings.options) as artist:
        asyncio.run(_run(storage, artist))


async def _run(storage: StorageSettings, artist: Artist) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    queue, web_settings = QueueSettings(), WebSettings()
    telegram_settings, discord_settings = TelegramSettings(), DiscordSettings()
    parts: dict[str, Parts] = {web.PLATFORM: web.PARTS}
    if on_telegram := bool(telegram_settings.telegram_token.get_secret_value()):
        from bot.frontends import telegram  # its library takes half a second to load

        parts[telegram.PLATFORM] = telegram.PARTS
    if on_discord := bool(discord_settings.discord_token.get_secret_value()):
        from bot.frontends import discord  # so does this one

        parts[discord.PLATFORM] = discord.PARTS
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
        if on_discord:
            serving = discord.serving(discord_settings, storage, app)
            frontends[discord.PLATFORM] = await stack.enter_async_context(serving)
        typer.echo(
            "On Telegram: the bot whose token is MYTALKCON_TELEGRAM_TOKEN." if on_telegram else NO_TELEGRAM
        )
        typer.echo(
            "On Discord: the bot whose token is MYTALKCON_DISCORD_TOKEN." if on_discord else NO_DISCORD
        )
        await app.run(frontends, stopped.wait)
