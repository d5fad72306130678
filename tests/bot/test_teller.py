"""Progress when things change without news: another process, or the operator, has changed them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.frontend import Frontend
from bot.kinds import JobKind
from bot.queue import EmbeddedQueue, Limits, Order
from bot.teller import Teller
from storage import people
from storage.database import Database
from storage.models import JobState
from tests.bot.house import FakeFrontend
from tests.waiting import until


@asynccontextmanager
async def telling(
    database: Database, queue: EmbeddedQueue, frontends: dict[str, Frontend]
) -> AsyncIterator[None]:
    teller = Teller(database, queue, look_seconds=0.05)
    task = asyncio.create_task(teller.run(frontends))
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def submit(database: Database, queue: EmbeddedQueue, language: str = "en") -> str:
    async with database.writing() as work:
        ann = await people.meet(work, "fake", "ann", "en", 1.0)
        ann.language = language
        return (await queue.submit(work, Order(ann.id, "ann", JobKind.SPEAK, "blob"))).id


async def test_what_another_process_has_ended_is_not_shown_for_ever(
    database: Database, frontend: FakeFrontend
):
    here, there = EmbeddedQueue(database, Limits()), EmbeddedQueue(database, Limits())
    async with telling(database, here, {"fake": frontend}):
        job = await submit(database, here)
        await until(lambda: frontend.progress)
        async with database.writing() as work:
            assert await there.cancel(work, job, None)
        await until(lambda: frontend.progress[-1][1].state == JobState.CANCELLED)
    assert frontend.progress[-1][1].message_id == f"progress-{job}"


async def test_what_another_process_does_with_a_job_is_shown(database: Database, frontend: FakeFrontend):
    """Our person's job runs elsewhere: the stage that it is at is seen here."""
    here, there = EmbeddedQueue(database, Limits()), EmbeddedQueue(database, Limits())
    async with telling(database, here, {"fake": frontend}):
        job = await submit(database, here)
        while not frontend.progress:
            await asyncio.sleep(0.01)
        async with database.writing() as work:
            assert await there.claim(work)
            assert await there.heartbeat(work, job, "render")
        while frontend.progress[-1][1].state != JobState.RUNNING:
            await asyncio.sleep(0.01)
        assert "moving the face" in frontend.progress[-1][1].reply.text
        assert frontend.progress[-1][1].done > 0


async def test_progress_follows_when_another_language_is_chosen(database: Database, frontend: FakeFrontend):
    queue = EmbeddedQueue(database, Limits())
    async with telling(database, queue, {"fake": frontend}):
        await submit(database, queue)
        await until(lambda: frontend.progress)
        await submit(database, queue, "ko")
        async with database.writing() as work:
            claim = await queue.claim(work)
        assert claim is not None
        while frontend.progress[-1][1].reply.language != "ko" or frontend.progress[-1][1].job != claim.job.id:
            queue.progressed(claim.job, "render", 0.5)
            await asyncio.sleep(0.02)


async def test_jobs_of_a_platform_that_runs_elsewhere_are_not_kept_in_mind(database: Database):
    queue = EmbeddedQueue(database, Limits())
    async with telling(database, queue, {}), queue.news() as stream:
        job = await submit(database, queue)
        async with database.writing() as work:
            assert await queue.cancel(work, job, None)
        heard = []
        with suppress(TimeoutError):
            async with asyncio.timeout(1):  # 20 looks; one may come before the queue's own news
                async for news in stream:
                    heard.append(news.state)
    assert 1 <= heard.count(JobState.CANCELLED) <= 3
