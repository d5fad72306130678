"""The library's client: what it listens to, which commands it knows, and that Discord knows them too."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import discord

from bot.frontends.discord.chat import PLATFORM, Chat
from bot.frontends.discord.commands import Names, Tree
from bot.frontends.discord.controls import Button, Select
from bot.frontends.discord.files import said_by
from bot.frontends.discord.invalid import InvalidRequests
from bot.frontends.discord.missed import missed
from bot.operators import COMMANDS, Operators

INTENTS = discord.Intents(guilds=True, dm_messages=True)  # none that Discord has to approve
LONGEST_WAIT = 60.0  # s that the library waits by itself when we are too fast

LastEvents = Callable[[], Awaitable[Sequence[tuple[str, str]]]]

log = logging.getLogger(__name__)


class Client(discord.Client):
    """The bot on Discord.

    Parameters
    ----------
    folder : where it is kept which commands Discord knows
    make_chat : makes the front end of a client
    last_events : lists who wrote lately, with their newest update
    operator_ids : of those who may use the operators' commands
    guilds : ids of the servers where it may be used; empty: everywhere
    """

    def __init__(
        self,
        folder: Path,
        make_chat: Callable[[discord.Client, InvalidRequests], Chat],
        operators: Operators,
        last_events: LastEvents,
        *,
        operator_ids: frozenset[str] = frozenset(),
        guilds: frozenset[int] = frozenset(),
    ) -> None:
        invalid = InvalidRequests()
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_WAIT,
            http_trace=invalid.trace(),
        )
        self.invalid = invalid
        self.listener = make_chat(self, invalid)
        self._operators = operators
        self._last_events = last_events
        self._operator_ids = operator_ids
        self._known = folder / "discord-commands"
        self.tree = Tree(self, lambda: self.listener, guilds)

    async def setup_hook(self) -> None:
        """Prepare what is needed before the first event."""
        self.add_dynamic_items(Button, Select)
        await self.tree.set_translator(Names())
        await self.sync_commands()

    async def sync_commands(self) -> None:
        """Tell Discord the commands, if they are others than it was told before."""
        translator = self.tree.translator
        if translator is None:
            raise RuntimeError("the commands have no names yet")
        commands = self.tree.get_commands(type=None)
        payload = [await command.get_translated_payload(self.tree, translator) for command in commands]
        written = json.dumps([str(self.application_id), payload], sort_keys=True, default=str)
        wanted = hashlib.sha256(written.encode()).hexdigest()
        if await asyncio.to_thread(_read, self._known) == wanted:
            return
        await self.tree.sync()
        await asyncio.to_thread(self._known.write_text, wanted, "ascii")
        log.info("Discord knows our %d commands now", len(commands))

    async def on_ready(self) -> None:
        """Take what was sent while we were away; a session that is only resumed is not ready anew."""
        async for message in missed(self, await self._last_events()):
            await self.on_message(message)

    async def on_message(self, message: discord.Message) -> None:
        """Take a direct message; in servers only commands are answered."""
        if message.author.bot or message.guild is not None:
            return
        name, _, argument = message.content.strip().partition(" ")
        if name[1:] in COMMANDS and name[0] == "/" and str(message.author.id) in self._operator_ids:
            await self.listener.report(message, await self._operators.answer(PLATFORM, name[1:], argument))
            return
        await self.listener.write(message, said_by(message))


def _read(path: Path) -> str | None:
    return path.read_text("ascii") if path.is_file() else None
