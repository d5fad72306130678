"""A whole house with a fake engine and a front end that remembers what it showed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import App, open_app
from bot.dialogue import House, Reply, Style
from bot.dialogue.buttons import event_of
from bot.dialogue.events import Agreed, CommandGiven, PhotoReceived, Sent, VoiceReceived
from bot.frontend import PLAIN_PARTS, Frontend, Progress, Shown
from bot.service import Who
from bot.settings import QueueSettings, StorageSettings
from bot.watchdog import Watchdog
from storage import deliveries, files, jobs, people
from storage.models import Blob, Person
from tests.bot.fake_artist import FakeArtist

RULES = House(
    (Style("webtoon", {"en": "Webtoon", "ko": "웹툰"}), Style("pencil", {"en": "Pencil", "ko": "연필"}))
)


class FakeFrontend:
    """Remembers everything; `before` may raise or wait instead of a platform."""

    platform = "fake"
    parts = PLAIN_PARTS

    def __init__(self) -> None:
        self.shown: list[tuple[str, Reply, bytes | None]] = []
        self.progress: list[tuple[str, Progress]] = []
        self.before: Callable[[], None] = lambda: None

    def reaches(self, address: str) -> bool:
        return True

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        self.before()
        self.shown.append((address, reply, content))
        name = reply.media.name if reply.media else None
        return Shown(str(len(self.shown)), f"file-{name}-{len(self.shown)}" if name else None)

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        self.progress.append((address, progress))
        return progress.message_id or f"progress-{progress.job}"

    def to(self, address: str) -> list[Reply]:
        return [reply for to, reply, _ in self.shown if to == address]


class Human:
    """Somebody who writes to the bot."""

    def __init__(self, app: App, frontend: FakeFrontend, name: str, language: str = "en") -> None:
        self.app, self.frontend = app, frontend
        self.who = Who("fake", name, name, language)

    async def do(self, event: Sent, content: bytes | None = None, event_id: str | None = None):
        async def load() -> bytes:
            assert content is not None
            return content

        return await self.app.service.handle(self.who, event, load if content is not None else None, event_id)

    async def photo(self, content: bytes = b"my photo", event_id: str | None = None):
        return await self.do(PhotoReceived(), content, event_id)

    async def voice(self, content: bytes = b"my voice", event_id: str | None = None):
        return await self.do(VoiceReceived(), content, event_id)

    async def press(self, label: str, replies=None):
        """Press the newest button of that label among what was shown (or among given replies)."""
        shown = list(replies) if replies is not None else self.frontend.to(self.who.address)
        buttons = [b for reply in reversed(shown) for row in reply.buttons for b in row if label in b.label]
        assert buttons, f"no button {label} in {[reply.text for reply in shown]}"
        return await self.do(event_of(buttons[0].data))

    async def agree(self) -> None:
        await self.do(CommandGiven("start"))
        await self.do(Agreed((await self.person()).id))

    async def person(self) -> Person:
        async with self.app.database.reading() as work:
            person = await people.find(work, self.who.platform, self.who.platform_id)
            assert person is not None
            return person

    async def has_character(self) -> None:
        await self.agree()
        await self.photo()
        await self.idle()
        await self.press("Webtoon")
        await self.idle()

    async def idle(self, seconds: float = 60.0) -> None:
        """Wait until nothing waits, runs or is on its way for this person."""
        pause = 0.01
        async with asyncio.timeout(seconds):
            while True:
                async with self.app.database.reading() as work:
                    person = await people.find(work, self.who.platform, self.who.platform_id)
                    if person is None:
                        return
                    live = await jobs.live(work, person.id)
                    if not live and not await deliveries.undelivered(work, person.id):
                        return
                await asyncio.sleep(pause)
                pause = min(2 * pause, 0.2)

    def said(self) -> list[str]:
        return [reply.text for reply in self.frontend.to(self.who.address)]

    def files(self) -> list[str]:
        shown = self.frontend.to(self.who.address)
        return [reply.media.name for reply in shown if reply.media is not None]


def settings_in(folder: Path) -> StorageSettings:
    return StorageSettings(_env_file=None, data_dir=folder)


@asynccontextmanager
async def running(
    folder: Path,
    artist: FakeArtist,
    frontend: Frontend,
    *,
    limits: QueueSettings | None = None,
    watchdog: Watchdog | None = None,
) -> AsyncIterator[App]:
    """Run a house; leaving the block stops it as SIGTERM does."""
    ended = asyncio.Event()
    limits = limits or QueueSettings(_env_file=None)
    parts = {frontend.platform: frontend.parts}
    async with open_app(
        settings_in(folder), limits, artist, RULES, parts, watchdog=watchdog or Watchdog()
    ) as app:
        task = asyncio.create_task(app.run({frontend.platform: frontend}, ended.wait))
        body = asyncio.current_task()
        assert body is not None
        task.add_done_callback(lambda _: ended.is_set() or body.cancel("a part of the house failed"))
        try:
            yield app
        finally:
            ended.set()
            await task


async def kept(app: App) -> list[Blob]:
    """Every file that is kept, whoever it belongs to."""
    async with app.database.reading() as work:
        return list(await files.everything(work))
