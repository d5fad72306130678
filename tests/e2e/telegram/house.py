"""The bot on Telegram in this process, with a fake engine: for what needs no pictures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from bot.app import App, open_app
from bot.frontends import telegram
from bot.settings import QueueSettings, TelegramSettings
from bot.watchdog import Watchdog
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import RULES, settings_in
from tests.e2e.telegram.artist import FilesArtist
from tests.e2e.telegram.person import PATIENCE, Person
from tests.e2e.telegram.server import Server

SPEED = 20.0  # how many of Telegram's seconds pass in one of ours, where a test has no time
SECONDS = ("CHAT_SECONDS", "GROUP_SECONDS", "ALL_SECONDS")
"""What the bot's limiter knows of Telegram's seconds."""


class Reached(Protocol):
    """A server that is somewhere."""

    token: str
    address: str


@dataclass(frozen=True)
class House:
    """A running bot."""

    app: App
    artist: FakeArtist


@asynccontextmanager
async def bot_in(
    folder: Path, api: Reached, artist: FakeArtist | None = None, **settings: object
) -> AsyncIterator[House]:
    """Run a bot; leaving the block stops it as SIGTERM does. `settings`: of Telegram, without the prefix."""
    ended = asyncio.Event()
    artist = artist or FilesArtist()
    about: dict[str, object] = {"token": SecretStr(api.token), "api_url": api.address, **settings}
    told = {f"telegram_{name}": value for name, value in about.items()}
    jobs = QueueSettings(_env_file=None, jobs_per_day=10_000, queue_limit=5_000)
    parts = {telegram.PLATFORM: telegram.PARTS}
    async with open_app(settings_in(folder), jobs, artist, RULES, parts, watchdog=Watchdog()) as app:
        setup = TelegramSettings(_env_file=None, **told)
        note = app.teller.progress_shown
        async with telegram.serving(setup, app.service, app.operators, note) as front:
            task = asyncio.create_task(app.run({telegram.PLATFORM: front}, ended.wait))
            try:
                yield House(app, artist)
            finally:
                ended.set()
                await task


async def newcomer(api: Server, name: str = "Ada", patience: float = PATIENCE) -> Person:
    """Somebody who has agreed."""
    person = Person(api, name, patience=patience)
    await person.says("/start")
    await person.press("I agree", await person.reads("Is that all right with you?"))
    await person.reads("Send me a selfie")
    return person


async def regular(api: Server, name: str = "Ada", patience: float = PATIENCE) -> Person:
    """Somebody who has a character."""
    person = await newcomer(api, name, patience)
    await person.document(b"a selfie", "selfie.jpg", "image/jpeg")
    preview = await person.gets("photo")
    await person.press("1. Webtoon", preview)
    await person.gets("sticker")
    await person.reads("Now send a voice note")
    return person


async def hears(person: Person) -> None:
    """Wait for a talk in all its messages."""
    await person.gets("video_note")
    await person.gets("sticker")
    await person.reads("Every new voice note becomes a new video")
