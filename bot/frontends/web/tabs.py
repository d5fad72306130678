"""Open connections: which tabs a visitor has, and what waits to be sent to each."""

import asyncio
import json
import logging
from contextlib import suppress

from aiohttp import web

from bot.frontends.web.frames import Frame
from bot.frontends.web.limits import WebLimits

log = logging.getLogger(__name__)


class Tab:
    """One connection. Messages wait in a box of limited size; who does not take them is cut off."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, limits: WebLimits
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._limits = limits
        self._box: asyncio.Queue[str] = asyncio.Queue(limits.outbox)

    def send(self, text: str) -> None:
        """Put a message into the box; a full one ends the connection."""
        try:
            self._box.put_nowait(text)
        except asyncio.QueueFull:
            self.cut("its box is full")

    async def write(self) -> None:
        """Send what is in the box, until cancelled or cut off."""
        while True:
            text = await self._box.get()
            try:
                async with asyncio.timeout(self._limits.send_seconds):
                    await self._socket.send_str(text)
            except TimeoutError:
                self.cut("it does not read")
            except ConnectionError:  # it has gone: the reading side notices and ends
                return

    def cut(self, why: str) -> None:
        """End the connection at once."""
        log.info("a tab is cut off: %s", why)
        self._transport.abort()

    async def close(self, code: int, why: str) -> None:
        """End the connection politely."""
        with suppress(ConnectionError):
            await self._socket.close(code=code, message=why.encode())


class Tabs:
    """All open connections, by visitor."""

    def __init__(self) -> None:
        self._tabs: dict[str, set[Tab]] = {}

    def add(self, visitor: str, tab: Tab) -> None:
        """Note a connection."""
        self._tabs.setdefault(visitor, set()).add(tab)

    def remove(self, visitor: str, tab: Tab) -> None:
        """Forget a connection."""
        tabs = self._tabs.get(visitor, set())
        tabs.discard(tab)
        if not tabs:
            self._tabs.pop(visitor, None)

    def count(self) -> int:
        """Count the connections."""
        return sum(len(tabs) for tabs in self._tabs.values())

    def tell(self, visitor: str, frame: Frame) -> None:
        """Send a message to every tab of a visitor."""
        tabs = self._tabs.get(visitor)
        if tabs:
            text = json.dumps(frame, ensure_ascii=False)
            for tab in tuple(tabs):
                tab.send(text)

    async def close_all(self) -> None:
        """End every connection: the page comes back by itself."""
        tabs = [tab for tabs in self._tabs.values() for tab in tabs]
        await asyncio.gather(*(tab.close(1001, "restart") for tab in tabs))
