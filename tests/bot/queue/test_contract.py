"""What every queue backend promises (bot/queue/protocol.py). A new backend joins BACKENDS."""

import asyncio
from collections.abc import Callable

import pytest

from bot.kinds import JobKind
from bot.queue import EmbeddedQueue, Limits, News, Order, Queue, Refusal, Refused
from bot.queue.protocol import Claim, Failure
from storage import jobs
from storage.database import Database
from storage.models import Job, JobState
from tests.bot.conftest import Clock, meet
from tests.waiting import until

OUR_FAULT = Failure("our-fault", {}, "the engine raised", again=True)
THEIR_PHOTO = Failure("no-face", {}, "no face", again=False)
LIMITS = Limits(waiting=5, waiting_a_person=3, a_day_a_person=6)


class Dead:
    """Which workers have died, as a test says."""

    def __init__(self) -> None:
        self.workers: set[str] = set()

    def __call__(self, worker: str, silent_seconds: float) -> bool:
        return worker in self.workers


def embedded(database: Database, clock: Clock, dead: Dead) -> Queue:
    return EmbeddedQueue(database, LIMITS, clock=clock, dead=dead)


BACKENDS = [embedded]


class House:
    """A queue of the backend under test, with short words for its use."""

    def __init__(self, backend: Callable[[Database, Clock, Dead], Queue], database: Database, clock: Clock):
        self.database, self.clock, self.dead = database, clock, Dead()
        self.new_queue = lambda: backend(database, clock, self.dead)
        self.queue = self.new_queue()

    async def submit(self, person: str, style: str | None = None) -> str:
        """A drawing in a style; without one a talk."""
        kind = JobKind.DRAW if style else JobKind.SPEAK
        async with self.database.writing() as work:
            return (await self.queue.submit(work, Order(person, "here", kind, "blob", style))).id

    async def claim(self, queue: Queue | None = None, beside: Job | None = None) -> Claim | None:
        async with self.database.writing() as work:
            return await (queue or self.queue).claim(work, beside)

    async def take(self) -> str:
        claim = await self.claim()
        assert claim is not None
        return claim.job.id

    async def done(self, job_id: str, queue: Queue | None = None) -> bool:
        async with self.database.writing() as work:
            return await (queue or self.queue).done(work, job_id)

    async def fail(self, job_id: str, failure: Failure) -> JobState | None:
        async with self.database.writing() as work:
            return await self.queue.fail(work, job_id, failure)

    async def cancel(self, job_id: str, person: str | None) -> bool:
        async with self.database.writing() as work:
            return await self.queue.cancel(work, job_id, person)

    async def reclaim(self, queue: Queue) -> list[str]:
        async with self.database.writing() as work:
            return [job.id for job in await queue.reclaim(work)]

    async def position(self, job_id: str) -> int | None:
        async with self.database.reading() as work:
            return await self.queue.position(work, job_id)

    async def job(self, job_id: str) -> Job:
        async with self.database.reading() as work:
            job = await jobs.get(work, job_id)
            assert job is not None
            return job


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.__name__)
async def house(request: pytest.FixtureRequest, database: Database, clock: Clock) -> House:
    return House(request.param, database, clock)


async def test_own_jobs_keep_their_order_and_one_runs_at_a_time(house: House):
    (ann,) = await meet(house.database, "ann")
    first, second = [await house.submit(ann) for _ in range(2)]
    assert await house.take() == first
    assert await house.claim() is None
    assert await house.done(first)
    assert await house.take() == second


async def test_who_was_served_longest_ago_goes_first(house: House):
    """Three jobs of one person do not delay the single job of another."""
    ann, bob = await meet(house.database, "ann", "bob")
    a1, a2, _ = [await house.submit(ann) for _ in range(3)]
    b1 = await house.submit(bob)
    served = []
    for _ in range(3):
        served.append(await house.take())
        await house.done(served[-1])
    assert served == [a1, b1, a2]


