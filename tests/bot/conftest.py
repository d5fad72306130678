"""A database, a blob folder and a clock for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import people
from storage.blobs import BlobStore
from storage.database import Database


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
