"""A hanging stage ends the process with 70; the supervisor starts it again; the job counts an attempt."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.liveness import LEASE_SECONDS, is_dead, worker_id
from bot.supervisor import supervise
from bot.watchdog import EXIT_HANGING, LIMITS, Watchdog
from engine.progress import Stage
from storage.models import OUR_FAULT
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, running
from tests.ports import free_port

SHORT = {**LIMITS, "face": 0.3}


def test_every_stage_has_a_limit():
    assert set(LIMITS) == {"start", *Stage}


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.watchdog.LOOK_SECONDS", 0.02)


@pytest.mark.usefixtures("looks_often")
def test_a_stage_that_goes_on_too_long_is_noticed_and_others_are_not():
    overrun = threading.Event()
    watchdog = Watchdog({"start": 10.0, "draw": 0.1, "render": 10.0}, overrun.set)
    with watchdog.watching("job"):
        watchdog.stage("job", "render")
        assert not overrun.wait(0.3)
        watchdog.stage("another", "draw")
        assert not overrun.wait(0.3), "reports of a job that is not watched do not count"
        watchdog.stage("job", "draw")
        assert overrun.wait(10.0)
    watchdog.close()


@pytest.mark.usefixtures("looks_often")
def test_a_stage_that_goes_ahead_may_last_as_one_that_says_the_same_again_may_not():
    overrun = threading.Event()
    watchdog = Watchdog({"start": 10.0, "render": 1.5}, overrun.set)
    with watchdog.watching("job"):
        for step in range(6):
            watchdog.stage("job", "render", step / 10)
            assert not overrun.wait(0.3)
        for _ in range(40):
            watchdog.stage("job", "render", 0.5)
            if overrun.wait(0.25):
                break
        assert overrun.is_set()
    watchdog.close()


class HangsInFace(FakeArtist):
    def _be_bad(self, given: bytes) -> None:
        self.seen = getattr(self, "seen", 0) + 1
        if given.startswith(b"hang") and self.seen == 2:
            threading.Event().wait()


def hang(folder: Path) -> None:
    """A house in which ann's photo hangs in stage "face", every time."""
    asyncio.run(_hang(folder))


async def _hang(folder: Path) -> None:
    frontend = FakeFrontend()
    async with running(folder, HangsInFace(), frontend, watchdog=Watchdog(SHORT)) as app:
        ann = Human(app, frontend, "ann")
        if not (folder / "asked").exists():
            await ann.agree()
            await ann.photo(b"hang here")
            (folder / "asked").touch()
        await ann.idle()
        (folder / "told").write_text("\n".join(ann.said()))


def supervised(folder: Path) -> None:
    sys.exit(supervise(Hang(folder)))


class Hang:
    """A function that can be sent to a fresh interpreter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self) -> None:
        hang(self.folder)


@pytest.mark.long
def test_a_hanging_job_ends_the_process_three_times_and_then_the_person_is_told(tmp_path: Path):
    process = multiprocessing.get_context("spawn").Process(target=supervised, args=(tmp_path,))
    process.start()
    process.join(100)
    assert process.exitcode == 0
    assert "several times" in (tmp_path / "told").read_text()
    with closing(sqlite3.connect(tmp_path / "mytalkcon.db")) as database:
        job = database.execute("SELECT state, attempts, error_id, error FROM jobs").fetchone()
    assert job[:3] == ("failed", 3, OUR_FAULT)
    assert "ended during stage" in job[3]


def test_a_hanging_process_exits_with_70(tmp_path: Path):
    process = multiprocessing.get_context("forkserver").Process(target=hang, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == EXIT_HANGING


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_supervisor_hands_a_signal_on(tmp_path: Path):
    """SIGTERM ends both: nobody listens at the port any more, and that is no fault."""
    port = free_port()
    environment = {**os.environ, "MYTALKCON_DATA_DIR": str(tmp_path), "MYTALKCON_WEB_PORT": str(port)}
    command = [sys.executable, "-c", "from bot.cli.main import main; main()", "run", "--supervise"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert f"http://127.0.0.1:{port}" in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()  # a test that fails must not wait for it
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_dead_are_told_from_the_living():
    process = multiprocessing.get_context("forkserver").Process(target=time.sleep, args=(0,))
    process.start()
    me = worker_id()
    host, _, mine, number = me.split("@")
    process.join()
    assert not is_dead(me, 0.0)
    assert is_dead(me, LEASE_SECONDS + 1)
    assert is_dead("@".join((host, str(process.pid), "x" * 22, number)), 0.0), "that process is gone"
    assert is_dead("@".join((host, str(os.getpid()), "x" * 22, number)), 0.0), "an earlier one had our number"
    assert not is_dead("@".join(("elsewhere", str(process.pid), mine, number)), 0.0), "nobody can tell yet"
