"""Jobs: rows of work. Which transitions there are, and that each happens at most once.

Every change of state is guarded by the state (and the worker) that it starts from, so that of two that come
together only one takes effect.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, func, select, true, update
from sqlalchemy.orm import aliased

from storage.database import Work
from storage.models import LIVE, Blob, Job, JobState, Person


async def get(work: Work, job_id: str) -> Job | None:
    """Find a job."""
    found = await work.session.scalars(select(Job).where(Job.id == job_id))
    return found.one_or_none()


@dataclass(frozen=True)
class Load:
    """How many jobs wait in all and of somebody, and how many they have asked for since some time."""

    waiting: int
    waiting_of_person: int
    asked_since: int


async def load(work: Work, person_id: str, since: float) -> Load:
    """Count what the limits are about."""
    counted = select(func.count()).select_from(Job)
    waiting = counted.where(Job.state == JobState.WAITING)
    mine = waiting.where(Job.person_id == person_id)
    recent = counted.where(Job.person_id == person_id, Job.created_at > since)
    row = await work.session.execute(
        select(waiting.scalar_subquery(), mine.scalar_subquery(), recent.scalar_subquery())
    )
    return Load(*row.one())


@dataclass(frozen=True)
class Place:
    """What decides when a live job is served."""

    job_id: str
    person_id: str
    number: int
    state: JobState
    served_at: float | None  # when the person was last served


async def places(work: Work) -> list[Place]:
    """List all live jobs by what decides their order; light, since it is asked for often."""
    rows = await work.session.execute(
        select(Job.id, Job.person_id, Job.number, Job.state, Person.served_at)
        .join(Person, Person.id == Job.person_id)
        .where(Job.state.in_(LIVE))
        .order_by(Job.number)
    )
    return [Place(job, person, number, JobState(state), at) for job, person, number, state, at in rows]


async def has_live(work: Work, person_id: str, kind: str) -> bool:
    """Say whether a job of a kind waits or runs for somebody."""
    query = select(Job.id).where(Job.person_id == person_id, Job.state.in_(LIVE), Job.kind == kind).limit(1)
    return await work.session.scalar(query) is not None


async def live(work: Work, person_id: str | None = None) -> Sequence[Job]:
    """List running and waiting jobs in the order they were asked for."""
    query = select(Job).where(Job.state.in_(LIVE)).order_by(Job.number)
    if person_id is not None:
        query = query.where(Job.person_id == person_id)
    return (await work.session.scalars(query)).all()


async def newest(work: Work, state: JobState | None, limit: int) -> Sequence[Job]:
    """List the newest jobs, for the operator."""
    query = select(Job).order_by(Job.number.desc()).limit(limit)
    if state is not None:
        query = query.where(Job.state == state)
    return (await work.session.scalars(query)).all()


async def with_people(work: Work, job_ids: Collection[str]) -> list[tuple[Job, Person]]:
    """Find jobs and who asked for them."""
    found = await work.session.execute(
        select(Job, Person).join(Person, Person.id == Job.person_id).where(Job.id.in_(job_ids))
    )
    return [(job, person) for job, person in found]


async def note_messages(work: Work, messages: Mapping[str, str]) -> None:
    """Note which message shows the progress of which job."""
    for job_id, message_id in messages.items():
        await work.session.execute(update(Job).where(Job.id == job_id).values(progress_message=message_id))


async def beginning_with(work: Work, beginning: str) -> Sequence[Job]:
    """List the jobs whose id begins so, at most two."""
    query = select(Job).where(Job.id.startswith(beginning, autoescape=True)).limit(2)
    return (await work.session.scalars(query)).all()


async def has_input(work: Work, job: Job) -> bool:
    """Say whether the photo or voice of a job is still kept."""
    return await work.session.get(Blob, job.blob_id) is not None


async def count_by_state(work: Work) -> dict[str, int]:
    """Count jobs by state, for the operator."""
    rows = await work.session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {str(state): number for state, number in rows}


async def busiest(work: Work, platform: str, since: float, limit: int) -> list[tuple[str, int]]:
    """List who asked for most since some time: what their platform calls them, and for how much."""
    asked = func.count(Job.number)
    rows = await work.session.execute(
        select(Person.platform_id, asked)
        .join(Job, Job.person_id == Person.id)
        .where(Person.platform == platform, Job.created_at > since)
        .group_by(Person.platform_id)
        .order_by(asked.desc(), Person.platform_id)
        .limit(limit)
    )
    return [(platform_id, number) for platform_id, number in rows]


async def claim(work: Work, worker: str, now: float, beside: Job | None = None) -> Job | None:
    """Take the next job: of those with none running, who was served longest ago goes first.

    With `beside` only a job of its kind and style is taken, and only one that its person has asked for first.
    """
    busy = select(Job.person_id).where(Job.state == JobState.RUNNING)
    fitting = true() if beside is None else _fits_beside(beside)
    found = await work.session.execute(
        select(Job, Person)
        .join(Person, Person.id == Job.person_id)
        .where(Job.state == JobState.WAITING, Job.person_id.not_in(busy), fitting)
        .order_by(func.coalesce(Person.served_at, 0.0), Job.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = found.one_or_none()
    if row is None:
        return None
    job, person = row
    job.state = JobState.RUNNING
    job.worker = worker
    job.attempts += 1
    job.started_at = job.heartbeat_at = person.served_at = now
    job.stage = None
    await work.session.flush()
    return job


def _fits_beside(other: Job) -> ColumnElement[bool]:
    earlier = aliased(Job)
    has_earlier = (
        select(earlier.id)
        .where(
            earlier.person_id == Job.person_id,
            earlier.state == JobState.WAITING,
            earlier.number < Job.number,
        )
        .exists()
    )
    return and_(Job.kind == other.kind, Job.style.is_not_distinct_from(other.style), ~has_earlier)


async def beat(work: Work, job_id: str, worker: str, stage: str | None, now: float) -> bool:
    """Note that a worker is still at a job; False when it is not (any more) that worker's."""
    return await _change(work, _held(job_id, worker), heartbeat_at=now, stage=stage)


