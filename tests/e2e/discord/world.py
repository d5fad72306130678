"""A house with the real Discord front end and library, on an in-memory Discord (simcord)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.app import App, house_of, open_app
from bot.artist import Artist
from bot.dialogue import House
from bot.frontends.discord import PARTS, PLATFORM
from bot.frontends.discord.chat import Chat, Timing
from bot.frontends.discord.client import Client
from bot.frontends.discord.serving import make_client
from bot.settings import DiscordSettings, QueueSettings, StorageSettings
from bot.watchdog import Watchdog
from storage import deliveries, jobs, people
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import RULES, settings_in

FAST = Timing(pause=0.05, silence=100.0)  # so long only env.advance_time waits
VOICE_FLAG = 1 << 13
SECONDS = 60.0


@dataclass
class World:
    """Everything that a test looks at."""

    app: App
    client: Client
    env: simcord.Env

    @property
    def chat(self) -> Chat:
        return self.client.listener

    async def idle(self, *users: Any, seconds: float = SECONDS) -> None:
        """Wait until nothing waits, runs or is on its way for somebody, nor is said just now."""
        async with asyncio.timeout(seconds):
            for user in users:
                while await self._is_busy(user):
                    await asyncio.sleep(0.02)
            await asyncio.sleep(2 * FAST.pause)
            while any(task.get_name() == "progress" for task in asyncio.all_tasks()):
                await asyncio.sleep(0.02)

    async def _is_busy(self, user: Any) -> bool:
        async with self.app.database.reading() as work:
            person = await people.find(work, PLATFORM, str(user.id))
            if person is None:
                return False
            return bool(await jobs.live(work, person.id) or await deliveries.undelivered(work, person.id))

    async def until(self, holds: Callable[[], object], seconds: float = SECONDS) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)

    def said_in(self, channel_id: int, *, to: Any = None) -> list[discord.Message]:
        """What the bot shows in a channel, oldest first; private answers only to whom they are for."""
        from simcord.backend.access import can_access_message
        from simcord.results import to_discord_message

        backend = self.env.backend
        stored = backend.messages[channel_id].values()
        return [
            to_discord_message(self.env, message)
            for message in sorted(stored, key=lambda message: message.id)
            if message.author_id == backend.bot_user.id
            and (to is None or can_access_message(self.env, channel_id, message, to))
        ]

    def direct(self, user: Any) -> list[discord.Message]:
        """What the bot shows in somebody's direct messages."""
        return self.said_in(user.dm_channel.id)

    async def voice_message(self, user: Any, content: bytes, channel_id: int | None = None) -> Any:
        """Send a voice message, as Discord's own clients do."""
        backend = self.env.backend
        channel = channel_id or backend.get_dm_channel(user.id).id
        attachment = backend.store_attachments(channel, [("voice-message.ogg", content)])[0]
        attachment |= {"duration_secs": 3.0, "waveform": "AAAA", "content_type": "audio/ogg"}
        stored = backend.create_message(channel, user.id, "", attachments=[attachment], flags=VOICE_FLAG)
        await self.env.settle(timeout=30)
        from simcord.results import to_discord_message

        return to_discord_message(self.env, stored)

    async def photo(self, user: Any, content: bytes = b"my photo", name: str = "selfie.jpg") -> None:
        attachments = self.env.backend.store_attachments(user.dm_channel.id, [(name, content)])
        await user.send_dm("", attachments=attachments)

    async def agrees(self, user: Any) -> None:
        await user.send_dm("hello")
        await user.click(self.direct(user)[-1], label="I agree")

    async def has_character(self, user: Any, photo: bytes = b"my photo") -> None:
        await self.agrees(user)
        await self.photo(user, photo)
        await self.idle(user)
        preview = self.direct(user)[-1]
        await user.select(preview, [options_of(preview)[0].value])
        await self.idle(user)


def options_of(message: discord.Message) -> list[discord.SelectOption]:
    """The options of a message's first select."""
    return next(
        child.options
        for row in message.components
        for child in row.children
        if isinstance(child, discord.SelectMenu)
    )


def labels_of(message: discord.Message) -> list[str]:
    """Labels of a message's buttons."""
    rows = [child for row in message.components for child in row.children]
    return [child.label or "" for child in rows if isinstance(child, discord.Button)]


def server(world: World, *names: str) -> tuple[Any, ...]:
    """Make a server with a channel and members."""
    guild = world.env.create_guild()
    channel = guild.create_text_channel("general")
    return channel, *(guild.add_member(world.env.create_user(name)) for name in names)


@asynccontextmanager
async def discord_world(
    folder: Path,
    artist: Artist,
    *,
    house: House | None = RULES,
    timing: Timing = FAST,
    world: World | None = None,
    settings: DiscordSettings | None = None,
    **options: Any,
) -> AsyncIterator[World]:
    """Run the house on a Discord; `world` is the one from before a restart: its Discord goes on."""
    storage: StorageSettings = settings_in(folder)
    rules = house or house_of(storage)
    ended = asyncio.Event()
    settings = settings or DiscordSettings(_env_file=None)
    queue = QueueSettings(_env_file=None)
    async with open_app(storage, queue, artist, rules, {PLATFORM: PARTS}, watchdog=Watchdog()) as app:
        client = make_client(settings, storage, app, timing)
        if world is not None:
            await world.env.restart_bot(client)
            async with _working(app, client, world.env, artist, ended) as again:
                yield again
            return
        async with (
            simcord.run(client, settle_timeout=30.0, **options) as env,
            _working(app, client, env, artist, ended) as first,
        ):
            yield first


@asynccontextmanager
async def _working(
    app: App, client: Client, env: simcord.Env, artist: Artist, ended: asyncio.Event
) -> AsyncIterator[World]:
    task = asyncio.create_task(app.run({PLATFORM: client.listener}, ended.wait))
    try:
        yield World(app, client, env)
    finally:
        if isinstance(artist, FakeArtist):
            artist.released.set()  # a test that failed must not wait for what hangs
        ended.set()
        await task
        await client.listener.close()
