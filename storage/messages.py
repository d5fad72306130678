"""Messages of the chat page: what was said, in order, so that a reload or a restart loses nothing.

A message that shows the progress of a job goes when the job has ended: its result is a message of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select

from storage.database import Work
from storage.models import LIVE, Job, Message

KEEP = 300  # newest messages of a person


async def add(
    work: Work,
    person_id: str,
    content: Mapping[str, Any],
    now: float,
    *,
    event_id: str | None = None,
    job_id: str | None = None,
) -> Message:
    """Keep one message."""
    message = Message(
        person_id=person_id, event_id=event_id, job_id=job_id, content=dict(content), created_at=now
    )
    work.session.add(message)
    await work.session.flush()
    return message


async def drop_oldest(work: Work, person_id: str) -> None:
    """Remove what is older than the KEEP newest messages of a person."""
    beyond = select(Message.number).where(Message.person_id == person_id).order_by(Message.number.desc())
    await work.session.execute(delete(Message).where(Message.number.in_(beyond.offset(KEEP).limit(KEEP))))


async def newest(work: Work, person_id: str) -> Sequence[Message]:
    """List the conversation, oldest first; progress only of jobs that live."""
    live = select(Job.id).where(Job.person_id == person_id, Job.state.in_(LIVE))
    found = await work.session.scalars(
        select(Message)
        .where(Message.person_id == person_id, or_(Message.job_id.is_(None), Message.job_id.in_(live)))
        .order_by(Message.number.desc())
        .limit(KEEP)
    )
    return list(reversed(found.all()))


async def end_progress(work: Work, job_id: str) -> None:
    """Remove the message that showed a job's progress."""
    await work.session.execute(delete(Message).where(Message.job_id == job_id))
