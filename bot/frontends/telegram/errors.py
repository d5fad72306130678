"""The error chat: what the log holds of errors is told to those who run the bot, on Telegram itself.

Only what our own code says, kinds of errors and lines of code; never the words of an error, which may hold
what somebody sent or an address with the token.
"""

import asyncio
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telegram.error import TelegramError

from bot.dialogue import Reply
from bot.dialogue.replies import say
from bot.frontends.telegram.address import Address
from bot.frontends.telegram.sending import Sender
from bot.frontends.telegram.trouble import name_of

OURS = ("bot", "engine", "storage")  # loggers
WAITING = 20  # errors; more are counted, not told
FRAMES = 5  # the innermost lines of code

log = logging.getLogger(__name__)


class ErrorChat(logging.Handler):
    """Tells errors in a chat."""

    def __init__(self, sender: Sender, address: Address) -> None:
        super().__init__(logging.ERROR)
        self._sender = sender
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Take an error; any thread may have one."""
        if record.name.partition(".")[0] in OURS:
            self._loop.call_soon_threadsafe(self._take, text_of(record))

    def _take(self, text: str) -> None:
        if self._waiting.full():
            self._left_out += 1
        else:
            self._waiting.put_nowait(text)

    async def run(self) -> None:
        """Tell errors until cancelled."""
        while True:
            text = await self._waiting.get()
            left_out, self._left_out = self._left_out, 0
            more = (say("telegram-more-errors", count=left_out),) if left_out else ()
            reply = Reply("en", (say("telegram-error", error=text), *more))
            try:
                await self._sender.answer(self._address, reply)
            except TelegramError as error:
                log.warning("the error chat cannot be reached: %s", name_of(error))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to the log for the length of the block."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)


def text_of(record: logging.LogRecord) -> str:
    """Write an error without anything that may be private."""
    lines = [f"{record.name}: {record.getMessage()}"]
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        lines.append(name_of(error))
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        lines += [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return "\n".join(lines)
