"""The server, and its promise that no test made the bot go beyond Telegram's limits."""

from collections.abc import AsyncIterator
from importlib import import_module

import pytest

from bot.frontends.telegram import limiter, progress
from tests.e2e.telegram.house import SECONDS, SPEED
from tests.e2e.telegram.server import Server, serving


@pytest.fixture
async def api() -> AsyncIterator[Server]:
    """A Telegram. At the end its log must hold no request that broke a rule or came too fast."""
    async with serving() as server:
        yield server
        server.assert_within_limits()


@pytest.fixture
async def quick(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A Telegram whose seconds last 50 ms, and a bot in this process that knows it."""
    for name in SECONDS:
        monkeypatch.setattr(limiter, name, getattr(limiter, name) / SPEED)
    monkeypatch.setattr(progress, "EDIT_SECONDS", progress.EDIT_SECONDS / SPEED)
    async with serving(speed=SPEED) as server:
        yield server
        server.assert_within_limits()


@pytest.fixture(autouse=True)
def leaves_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is being answered when a bot in this process stops has less time than in life."""
    monkeypatch.setattr(import_module("bot.frontends.telegram.serving"), "STOP_SECONDS", 0.5)
