"""The server, and its promise that no test made the bot go beyond Telegram's limits."""

from collections.abc import AsyncIterator

import pytest

from bot.frontends.telegram import limiter, progress
from tests.e2e.telegram.server import Server, serving

SPEED = 20.0


@pytest.fixture
async def api() -> AsyncIterator[Server]:
    """A Telegram. At the end its log must hold no request that broke a rule or came too fast."""
    async with serving() as server:
        yield server
        server.assert_within_limits()


@pytest.fixture
async def quick(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A Telegram whose seconds last 50 ms, and a bot in this process that knows it."""
    for module, name in (
        (limiter, "CHAT_SECONDS"),
        (limiter, "GROUP_SECONDS"),
        (limiter, "ALL_SECONDS"),
        (progress, "EDIT_SECONDS"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name) / SPEED)
    async with serving(speed=SPEED) as server:
        yield server
        server.assert_within_limits()
