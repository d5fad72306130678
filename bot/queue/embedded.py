"""The queue inside our own process: the table `jobs`, an event that wakes the worker, news in memory."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from time import time

from bot.liveness import is_dead, worker_id
from bot.queue.fairness import Waiting, serving_order
from bot.queue.news import News, Subscription
from bot.queue.protocol import ATTEMPTS, Claim, Failure, Limits, Order, Refusal, Refused
from storage import jobs
from storage.database import Database, Work
from storage.ids import new_id
from storage.models import OUR_FAULT, Job, JobState

DAY = 86_400.0  # s
MOVES_SECONDS = 0.25  # between two looks at who has moved up

log = logging.getLogger(__name__)


class EmbeddedQueue:
    """Queue of one machine; several processes on one database share the work (protocol.py has the promises).

    Parameters
    ----------
    database : where the table `jobs` is
    limits : how much is accepted
    clock : Unix seconds
    dead : (worker, seconds since its heartbeat) -> whether it has died
    """

    def __init__(
        self,
        database: Database,
        limits: Limits,
        *,
        clock: Callable[[], float] = time,
        dead: Callable[[str, float], bool] = is_dead,
    ) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock
        self._dead = dead
        self.worker = worker_id()
        self._loop = asyncio.get_running_loop()
        self._work = asyncio.Event()
        self._subscribers: set[Subscription] = set()
        self._stops: dict[str, threading.Event] = {}  # of the jobs that this worker runs
        self._positions: dict[str, int] = {}  # as last told
        self._moves: asyncio.Task[None] | None = None
        self._moved = False

    async def submit(self, work: Work, order: Order) -> Job:
        """Accept a job, or raise Refused."""
        await self._check(work, order.person_id)
        job = Job(
            id=new_id(),
            person_id=order.person_id,
            address=order.address,
            kind=order.kind,
            state=JobState.WAITING,
            blob_id=order.blob_id,
            style=order.style,
            character_id=order.character_id,
            seed=order.seed,
            feeling=order.manner.feeling,
            effect=order.manner.effect,
            background=order.manner.background,
            background_id=order.background_id,
            caption=order.manner.caption,
            created_at=self._clock(),
        )
        work.session.add(job)
        await work.session.flush()
        work.after_commit(self._changed)
        return job

    async def position(self, work: Work, job_id: str) -> int | None:
        """Say how many jobs are served before this one; 0 also while it runs; None when it has ended."""
        return _positions(await jobs.places(work)).get(job_id)

    async def cancel(self, work: Work, job_id: str, person_id: str | None) -> bool:
        """Cancel a job of this person (None: anybody's); False when it had ended or is not theirs."""
        job = await jobs.get(work, job_id)
        if job is None or (person_id is not None and job.person_id != person_id):
            return False
        if not await jobs.cancel(work, job_id, self._clock()):
            return False
        work.after_commit(lambda: self._stop(job_id))
        self._tell_afterwards(work, News(job_id, job.person_id, JobState.CANCELLED))
        return True

    async def retry(self, work: Work, job_id: str) -> bool:
        """Let a job that failed wait again, its attempts forgotten; False in any other state."""
        work.after_commit(self._changed)
        return await jobs.retry(work, job_id)

    async def claim(self, work: Work, beside: Job | None = None) -> Claim | None:
        """Take the next job, the one whose person was served longest ago; see the protocol for `beside`."""
        job = await jobs.claim(work, self.worker, self._clock(), beside)
        if job is None:
            return None
        stop = self._stops[job.id] = threading.Event()
        self._tell_afterwards(work, News(job.id, job.person_id, JobState.RUNNING))
        return Claim(job, stop)

    async def heartbeat(self, work: Work, job_id: str, stage: str | None) -> bool:
        """Note that the job goes on; False when it is not this worker's any more."""
        return await jobs.beat(work, job_id, self.worker, stage, self._clock())

    async def done(self, work: Work, job_id: str) -> bool:
        """End a job well; False when it is not this worker's any more (cancelled): its result is dropped."""
        return await self._end(work, job_id, JobState.DONE)

    async def fail(self, work: Work, job_id: str, failure: Failure) -> JobState | None:
        """End a job badly, or put it back for another attempt; None when it is not this worker's any more."""
        job = await jobs.get(work, job_id)
        if job is None:
            return None
        if failure.again and job.attempts < ATTEMPTS:
            work.after_commit(self._changed)
            self._release(work, job_id)
            kept = await jobs.give_back(work, job_id, self.worker, counts=True, error=failure.detail)
            return JobState.WAITING if kept else None
        why = {"error": failure.detail, "error_id": failure.message_id, "error_values": failure.values}
        return JobState.FAILED if await self._end(work, job_id, JobState.FAILED, **why) else None

    async def give_back(self, work: Work, job_id: str) -> bool:
        """Put a job back untouched, because this worker stops."""
        self._release(work, job_id)
        return await jobs.give_back(work, job_id, self.worker, counts=False)

    async def reclaim(self, work: Work) -> list[Job]:
        """Put back the jobs of workers that died; gives those that failed for good by that."""
        failed = []
        for job in await jobs.running(work):
            if job.worker is None or job.heartbeat_at is None:
                raise ValueError(f"job {job.id} runs without a worker")
            if not self._dead(job.worker, self._clock() - job.heartbeat_at):
                continue
            detail = f"the process ended during stage {job.stage}"
            log.warning("job %s: %s (attempt %d)", job.id, detail, job.attempts)
            job.error, job.worker = detail, None
            if job.attempts < ATTEMPTS:
                job.state = JobState.WAITING
            else:
                job.state, job.error_id, job.finished_at = JobState.FAILED, OUR_FAULT, self._clock()
                failed.append(job)
                self._tell_afterwards(work, News(job.id, job.person_id, JobState.FAILED))
            work.after_commit(self._changed)
        return failed

    def runs_here(self, job_id: str) -> bool:
        """Say whether this process runs a job."""
        return job_id in self._stops

    def progressed(self, job: Job, stage: str, fraction: float) -> None:
        """Tell subscribers how far a job is; may be called from any thread."""
        news = News(job.id, job.person_id, JobState.RUNNING, stage=stage, fraction=fraction)
        self._loop.call_soon_threadsafe(self.publish, news)

    def news(self) -> Subscription:
        """Subscribe to what happens to jobs."""
        return Subscription(self._subscribers)

    async def wait_for_work(self, seconds: float) -> None:
        """Return when there may be something to claim, or after some seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._work.wait()
        except TimeoutError:
            return
        self._work.clear()

    def publish(self, news: News) -> None:
        """Tell subscribers; from the event loop's thread."""
        for subscriber in self._subscribers:
            subscriber.tell(news)

    async def _check(self, work: Work, person_id: str) -> None:
        """Raise Refused when a limit is reached."""
        limits, load = self._limits, await jobs.load(work, person_id, self._clock() - DAY)
        if load.waiting >= limits.waiting:
            raise Refused(Refusal.FULL, limits.waiting)
        if load.waiting_of_person >= limits.waiting_a_person:
            raise Refused(Refusal.WAITING, limits.waiting_a_person)
        if load.asked_since >= limits.a_day_a_person:
            raise Refused(Refusal.TODAY, limits.a_day_a_person)

    async def _end(self, work: Work, job_id: str, state: JobState, **about: object) -> bool:
        self._release(work, job_id)
        ended = await jobs.end(work, job_id, self.worker, state, finished_at=self._clock(), **about)
        job = await jobs.get(work, job_id)
        if ended and job is not None:
            self._tell_afterwards(work, News(job_id, job.person_id, state))
        return ended

    def _tell_afterwards(self, work: Work, news: News) -> None:
        def tell() -> None:
            self.publish(news)
            self._changed()

        work.after_commit(tell)

    def _stop(self, job_id: str) -> None:
        if job_id in self._stops:
            self._stops[job_id].set()

    def _release(self, work: Work, job_id: str) -> None:
        def release() -> None:
            self._stops.pop(job_id, None)

        work.after_commit(release)

    def _changed(self) -> None:
        """Wake the worker, and tell who moved up."""
        self._work.set()
        self._moved = True
        if self._moves is None or self._moves.done():
            self._moves = self._loop.create_task(self._tell_moves())

    async def _tell_moves(self) -> None:
        """Tell who waits at another place than before; soon, but not for every single change."""
        while self._moved:
            self._moved = False
            if not self._subscribers:
                return
            async with self._database.reading() as work:
                places = await jobs.places(work)
            positions = _positions(places)
            for place in places:
                position = positions[place.job_id]
                if place.state == JobState.WAITING and position != self._positions.get(place.job_id):
                    self.publish(News(place.job_id, place.person_id, JobState.WAITING, position=position))
            self._positions = positions
            await asyncio.sleep(MOVES_SECONDS)


def _positions(places: Sequence[jobs.Place]) -> dict[str, int]:
    """Give the position of every live job: of running ones 0, of waiting ones how many go before."""
    running = [place.job_id for place in places if place.state == JobState.RUNNING]
    waiting = [Waiting(p.job_id, p.person_id, p.number) for p in places if p.state == JobState.WAITING]
    served_at = {place.person_id: place.served_at for place in places if place.served_at is not None}
    order = serving_order(waiting, served_at)
    return dict.fromkeys(running, 0) | {job: len(running) + i for i, job in enumerate(order)}
