"""Two processes on one SQLite file share the work: every job is done once, nobody trips over a lock."""

import asyncio
import multiprocessing
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.bot.crash_child import Life, Log, LoggingFrontend
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import Human, running

PEOPLE, ROUNDS = 6, 4


def work(folder: Path, name: str) -> None:
    asyncio.run(_work(folder, name))


async def _work(folder: Path, name: str) -> None:
    frontend = LoggingFrontend(Log(folder / "log"), Life(folder, 0))
    async with running(folder, FakeArtist(0.005), frontend) as app:
        people = [Human(app, frontend, f"{name}-{i}") for i in range(PEOPLE)]  # type: ignore[arg-type]
        await asyncio.gather(*(_be(human) for human in people))


async def _be(human: Human) -> None:
    await human.agree()
    for _ in range(ROUNDS):
        replies = await human.photo()
        assert replies[0].job is not None, replies[0].text
        await human.idle(60)


def test_two_processes_on_one_database(tmp_path: Path):
    spawn = multiprocessing.get_context("forkserver")
    processes = [spawn.Process(target=work, args=(tmp_path, name)) for name in ("first", "second")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
    assert [process.exitcode for process in processes] == [0, 0]
    with closing(sqlite3.connect(tmp_path / "mytalkcon.db")) as database:
        states = Counter(state for (state,) in database.execute("SELECT state FROM jobs"))
        assert states == {"done": 2 * PEOPLE * ROUNDS}
        attempts = database.execute("SELECT max(attempts), count(DISTINCT worker) FROM jobs").fetchone()
        assert attempts == (1, 2), "both have worked, and nothing was done twice"
        sent = database.execute(
            "SELECT count(*), count(DISTINCT courier) FROM deliveries WHERE state = 'sent'"
        )
        assert sent.fetchone() == (2 * PEOPLE * ROUNDS, 2)
    taken = Counter((tmp_path / "log").read_text().splitlines())
    assert set(taken.values()) == {1}
