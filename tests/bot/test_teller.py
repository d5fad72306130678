"""Progress of jobs whose end this process does not see: another one, or the operator, has ended them."""

import asyncio

from bot.kinds import JobKind
from bot.queue import EmbeddedQueue, Limits, Order
from bot.teller import Teller
from storage import people
from storage.database import Database
from storage.models import JobState
from tests.bot.house import FakeFrontend


async def test_what_another_process_has_ended_is_not_shown_for_ever(
    database: Database, frontend: FakeFrontend
):
    here, there = EmbeddedQueue(database, Limits()), EmbeddedQueue(database, Limits())
    teller = Teller(database, here, look_seconds=0.05)
    telling = asyncio.create_task(teller.run({"fake": frontend}))
    try:
        async with asyncio.timeout(20):
            async with database.writing() as work:
                ann = await people.meet(work, "fake", "ann", "en", 1.0)
                job = await here.submit(work, Order(ann.id, "ann", JobKind.SPEAK, "blob"))
            while not frontend.progress:
                await asyncio.sleep(0.01)
            async with database.writing() as work:
                assert await there.cancel(work, job.id, None)
            while frontend.progress[-1][1].state != JobState.CANCELLED:
                await asyncio.sleep(0.01)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    assert frontend.progress[-1][1].message_id == f"progress-{job.id}"