async def end(work: Work, job_id: str, worker: str, state: JobState, **about: object) -> bool:
    """End a worker's running job; False when it is not (any more) that worker's."""
    return await _change(work, _held(job_id, worker), state=state, **about)


async def give_back(work: Work, job_id: str, worker: str, *, counts: bool, **about: object) -> bool:
    """Put a worker's running job back among the waiting; `counts` says whether it was an attempt."""
    attempts = Job.attempts if counts else Job.attempts - 1
    held = _held(job_id, worker)
    return await _change(work, held, state=JobState.WAITING, worker=None, attempts=attempts, **about)


async def cancel(work: Work, job_id: str, now: float) -> bool:
    """Cancel a waiting or running job; False when it had ended."""
    live_job = and_(Job.id == job_id, Job.state.in_(LIVE))
    return await _change(work, live_job, state=JobState.CANCELLED, finished_at=now)


async def retry(work: Work, job_id: str) -> bool:
    """Let a failed job wait again, its attempts forgotten; False in any other state."""
    failed = and_(Job.id == job_id, Job.state == JobState.FAILED)
    afresh: dict[str, object] = {"attempts": 0, "worker": None, "finished_at": None}
    no_error: dict[str, object] = {"error": None, "error_id": None, "error_values": {}}
    return await _change(work, failed, state=JobState.WAITING, **afresh, **no_error)


async def running(work: Work) -> Sequence[Job]:
    """List the running jobs."""
    return (await work.session.scalars(select(Job).where(Job.state == JobState.RUNNING))).all()


def _held(job_id: str, worker: str) -> ColumnElement[bool]:
    return and_(Job.id == job_id, Job.state == JobState.RUNNING, Job.worker == worker)


async def _change(work: Work, before: ColumnElement[bool], **values: object) -> bool:
    """Change the one job that is as `before` says; False when there is none."""
    result = await work.session.execute(update(Job).where(before).values(**values))
    return cast("CursorResult[Any]", result).rowcount == 1
