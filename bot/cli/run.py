"""`mytalkcon run`: the bot with all front ends that are set up, until a signal ends it."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated

import typer

from bot.app import App, engine_artist, house_of, open_app
from bot.artist import Artist
from bot.cli.terminal import EXIT_PERSON, log_to_stderr, say_what_to_do
from bot.frontend import Frontend
from bot.frontends import web
from bot.frontends.parts import EVERYWHERE
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
    engine_only: Annotated[
        bool, typer.Option("--engine-only", help="Do jobs only; another process answers people.")
    ] = False,
) -> None:
    """Run the bot."""
    check()
    if supervise:
        verbose = log.isEnabledFor(logging.DEBUG)
        raise typer.Exit(keep_running(partial(run_in_child, verbose, engine_only), for_good=(0, EXIT_PERSON)))
    try:
        run_once(engine_only)
    except PersonProblem:
        raise
    except Exception:  # whoever reads a service's log needs to know where
        log.exception("the bot has ended")
        raise


def run_in_child(verbose: bool, engine_only: bool) -> None:
    """Run in a process of its own, which knows nothing of the command line."""
    log_to_stderr(verbose)
    try:
        run_once(engine_only)
    except PersonProblem as problem:
        say_what_to_do(problem)
        raise SystemExit(EXIT_PERSON) from None


def run_once(engine_only: bool) -> None:
    """Run until SIGTERM or Ctrl-C; the job under way is given back to the queue."""
    storage = StorageSettings()
    settings = EngineSettings()
    with engine_artist(storage, settings.engine, settings.options) as artist:
        asyncio.run(_run(storage, artist, engine_only))


async def _run(storage: StorageSettings, artist: Artist, engine_only: bool = False) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    house, limits = house_of(storage), QueueSettings()
    async with (
        open_app(storage, limits, artist, house, EVERYWHERE, watchdog=Watchdog()) as app,
        AsyncExitStack() as stack,
    ):
        if engine_only:
            frontends: dict[str, Frontend] = {}
            typer.echo(f"Doing jobs of the bot that remembers in {storage.data_dir}. Ctrl-C ends it.")
        else:
            frontends = await _front_ends(stack, app, storage)
        await app.run(frontends, stopped.wait)


async def _front_ends(stack: AsyncExitStack, app: App, storage: StorageSettings) -> dict[str, Frontend]:
    """Start the chat page, and the bots whose tokens are set; say where people are answered."""

    def make_chat(tabs: Tabs) -> web.Chat:
        return web.Chat(app.database, app.service, tabs)

    telegram_settings, discord_settings = TelegramSettings(), DiscordSettings()
    chat, address = await stack.enter_async_context(web.serving(WebSettings(), make_chat))
    frontends: dict[str, Frontend] = {web.PLATFORM: chat}
    typer.echo(f"Open {address} in a browser: a chat page, on this machine. Ctrl-C ends it.")
    if telegram_settings.telegram_token.get_secret_value():
        from bot.frontends import telegram  # its library takes half a second to load

        bot = telegram.serving(telegram_settings, app.service, app.operators, app.teller.progress_shown)
        frontends[telegram.PLATFORM] = await stack.enter_async_context(bot)
        typer.echo("On Telegram: the bot whose token is MYTALKCON_TELEGRAM_TOKEN.")
    else:
        typer.echo(NO_TELEGRAM)
    if discord_settings.discord_token.get_secret_value():
        from bot.frontends import discord  # so does this one

        serving = discord.serving(discord_settings, storage, app)
        frontends[discord.PLATFORM] = await stack.enter_async_context(serving)
        typer.echo("On Discord: the bot whose token is MYTALKCON_DISCORD_TOKEN.")
    else:
        typer.echo(NO_DISCORD)
    return frontends
