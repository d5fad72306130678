"""Updates of one chat in their order, chats side by side.

python-telegram-bot either handles one update after the other or gives up all order. What one chat sends
while it is being answered waits here; too much of it is left out, so that a flood costs only who sends it.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.frontends.telegram.albums import Album

WAITING = 100  # updates of one chat
IN_ALL = 1_000_000  # updates that the library may hand to us at once: we do the waiting

log = logging.getLogger(__name__)


@dataclass
class Line:
    """The updates of one chat."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class InOrder(BaseUpdateProcessor):
    """See the module's words."""

    def __init__(self, waiting: int = WAITING) -> None:
        super().__init__(IN_ALL)
        self._waiting = waiting
        self._lines: dict[int, Line] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle an update in its turn: see BaseUpdateProcessor."""
        chat = _chat_of(update)
        line = self._lines.setdefault(chat, Line())
        if line.length >= self._waiting:
            log.warning("an update is left out: one chat sends more than can be answered")
            _forget(coroutine)
            return
        line.length += 1
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            async with line.turn:
                await coroutine
        finally:
            _forget(coroutine)  # it may not even have begun
            if task is not None:
                self._tasks.discard(task)
            line.length -= 1
            if not line.length:
                del self._lines[chat]

    async def give_up(self) -> None:
        """Cancel what is not answered yet: the process stops."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def initialize(self) -> None:
        """Do nothing: see BaseUpdateProcessor."""

    async def shutdown(self) -> None:
        """Do nothing: see BaseUpdateProcessor."""


def _chat_of(update: object) -> int:
    """Name what is to be kept in order: the chat, or the person where there is none."""
    if isinstance(update, Album):
        return update.photos[0].address.chat
    place = (update.effective_chat or update.effective_user) if isinstance(update, Update) else None
    return place.id if place is not None else 0


def _forget(coroutine: Awaitable[Any]) -> None:
    """Close a coroutine that will not be awaited; one that has ended stays as it is."""
    if asyncio.iscoroutine(coroutine):
        coroutine.close()
