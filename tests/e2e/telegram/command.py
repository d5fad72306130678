"""The whole product on Telegram: `mytalkcon run` with the real engine, and what it is sent."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from PIL import Image

from engine.weights import locate
from tests.e2e.running import Running
from tests.e2e.telegram.server import Server

ENGINE_SECONDS = 150.0  # for one job on a slow machine


@cache
def selfie() -> bytes:
    """Give the sample photo as a phone would send it."""
    target = io.BytesIO()
    with Image.open(locate("astronaut.png")) as image:
        image.convert("RGB").save(target, "JPEG", quality=92)
    return target.getvalue()


@asynccontextmanager
async def bot_on(api: Server, folder: Path, **settings: str) -> AsyncIterator[Running]:
    """Run the bot; at the end its log must know neither the token nor a surprise."""
    about = {"MYTALKCON_TELEGRAM_TOKEN": api.token, "MYTALKCON_TELEGRAM_API_URL": api.address}
    bot = Running(folder, **about, **settings)
    await asyncio.to_thread(bot.start)
    try:
        yield bot
        if bot.process is not None and bot.process.poll() is None:
            assert await asyncio.to_thread(bot.stop) == 0, bot.log
    finally:
        if bot.process is not None and bot.process.poll() is None:
            bot.process.kill()
            await asyncio.to_thread(bot.process.wait)
    assert api.token not in bot.log + bot.said
    assert "Traceback" not in bot.log, bot.log