async def test_what_runs_beside_a_job_is_of_its_kind_and_style_and_keeps_everybodys_order(house: House):
    ann, bob, cho, dee = await meet(house.database, "ann", "bob", "cho", "dee")
    await house.submit(ann, "fox")
    claim = await house.claim()
    assert claim is not None
    await house.submit(ann, "fox")  # one of a person runs at a time
    await house.submit(bob)  # a talk, and a drawing only after it
    await house.submit(bob, "fox")
    await house.submit(cho, "owl")
    along = await house.submit(dee, "fox")
    beside = await house.claim(beside=claim.job)
    assert beside is not None
    assert (beside.job.id, beside.job.person_id) == (along, dee)
    assert await house.claim(beside=claim.job) is None
    for running in (claim, beside):
        await house.done(running.job.id)
    # whoever has waited longest is next, in their own order
    served = [await house.job(await house.take()) for _ in range(3)]
    assert [(job.person_id, job.kind) for job in served] == [
        (bob, JobKind.SPEAK),
        (cho, JobKind.DRAW),
        (ann, JobKind.DRAW),
    ]


async def test_positions_foretell_the_order_of_service(house: House):
    people = await meet(house.database, "ann", "bob", "cho")
    submitted = [await house.submit(people[i]) for i in (0, 0, 1, 2, 1)]
    foretold = {job_id: await house.position(job_id) for job_id in submitted}
    assert sorted(p for p in foretold.values() if p is not None) == [0, 1, 2, 3, 4]
    for place in range(5):
        served = await house.take()
        assert foretold[served] == place
        await house.done(served)
        assert await house.position(served) is None


async def test_limits_are_clear_words(house: House):
    ann, bob, cho = await meet(house.database, "ann", "bob", "cho")
    for _ in range(3):
        await house.submit(ann)
    with pytest.raises(Refused) as refused:
        await house.submit(ann)
    assert (refused.value.reason, refused.value.limit) == (Refusal.WAITING, 3)
    await house.submit(bob)
    await house.submit(bob)
    with pytest.raises(Refused) as refused:
        await house.submit(cho)
    assert (refused.value.reason, refused.value.limit) == (Refusal.FULL, 5)


async def test_a_day_has_a_limit_and_ends(house: House):
    (ann,) = await meet(house.database, "ann")
    for _ in range(6):
        job = await house.submit(ann)
        await house.take()
        await house.done(job)
    with pytest.raises(Refused) as refused:
        await house.submit(ann)
    assert (refused.value.reason, refused.value.limit) == (Refusal.TODAY, 6)
    house.clock.now += 86_401
    await house.submit(ann)


async def test_only_the_owner_cancels_and_only_once(house: House):
    ann, bob = await meet(house.database, "ann", "bob")
    job = await house.submit(ann)
    assert not await house.cancel(job, bob)
    assert await house.cancel(job, ann)
    assert not await house.cancel(job, ann)
    assert await house.claim() is None


async def test_cancelling_a_running_job_stops_it_and_drops_its_result(house: House):
    (ann,) = await meet(house.database, "ann")
    await house.submit(ann)
    claim = await house.claim()
    assert claim is not None
    assert not claim.stop.is_set()
    assert await house.cancel(claim.job.id, ann)
    assert claim.stop.is_set()
    assert not await house.done(claim.job.id)
    assert (await house.job(claim.job.id)).state == JobState.CANCELLED
    async with house.database.writing() as work:
        assert not await house.queue.heartbeat(work, claim.job.id, "render")


async def test_three_failures_end_a_job_and_others_go_on(house: House):
    ann, bob = await meet(house.database, "ann", "bob")
    bad, good = await house.submit(ann), await house.submit(bob)
    states = []
    served = []
    while (claim := await house.claim()) is not None:
        served.append(claim.job.id)
        if claim.job.id == bad:
            states.append(await house.fail(bad, OUR_FAULT))
        else:
            await house.done(good)
    assert states == [JobState.WAITING, JobState.WAITING, JobState.FAILED]
    assert served == [bad, good, bad, bad]
    job = await house.job(bad)
    assert (job.attempts, job.error_id, job.error) == (3, "our-fault", "the engine raised")


async def test_what_is_wrong_with_a_photo_is_not_tried_again(house: House):
    (ann,) = await meet(house.database, "ann")
    job = await house.submit(ann)
    await house.take()
    assert await house.fail(job, THEIR_PHOTO) == JobState.FAILED
    assert (await house.job(job)).error_id == "no-face"


