"""What a queue promises. tests/bot/queue holds the contract that every backend must pass.

The table `jobs` is the truth in every mode. Methods that change it take the caller's transaction, so that a
job appears together with the conversation that asked for it, and ends together with its result; whatever a
backend does beside that (waking a worker, telling subscribers) happens after the commit.
"""

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.kinds import PLAIN, JobKind, Manner
from bot.queue.news import News, Subscription
from storage.database import Work
from storage.models import Job, JobState

ATTEMPTS = 3  # so often a job may fail by our fault before the person is told


class Refusal(StrEnum):
    """Why a job is not accepted; ids of sentences."""

    FULL = "queue-full"
    WAITING = "too-many-waiting"
    TODAY = "too-many-today"


class Refused(Exception):
    """A job is not accepted; `limit` is the number that was reached."""

    def __init__(self, reason: Refusal, limit: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit


@dataclass(frozen=True)
class Limits:
    """How much is accepted."""

    waiting: int = 100  # jobs in all
    waiting_a_person: int = 3
    a_day_a_person: int = 60


@dataclass(frozen=True)
class Order:
    """A job to be done: who asks, in which chat, for what."""

    person_id: str
    address: str
    kind: JobKind
    blob_id: str  # photo or voice
    style: str | None = None
    character_id: str | None = None
    seed: int = 0
    manner: Manner = PLAIN
    background_id: str | None = None  # own picture behind the character


@dataclass(frozen=True)
class Claim:
    """A job that this worker runs now; `stop` is set when it is not wanted any more."""

    job: Job
    stop: threading.Event


@dataclass(frozen=True)
class Failure:
    """Why a job did not work out: the sentence for the person, the detail for the operator."""

    message_id: str
    values: dict[str, object]
    detail: str
    again: bool  # our fault: worth another attempt


class Queue(Protocol):
    """Order, position, fairness, cancel, progress, resume."""

    async def submit(self, work: Work, order: Order) -> Job:
        """Accept a job, or raise Refused."""

    async def position(self, work: Work, job_id: str) -> int | None:
        """Say how many jobs are served before this one; 0 also while it runs; None when it has ended."""

    async def cancel(self, work: Work, job_id: str, person_id: str | None) -> bool:
        """Cancel a job of this person (None: anybody's); False when it had ended or is not theirs."""

    async def retry(self, work: Work, job_id: str) -> bool:
        """Let a job that failed wait again, its attempts forgotten; False in any other state."""

    async def claim(self, work: Work, beside: Job | None = None) -> Claim | None:
        """Take the next job, the one whose person was served longest ago.

        With `beside`, a job that this worker runs already: only one of the same kind and style that somebody
        else waits for next. It may overtake others, which lose nothing: it runs along.
        """

    async def heartbeat(self, work: Work, job_id: str, stage: str | None) -> bool:
        """Note that the job goes on; False when it is not this worker's any more."""

    async def done(self, work: Work, job_id: str) -> bool:
        """End a job well; False when it is not this worker's any more (cancelled): its result is dropped."""

    async def fail(self, work: Work, job_id: str, failure: Failure) -> JobState | None:
        """End a job badly, or put it back for another attempt; None when it is not this worker's any more."""

    async def give_back(self, work: Work, job_id: str) -> bool:
        """Put a job back untouched, because this worker stops."""

    async def reclaim(self, work: Work) -> list[Job]:
        """Put back the jobs of workers that died; gives those that failed for good by that."""

    def runs_here(self, job_id: str) -> bool:
        """Say whether this process runs a job."""

    def progressed(self, job: Job, stage: str, fraction: float) -> None:
        """Tell subscribers how far a job is; may be called from any thread."""

    def news(self) -> Subscription:
        """Subscribe to what happens to jobs."""

    async def wait_for_work(self, seconds: float) -> None:
        """Return when there may be something to claim, or after some seconds."""

    def publish(self, news: News) -> None:
        """Tell subscribers; from the event loop's thread."""
