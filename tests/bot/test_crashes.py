"""kill -9 at any moment: no accepted job is lost, nothing is delivered twice knowingly, no file is left over.

A process in which four people never stop asking is killed again and again: at every stage, at the three
points of a delivery, and at random moments (also while it starts). Then one process finishes the work.
"""

import asyncio
import multiprocessing
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.progress import Stage
from storage.blobs import BlobStore
from storage.database import Database
from storage.sweep import sweep
from tests.bot.crash_child import Life, live

POINTS = [f"stage {stage}" for stage in Stage if stage != Stage.MATTE] + ["before", "taken", "after"]
RANDOM_KILLS = 41  # with POINTS: 50 in the suite
KILLS_LONG = 200
UP_SECONDS = 30.0
LONGEST_LIFE = 0.7  # s before a random kill


class Killer:
    """Starts processes on one folder and kills them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)  # noqa: S311
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["tests.bot.crash_child"])

    def start(self, **life: object) -> multiprocessing.process.BaseProcess:
        process = self.processes.Process(
            target=live, args=(Life(self.folder, self.dice.randrange(2**31), **life),)
        )
        process.start()
        return process

    def let_die(self, die_at: str) -> None:
        process = self.start(die_at=die_at)
        process.join(UP_SECONDS)
        assert process.exitcode == -9, f"did not come to {die_at}: {process.exitcode}"

    def kill_somewhen(self) -> None:
        process = self.start()
        if self.dice.random() < 0.8:  # else it may still be starting
            self.wait_until_up(process.pid)
        time.sleep(self.dice.random() * LONGEST_LIFE)
        process.kill()
        process.join()
        assert process.exitcode == -9, "it had ended by itself"

    def wait_until_up(self, pid: int | None) -> None:
        end = time.monotonic() + UP_SECONDS
        while f"up {pid}\n" not in self.log():
            assert time.monotonic() < end, "did not start"
            time.sleep(0.01)

    def finish(self) -> None:
        process = self.start(busy=False)
        process.join(120)
        assert process.exitcode == 0, "could not finish the work"

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""


def crash_and_check(folder: Path, random_kills: int, report: Callable[[str], None]) -> None:
    killer = Killer(folder, seed=random_kills)
    for point in POINTS:
        killer.let_die(point)
    for _ in range(random_kills):
        killer.kill_somewhen()
    killer.finish()
    with closing(sqlite3.connect(folder / "mytalkcon.db")) as database:
        report(check_jobs(database, killer.log()))
        check_deliveries(database, killer.log())
        check_files(database, folder)


def check_jobs(database: sqlite3.Connection, log: str) -> str:
    """Every job whose acceptance the person saw has come to an end that they saw too."""
    jobs = dict(database.execute("SELECT id, state FROM jobs"))
    accepted = set(re.findall(r"^accepted (\S+)$", log, re.M))
    assert len(accepted) > 20, "hardly anything was asked for"
    assert accepted <= set(jobs), "accepted jobs are lost"
    assert set(jobs.values()) <= {"done", "failed", "cancelled"}
    for job in re.findall(r"^cancelled (\S+)$", log, re.M):
        pieces = log.split(f"cancelled {job}\n", 1)[1]
        for (render,) in database.execute("SELECT id FROM renders WHERE job_id = ?", (job,)):
            assert f"taken file {render}" not in pieces, "delivered after it was cancelled"
    told = "SELECT count(*) FROM deliveries WHERE job_id = ? AND state IN ('sent', 'unclear')"
    for job, state in jobs.items():
        ((deliveries,),) = database.execute(told, (job,))
        assert state == "cancelled" or deliveries or f"cancelled {job}" in log, f"{state} job told to nobody"
    attempts = Counter(n for (n,) in database.execute("SELECT attempts FROM jobs"))
    return f"{len(accepted)} accepted, ended {dict(Counter(jobs.values()))}, attempts {dict(attempts)}"


def check_deliveries(database: sqlite3.Connection, log: str) -> None:
    """What arrived was sent once; what nobody knows about was asked about."""
    taken = Counter(re.findall(r"^taken file (\S+)$", log, re.M))
    assert [render for render, times in taken.items() if times > 1] == [], "delivered twice"
    rows = database.execute(
        "SELECT state, render_id, job_id FROM deliveries WHERE part NOT IN ('ask', 'words')"
    )
    states = Counter()
    for state, render, job in rows:
        states[state] += 1
        assert state in ("sent", "unclear"), state
        assert state == "unclear" or taken[render] == 1, "noted as sent, but never taken"
        if state == "unclear":
            asked = "SELECT count(*) FROM deliveries WHERE job_id = ? AND part = 'ask' AND state = 'sent'"
            assert database.execute(asked, (job,)).fetchone()[0] >= 1, "nobody asked the person"
    assert states["unclear"] >= 2, "the kills at 'before' and 'taken' leave what nobody knows"
    assert states["sent"] > 20


def check_files(database: sqlite3.Connection, folder: Path) -> None:
    """Every row has its whole file, every file its row, every character all of its files."""
    asyncio.run(sweep_now(folder))
    kept = {
        f"{person}/{blob}": size
        for person, blob, size in database.execute("SELECT person_id, id, size FROM blobs")
    }
    root = folder / "blobs"
    on_disk = {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}
    assert on_disk == kept
    of_characters = database.execute(
        "SELECT characters.id, count(blobs.id) FROM characters LEFT JOIN blobs"
        " ON blobs.character_id = characters.id AND purpose = 'character' GROUP BY characters.id"
    ).fetchall()
    assert of_characters, "no character was drawn"
    assert {number for _, number in of_characters} == {2}, "half-written characters"
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []


async def sweep_now(folder: Path) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'mytalkcon.db'}")
    await sweep(database, BlobStore(str(folder / "blobs")), time.time(), grace=0.0)
    await database.close()


@pytest.mark.long
def test_killed_50_times(tmp_path: Path, record_property: Callable[[str, object], None]):
    crash_and_check(tmp_path, RANDOM_KILLS, lambda text: record_property("jobs", text))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_killed_200_times(tmp_path: Path, record_property: Callable[[str, object], None]):
    crash_and_check(tmp_path, KILLS_LONG - len(POINTS), lambda text: record_property("jobs", text))
