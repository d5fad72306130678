"""A running chat page for tests that refuse things."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.frontends.web.site import House, page_of, works


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A page that still works for somebody new after the test."""
    async with page_of(tmp_path) as house:
        yield house
        await works(house)
