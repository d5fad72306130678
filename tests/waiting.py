"""Waiting for something to hold instead of for some time."""

import asyncio
from collections.abc import Callable

PATIENCE = 20.0  # s


async def until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
