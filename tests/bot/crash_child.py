"""The process that test_crashes.py kills: a whole house in which people do things all the time.

What happened is appended to a log file by single writes, so that a kill loses none of it.
"""

import asyncio
import faulthandler
import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

from bot.app import App
from bot.courier import Courier
from bot.dialogue import Reply
from bot.dialogue.events import Agreed, CancelPressed, PhotoReceived, StyleChosen, VoiceReceived
from bot.frontend import PLAIN_PARTS, Progress, Shown
from bot.kinds import JobKind
from bot.service import Who
from bot.settings import QueueSettings
from engine.progress import Progress as Report
from engine.progress import Stage
from storage import people
from storage.models import Job
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import running

PEOPLE = ("ann", "bob", "cho", "dan")
STAGE_SECONDS = 0.02
HANGS_SECONDS = 60
SIZE = 20_000  # bytes of a made file: writing takes a moment
PARTS = {**PLAIN_PARTS, JobKind.SPEAK: ("talk.webm", "talk.mp4")}


@dataclass(frozen=True)
class Life:
    """How a process lives: until it is killed, dies by itself at a point, or has nothing left to do."""

    folder: Path
    seed: int
    busy: bool = True  # False: no new events, end when everything is delivered
    die_at: str = ""  # "stage render", "before", "taken", "after"


class Log:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def __call__(self, *words: str) -> None:
        os.write(self._file, (" ".join(words) + "\n").encode())


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingArtist(FakeArtist):
    """Dies when it enters a stage."""

    def __init__(self, die_at: str) -> None:
        super().__init__(STAGE_SECONDS, SIZE)
        self.die_at = die_at

    def _go_through(self, given: bytes, progress: Report, stages: tuple[Stage, ...]) -> None:
        def report(stage: Stage, fraction: float) -> None:
            progress(stage, fraction)
            if self.die_at == f"stage {stage}":
                die()

        super()._go_through(given, report, stages)


class LoggingFrontend:
    """A platform that takes every message and writes down that it did."""

    platform = "fake"
    parts = PARTS

    def __init__(self, log: Log, life: Life) -> None:
        self.log, self.life = log, life

    def reaches(self, address: str) -> bool:
        return True

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        if self.life.die_at == "before":
            die()
        what = f"file {reply.media.render}" if reply.media else "ask" if reply.buttons else "words"
        self.log("taken", what)
        if self.life.die_at == "taken":
            die()
        await asyncio.sleep(0.002)
        return Shown("1")

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        return None


def live(life: Life) -> None:
    """Run a house; the entry point of the process. One that hangs says where."""
    faulthandler.dump_traceback_later(HANGS_SECONDS, exit=True)
    asyncio.run(_live(life))


async def _live(life: Life) -> None:
    log = Log(life.folder / "log")
    if life.die_at == "after":
        _die_after_delivery()
    limits = QueueSettings(_env_file=None, jobs_per_day=100_000)
    artist = DyingArtist(life.die_at)
    async with running(life.folder, artist, LoggingFrontend(log, life), limits=limits) as app:
        log("up", str(os.getpid()))
        if life.busy:
            dice = random.Random(life.seed)  # noqa: S311
            await asyncio.gather(*(_be(app, name, random.Random(dice.random()), log) for name in PEOPLE))  # noqa: S311
        while not await _quiet(app):
            await asyncio.sleep(0.02)
    log("down")


def _die_after_delivery() -> None:
    original = Courier._close

    async def close(self: Courier, *about: object) -> None:
        await original(self, *about)  # type: ignore[arg-type]
        die()

    Courier._close = close  # type: ignore[method-assign, assignment]


async def _be(app: App, name: str, dice: random.Random, log: Log) -> None:
    """Do things as somebody does who has no patience."""
    who = Who("fake", name, name, "en")
    await app.service.handle(who, PhotoReceived())
    while True:
        async with app.database.reading() as work:
            person = await people.find(work, "fake", name)
        assert person is not None
        event, content = _next_event(person.id, person.consent_version, person.photo_id, dice)

        async def load(content: bytes = content) -> bytes:
            return content

        replies = await app.service.handle(who, event, load if content else None, str(dice.random()))
        jobs = [reply.job for reply in replies if reply.job]
        for job in jobs:
            log("accepted", job)
            if dice.random() < 0.1:
                await asyncio.sleep(dice.random() * 0.1)
                answer = await app.service.handle(who, CancelPressed(job))
                if answer[0].text == "Cancelled.":
                    log("cancelled", job)
        await asyncio.sleep(dice.random() * 0.1)


def _next_event(person: str, consent: int, photo: str | None, dice: random.Random):
    if not consent:
        return Agreed(person), b""
    if photo is None or dice.random() < 0.2:
        return PhotoReceived(), b"photo" + bytes(SIZE)
    if dice.random() < 0.4:
        return StyleChosen(dice.choice(["webtoon", "pencil"]), photo), b""
    return VoiceReceived(), b"voice" + bytes(SIZE)


async def _quiet(app: App) -> bool:
    async with app.database.reading() as work:
        from sqlalchemy import func, select

        from storage.models import LIVE, Delivery, DeliveryState

        live_jobs = await work.session.scalar(select(func.count()).where(Job.state.in_(LIVE)))
        on_the_way = (DeliveryState.PENDING, DeliveryState.SENDING)
        waiting = await work.session.scalar(select(func.count()).where(Delivery.state.in_(on_the_way)))
    return not live_jobs and not waiting
