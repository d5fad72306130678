"""A database, a blob folder and a clock for every test; a running house and somebody who talks to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App
from storage import people
from storage.blobs import BlobStore
from storage.database import Database
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, running


class Clock:
    """Time that passes when a test says so, and a millisecond at every look."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    yield database
    await database.close()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(str(tmp_path / "blobs"))


async def meet(database: Database, *names: str) -> list[str]:
    """Remember people; gives their ids."""
    async with database.writing() as work:
        return [(await people.meet(work, "console", name, "en", 1.0)).id for name in names]


@pytest.fixture
def artist() -> FakeArtist:
    return FakeArtist()


@pytest.fixture
def frontend() -> FakeFrontend:
    return FakeFrontend()


@pytest.fixture
async def app(tmp_path: Path, artist: FakeArtist, frontend: FakeFrontend) -> AsyncIterator[App]:
    async with running(tmp_path, artist, frontend) as app:
        yield app


@pytest.fixture
def ann(app: App, frontend: FakeFrontend) -> Human:
    return Human(app, frontend, "ann")