async def test_jobs_of_a_dead_worker_are_taken_up_by_another_three_times(house: House):
    (ann,) = await meet(house.database, "ann")
    job = await house.submit(ann)
    for attempt in (1, 2, 3):
        queue = house.new_queue()
        claim = await house.claim(queue)
        assert claim is not None
        assert claim.job.attempts == attempt
        assert await house.reclaim(house.queue) == [], "the living keep their jobs"
        house.dead.workers.add(claim.job.worker or "")
        assert await house.reclaim(house.queue) == ([job] if attempt == 3 else [])
        assert not await house.done(job, queue), "the dead cannot end a job"
    assert (await house.job(job)).state == JobState.FAILED


async def test_an_end_by_the_death_of_workers_is_news(house: House):
    (ann,) = await meet(house.database, "ann")
    await house.submit(ann)
    async with house.queue.news() as stream:
        for _ in range(3):
            claim = await house.claim(house.new_queue())
            assert claim is not None
            house.dead.workers.add(claim.job.worker or "")
            await house.reclaim(house.queue)
        async with asyncio.timeout(10):
            async for news in stream:
                if news.state == JobState.FAILED:
                    return


async def test_stopping_gives_a_job_back_without_counting(house: House):
    (ann,) = await meet(house.database, "ann")
    job = await house.submit(ann)
    for _ in range(5):
        await house.take()
        async with house.database.writing() as work:
            assert await house.queue.give_back(work, job)
    assert (await house.job(job)).attempts == 0


async def test_the_operator_retries_what_failed(house: House):
    (ann,) = await meet(house.database, "ann")
    job = await house.submit(ann)
    await house.take()
    await house.fail(job, THEIR_PHOTO)
    async with house.database.writing() as work:
        assert await house.queue.retry(work, job)
    async with house.database.writing() as work:
        assert not await house.queue.retry(work, job)
    assert (await house.job(job)).attempts == 0, "as often as a new one"
    assert await house.take() == job


async def test_a_job_exists_only_with_its_transaction(house: House):
    (ann,) = await meet(house.database, "ann")
    with pytest.raises(ZeroDivisionError):
        async with house.database.writing() as work:
            await house.queue.submit(work, Order(ann, "here", JobKind.SPEAK, "blob"))
            raise ZeroDivisionError
    assert await house.claim() is None


async def test_news_tell_position_progress_and_end(house: House):
    ann, bob = await meet(house.database, "ann", "bob")
    told: list[News] = []

    async def listen() -> None:
        async with house.queue.news() as news:
            async for item in news:
                told.append(item)
                if item.job_id == second and item.state == JobState.DONE:
                    return

    def positions() -> list[int]:
        return [n.position for n in told if n.job_id == second and n.state == JobState.WAITING]

    second = ""
    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    first, second = await house.submit(ann), await house.submit(bob)
    await until(lambda: positions() == [1])
    assert await house.take() == first
    await house.done(first)
    await until(lambda: positions() == [1, 0])
    claim = await house.claim()
    assert claim is not None
    await asyncio.to_thread(house.queue.progressed, claim.job, "render", 0.5)
    await until(lambda: any(n.stage for n in told))
    await house.done(second)
    await asyncio.wait_for(listening, 10)
    of_second = [n for n in told if n.job_id == second]
    assert [(n.stage, n.fraction) for n in of_second if n.stage] == [("render", 0.5)]
    assert of_second[-1].state == JobState.DONE


async def test_a_slow_listener_keeps_only_the_newest(house: House):
    (ann,) = await meet(house.database, "ann")
    await house.submit(ann)
    claim = await house.claim()
    assert claim is not None
    async with house.queue.news() as news:
        for percent in range(100):
            house.queue.progressed(claim.job, "render", percent / 100)
        await asyncio.sleep(0.05)
        assert (await anext(aiter(news))).fraction == 0.99


async def test_a_new_job_wakes_who_waits_for_work(house: House):
    (ann,) = await meet(house.database, "ann")
    waiting = asyncio.create_task(house.queue.wait_for_work(60))
    await asyncio.sleep(0.05)
    await house.submit(ann)
    await asyncio.wait_for(waiting, 1)
