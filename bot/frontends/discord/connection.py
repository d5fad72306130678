"""Being on Discord: connect, stay connected, and keep to ourselves what the library would log."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import time

import aiohttp
import discord
from discord.utils import MISSING

from bot.app import App
from bot.frontends.discord.chat import PLATFORM, Chat, Timing
from bot.frontends.discord.client import Client
from bot.frontends.discord.invalid import InvalidRequests
from bot.frontends.discord.missed import LATELY, PEOPLE
from bot.settings import DiscordSettings, StorageSettings
from storage import people

LONGEST_WAIT = 300.0  # s between tries to connect
UNREACHABLE = (
    OSError,
    aiohttp.ClientError,
    asyncio.TimeoutError,
    discord.HTTPException,
    discord.GatewayNotFound,
)
PRIVATE = re.compile(r"\d{15,}|(?<=/)[\w.-]{40,}")  # ids of people and channels, tokens of interactions

log = logging.getLogger(__name__)


class NothingPrivate(logging.Filter):
    """Takes ids and tokens out of what the library logs about its requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter; everything is logged, but without what is private."""
        record.msg, record.args = PRIVATE.sub("...", record.getMessage()), None
        return True


@asynccontextmanager
async def serving(
    settings: DiscordSettings,
    storage: StorageSettings,
    app: App,
    timing: Timing = Timing(),  # noqa: B008
) -> AsyncIterator[Chat]:
    """Be on Discord; gives the front end. Nobody waits for Discord: it is tried until it answers."""
    client = make_client(settings, storage, app, timing)
    token = settings.discord_token.get_secret_value()
    filters = [
        (logging.getLogger(name), NothingPrivate()) for name in ("discord.http", "discord.webhook.async_")
    ]
    for logger, private in filters:
        logger.addFilter(private)
    connected = asyncio.create_task(stay_connected(client, token, timing.retry), name="discord")
    try:
        yield client.listener
    finally:
        connected.cancel()
        with suppress(asyncio.CancelledError):
            await connected
        await client.listener.close()
        await client.close()
        for logger, private in filters:
            logger.removeFilter(private)


def make_client(
    settings: DiscordSettings,
    storage: StorageSettings,
    app: App,
    timing: Timing = Timing(),  # noqa: B008
) -> Client:
    """Make the client with its front end."""

    def make_chat(client: discord.Client, invalid: InvalidRequests) -> Chat:
        return Chat(client, app.service, app.teller.progress_shown, invalid, timing)

    async def last_events() -> Sequence[tuple[str, str]]:
        async with app.database.reading() as work:
            return await people.last_events(work, PLATFORM, time() - LATELY, PEOPLE)

    return Client(
        storage.data_dir,
        make_chat,
        app.operators,
        last_events,
        operator_ids=settings.operators,
        guilds=settings.guilds,
    )


async def stay_connected(client: discord.Client, token: str, first_wait: float) -> None:
    """Connect until cancelled; each try waits twice as long, from `first_wait` seconds.

    What cannot be mended by trying again is said once, and the rest of the bot goes on.
    """
    wait = first_wait
    while True:
        try:
            await client.login(token)
            wait = first_wait
            await client.connect()
        except discord.LoginFailure:
            log.error("Discord refuses the token: set MYTALKCON_DISCORD_TOKEN anew and start again")
            return
        except discord.PrivilegedIntentsRequired:
            log.error("Discord refuses our intents, although none is privileged")
            return
        except UNREACHABLE as error:
            log.warning("no connection to Discord (%s), again in %.0f s", type(error).__name__, wait)
        except discord.ConnectionClosed as error:
            log.warning("Discord closed the connection (%s), again in %.0f s", error.code, wait)
        except Exception:  # whatever Discord sends us: the chat page goes on
            log.exception("the connection to Discord failed, again in %.0f s", wait)
        await _reopen(client)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


async def _reopen(client: discord.Client) -> None:
    """Make a client that was closed, or never got in, ready to log in again."""
    await client.http.close()
    client.clear()
    client.http.connector = MISSING  # the old one was closed with its session
    client.loop = asyncio.get_running_loop()
