"""The courier when things go wrong for long: nothing is lost, and nothing is tried without a pause."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from bot.courier import FIRST_WAIT, LONGEST_WAIT, Courier, wait_after
from bot.dialogue import Reply
from bot.frontend import FileUnknown, NotDelivered, Shown
from bot.kinds import JobKind
from bot.liveness import is_dead
from storage import deliveries, people
from storage.blobs import BlobStore
from storage.database import Database
from storage.ids import new_id
from storage.models import Blob, Delivery, DeliveryState, Job, JobState, Purpose, Render
from tests.bot.conftest import Clock
from tests.bot.house import RULES, FakeFrontend
from tests.waiting import until

A_WHILE = 0.3  # s of real time in which a loop without a pause would go round hundreds of times


class Away(BlobStore):
    """A store that does not answer until it is `back`."""

    back = False

    async def read(self, key: str) -> bytes:
        if not self.back:
            raise ConnectionError("the store is away")
        return await super().read(key)


async def post(
    database: Database, blobs: BlobStore, part: str, *, kind: str = JobKind.SPEAK, address: str = "ann"
) -> None:
    """Have one message about an ended job wait for ann: with its file, where the part is one."""
    async with database.writing() as work:
        person = await people.meet(work, "fake", "ann", "en", 1.0)
        job = Job(id=new_id(), person_id=person.id, address="ann", kind=kind, state=JobState.DONE)
        job.blob_id, job.created_at = new_id(), 1.0
        work.session.add(job)
        await work.session.flush()
        render = Render(id=new_id(), person_id=person.id, job_id=job.id, name=part, created_at=1.0)
        if part.endswith(".mp4"):
            blob = Blob(id=new_id(), person_id=person.id, purpose=Purpose.RENDER, name=part, size=5)
            blob.created_at, render.blob_id = 1.0, blob.id
            work.session.add(blob)
            await work.session.flush()
            work.session.add(render)
            await work.session.flush()
            await blobs.write(blob.key, b"video")
        await deliveries.add(
            work, job, part, [("talk-done", {})], platform="fake", now=1.0, address=address,
            render_id=render.id if render.blob_id else None,
        )  # fmt: skip


@asynccontextmanager
async def delivering(
    database: Database,
    blobs: BlobStore,
    clock: Clock,
    frontend: FakeFrontend,
    dead: Callable[[str, float], bool] = is_dead,
) -> AsyncIterator[Courier]:
    courier = Courier(database, blobs, RULES, clock=clock, dead=dead)
    task = asyncio.create_task(courier.run({"fake": frontend}))
    try:
        yield courier
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def rows(database: Database) -> list[Delivery]:
    async with database.reading() as work:
        return list((await work.session.scalars(select(Delivery).order_by(Delivery.number))).all())


async def test_a_platform_that_always_fails_is_asked_with_growing_pauses(
    database: Database, blobs: BlobStore, clock: Clock, frontend: FakeFrontend
):
    """What may have arrived is asked about where it was to arrive; the asking is repeated, but no storm."""
    tries = 0

    def fail() -> None:
        nonlocal tries
        tries += 1
        raise RuntimeError("a library that is at its wits' end")

    frontend.before = fail
    await post(database, blobs, "talk.mp4", address="elsewhere")
    async with delivering(database, blobs, clock, frontend) as courier:
        await until(lambda: tries == 2)  # the result, and the question whether it has arrived
        await asyncio.sleep(A_WHILE)
        assert tries == 2
        frontend.before = lambda: None
        clock.now += FIRST_WAIT
        courier.wake()
        await until(lambda: frontend.shown != [])
    assert [(to, "do not know whether" in reply.text) for to, reply, _ in frontend.shown] == [
        ("elsewhere", True)
    ]


async def test_what_cannot_even_be_written_is_not_tried_without_a_pause(
    database: Database,
    blobs: BlobStore,
    clock: Clock,
    frontend: FakeFrontend,
    caplog: pytest.LogCaptureFixture,
):
    await post(database, blobs, deliveries.AFTER, kind="of a version to come")
    with caplog.at_level(logging.ERROR):
        async with delivering(database, blobs, clock, frontend):
            await until(lambda: caplog.records != [])
            await asyncio.sleep(A_WHILE)
    assert len(caplog.records) == 1


async def test_a_store_that_is_away_delays_a_result_and_leaves_nobody_unsure(
    database: Database, clock: Clock, frontend: FakeFrontend, tmp_path
):
    store = Away(str(tmp_path / "blobs"))
    await post(database, store, "talk.mp4")
    async with delivering(database, store, clock, frontend) as courier:
        async with asyncio.timeout(20):
            while (await rows(database))[0].not_before == 0.0:
                await asyncio.sleep(0.01)
        store.back = True
        clock.now += FIRST_WAIT
        courier.wake()
        await until(lambda: frontend.shown != [])
    (delivery,) = await rows(database)
    assert (frontend.shown[0][2], delivery.state) == (b"video", DeliveryState.SENT)


async def test_what_another_courier_carries_is_asked_about_only_when_that_one_has_died(
    database: Database, blobs: BlobStore, clock: Clock, frontend: FakeFrontend
):
    await post(database, blobs, "talk.mp4")
    async with database.writing() as work:
        assert await deliveries.take(work, "fake", "ann", "another", clock())
    dead: list[str] = []
    async with delivering(database, blobs, clock, frontend, lambda name, _: name in dead) as courier:
        await asyncio.sleep(A_WHILE)
        assert [row.state for row in await rows(database)] == [DeliveryState.SENDING]
        dead.append("another")
        courier.wake()
        await until(lambda: frontend.shown != [])
    assert ["do not know whether" in reply.text for _, reply, _ in frontend.shown] == [True]


async def test_as_long_as_a_platform_asks_nothing_is_tried(
    database: Database, blobs: BlobStore, clock: Clock, frontend: FakeFrontend
):
    def flooded() -> None:
        raise NotDelivered(30.0)

    frontend.before = flooded
    await post(database, blobs, "talk.mp4")
    async with delivering(database, blobs, clock, frontend):
        async with asyncio.timeout(20):
            while (await rows(database))[0].not_before < clock.now + 29:
                await asyncio.sleep(0.01)


def test_pauses_grow_to_the_longest_however_long_a_platform_is_away():
    pauses = [wait_after(attempts) for attempts in (1, 2, 3, 100, 10_000)]
    assert pauses == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT, LONGEST_WAIT, LONGEST_WAIT]


@pytest.mark.parametrize("kept", [True, False])
async def test_a_file_that_an_earlier_bot_had_sent(
    database: Database, blobs: BlobStore, clock: Clock, frontend: FakeFrontend, kept: bool
):
    """The platform knows its id no more: it is sent anew from our store, or what to do is said."""
    await post(database, blobs, "talk.mp4", address="a room of many")
    async with database.writing() as work:
        (render,) = await work.session.scalars(select(Render))
        render.file_ids = {"fake": "of the earlier bot", "other": "still good"}
        if not kept:
            render.blob_id = None
    asked = []

    class Forgetful(FakeFrontend):
        async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
            asked.append(reply.media and reply.media.file_id)
            if reply.media and reply.media.file_id == "of the earlier bot":
                raise FileUnknown
            return await super().show(address, reply, content)

    forgetful = Forgetful()
    async with delivering(database, blobs, clock, forgetful):
        await until(lambda: forgetful.shown != [])
    ((address, reply, content),) = forgetful.shown
    assert (address, asked) == ("a room of many", ["of the earlier bot", None])
    assert (content == b"video") is kept
    assert ("again, and I make it anew" in reply.text) is not kept
    async with database.reading() as work:
        (render,) = await work.session.scalars(select(Render))
    assert render.file_ids == {"other": "still good"} | ({"fake": "file-talk.mp4-1"} if kept else {})
