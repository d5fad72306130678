"""What the house clears away by itself, and what never ends it."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.app import App, clear_scratch
from bot.liveness import worker_id
from bot.service import Service
from bot.tidying import Tidying
from storage import people
from storage.blobs import BlobStore, Stored
from storage.database import Database, Work
from tests.bot.house import Human
from tests.waiting import until

PEOPLE = 8  # who come together: their rows move between pages


class Away(BlobStore):
    """A store that does not answer."""

    async def stored(self) -> list[Stored]:
        raise ConnectionError("the store is away")


class Busy(Database):
    """A database in which something else happens while it is written anew; counts how often it is."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.erased = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def erase(self) -> None:
        self.erased += 1
        await super().erase()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Work]:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        async with super().writing() as work:
            yield work


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Busy]:
    database = await Busy.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    assert isinstance(database, Busy)
    yield database
    await database.close()


async def come_and_go(database: Database, name: str) -> None:
    """Be remembered among others, and forgotten."""
    async with database.writing() as work:
        for number in range(PEOPLE):
            await people.meet(work, "fake", f"{name} {number}", "en", time())
    for number in range(PEOPLE):
        async with database.writing() as work:
            person = await people.find(work, "fake", f"{name} {number}")
            assert person is not None
            await people.forget(work, person)


async def test_who_deletes_over_and_over_has_the_database_written_anew_once(busy: Busy, tmp_path: Path):
    """Twenty times in a row is one time; what is left of the last ones goes before the process stops."""
    tidying = Tidying(busy, BlobStore(str(tmp_path / "blobs")))
    task = asyncio.create_task(tidying.run())
    for _ in range(20):
        async with busy.writing() as work:
            ann = await people.meet(work, "fake", "ann who deletes", "en", time())
            await people.forget(work, ann)
        tidying.erase_soon()
        await asyncio.sleep(0.02)
    assert busy.erased == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert busy.erased == 2
    assert not await busy.erase_if_owed()
    assert b"ann who deletes" not in (tmp_path / "memory.db").read_bytes()


async def test_traces_go_soon_after_a_pause(busy: Busy, tmp_path: Path):
    tidying = Tidying(busy, BlobStore(str(tmp_path / "blobs")), pause=0.2)
    task = asyncio.create_task(tidying.run())
    async with asyncio.timeout(20):
        for name in ("somebody who was here", "another who was here"):
            await come_and_go(busy, name)
            tidying.erase_soon()
            while name.encode() in b"".join(path.read_bytes() for path in tmp_path.glob("memory.db*")):
                await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_is_forgotten_while_the_database_is_written_anew_is_erased_too(busy: Busy, tmp_path: Path):
    """Another process forgets somebody at that moment: what it notes as owed stays so."""
    other = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    await come_and_go(busy, "ann")
    busy.meanwhile = lambda: come_and_go(other, "ben")
    assert await busy.erase_if_owed()
    assert await busy.erase_if_owed(), "ben is owed"
    assert not await busy.erase_if_owed()
    await other.close()


async def test_a_store_that_is_away_while_tidying_ends_nothing(
    busy: Busy, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.ERROR):
        tidying = asyncio.create_task(Tidying(busy, Away(str(tmp_path / "blobs"))).run())
        await until(lambda: caplog.records)
    assert not tidying.done()
    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)


class Stubborn(BlobStore):
    """A store that removes nothing."""

    async def delete(self, keys: Iterable[str]) -> None:
        if list(keys):
            raise PermissionError("files of another user")


async def test_a_photo_is_kept_when_the_one_before_it_cannot_be_removed(app: App, ann: Human, tmp_path: Path):
    """What was accepted stays, whatever becomes of what it replaces."""
    await ann.agree()
    await ann.photo(b"the first photo")
    await ann.idle()
    service = Service(
        app.database, Stubborn(str(tmp_path / "blobs")), app.queue, app.house,
        deliver_soon=lambda: None, erase_soon=lambda: None,
    )  # fmt: skip
    there = Human(replace(app, service=service), ann.frontend, "ann")
    (reply,) = await there.photo(b"the second photo")
    assert reply.job is not None
    photo = (await ann.person()).photo_id
    assert photo is not None
    kept = await app.service.sent(ann.who, photo)
    assert kept is not None
    assert await kept.read(0, kept.size) == b"the second photo"


def test_scratch_of_the_dead_goes_and_what_is_not_ours_stays(tmp_path: Path):
    host, _, process, number = worker_id().split("@")
    dead = "@".join((host, str(os.getpid()), process[::-1], number))
    for name in (dead, worker_id()):
        (tmp_path / name).mkdir()
        (tmp_path / name / "talk.mp4").touch()
    (tmp_path / ".DS_Store").touch()
    clear_scratch(tmp_path)
    left = [path.name for path in tmp_path.iterdir()]
    assert dead not in left
    assert (len(left), ".DS_Store" in left) == (2, True)
