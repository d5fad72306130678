"""A house with the real Discord front end and library, on an in-memory Discord (simcord)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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
from bot.frontends.discord.connection import make_client
from bot.settings import DiscordSettings, QueueSettings, StorageSettings
from bot.watchdog import Watchdog
from storage import deliveries, jobs, people
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import RULES, settings_in

FAST = Timing(pause=0.05, silence=100.0, retry=0.1)  # so long only env.advance_time waits
VOICE_FLAG = 1 << 13
SECONDS = 60.0


class World:
    """Everything that a test looks at; `restart` starts the house anew, Discord goes on."""

    app: App
    client: Client
    env: simcord.Env

    def __init__(self, folder: Path, artist: Artist, house: House | None) -> None:
        self.artist = artist
        self._storage: StorageSettings = settings_in(folder)
        self._rules = house or house_of(self._storage)
        self._house = AsyncExitStack()
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self, timing: Timing, settings: DiscordSettings | None) -> None:
        """Put a house together, with a new client."""
        queue, parts = QueueSettings(_env_file=None), {PLATFORM: PARTS}
        opening = open_app(self._storage, queue, self.artist, self._rules, parts, watchdog=Watchdog())
        self.app = await self._house.enter_async_context(opening)
        settings = settings or DiscordSettings(_env_file=None)
        self.client = make_client(settings, self._storage, self.app, timing)

    def run(self) -> None:
        """Let the house work."""
        self._ended = asyncio.Event()
        self._task = asyncio.create_task(self.app.run({PLATFORM: self.chat}, self._ended.wait))

    async def close(self) -> None:
        """Stop the house, as SIGTERM does."""
        self._ended.set()
        if self._task is not None:
            await self._task
        await self.chat.close()
        await self._house.aclose()

    async def restart(self, timing: Timing = FAST, settings: DiscordSettings | None = None) -> None:
        await self.close()
        await self.open(timing, settings)
        await self.env.restart_bot(self.client)
        self.run()

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
    folder: Path, artist: Artist, *, house: House | None = RULES, **options: Any
) -> AsyncIterator[World]:
    """Run the house on a Discord; without `house` the real styles."""
    world = World(folder, artist, house)
    await world.open(FAST, None)
    async with simcord.run(world.client, settle_timeout=30.0, **options) as env:
        world.env = env
        world.run()
        try:
            yield world
        finally:
            if isinstance(artist, FakeArtist):
                artist.released.set()  # a test that failed must not wait for what hangs
            await world.close()
