"""The sweep: what is too old goes, and what nothing refers to.

Files are removed after their rows are: whoever dies between leaves a file without a row, and the next sweep
finds it. A young file without a row may belong to a transaction that is still open, so it gets a grace.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, delete, or_, select, update

from storage.blobs import BlobStore
from storage.database import Database, Work
from storage.deliveries import ON_THE_WAY
from storage.models import (
    LIVE,
    OUR_FAULT,
    Blob,
    Delivery,
    Job,
    JobState,
    Person,
    Purpose,
    Render,
    SeenEvent,
)

DAY = 86_400.0  # s
ORPHAN_GRACE = 600.0  # s; a file is written seconds before its row
KEEP_JOBS = 30 * DAY  # ended jobs, for the operator
PAGE = 1_000  # rows read at once: other events go on between
KEEP_CAPTIONS = DAY  # as long as the voice that goes with one
KEEP_STRANGERS = 7 * DAY  # who never agreed to anything, since they came
KEEP_SEEN = 2 * DAY  # handled updates; Telegram repeats them for at most one day


@dataclass(frozen=True)
class Swept:
    """What a sweep removed."""

    expired: int  # files that were too old
    orphans: int  # files that nothing referred to
    jobs: int
    strangers: int  # people who never agreed to being remembered


async def sweep(database: Database, blobs: BlobStore, now: float, grace: float = ORPHAN_GRACE) -> Swept:
    """Remove what is too old and what nothing refers to."""
    async with database.writing() as work:
        keys = await expire(work, now)
        jobs = await _old_rows(work, now)
        strangers = await _strangers(work, now)
    await blobs.delete(keys)
    orphans = await _orphans(database, blobs, now - grace)
    await blobs.delete(orphans)
    return Swept(len(keys), len(orphans), jobs, strangers)


async def expire(work: Work, now: float, person_id: str | None = None) -> list[str]:
    """Delete the rows of expired files, but what a live job needs; gives the keys of the files to remove."""
    needed = select(Job.blob_id).where(Job.state.in_(LIVE))
    behind = select(Job.background_id).where(Job.state.in_(LIVE), Job.background_id.is_not(None))
    query = select(Blob).where(Blob.expires_at <= now, Blob.id.not_in(needed), Blob.id.not_in(behind))
    if person_id is not None:
        query = query.where(Blob.person_id == person_id)
    blobs = (await work.session.scalars(query)).all()
    if blobs:
        await work.session.execute(delete(Blob).where(Blob.id.in_([blob.id for blob in blobs])))
    return [blob.key for blob in blobs]


async def let_go(work: Work, person_id: str, wanted: Collection[str | None], now: float) -> list[str]:
    """Delete a person's photos, voices, backgrounds and captions that are neither wanted nor needed by a job.

    A job needs its input while it is live, until its result is delivered, and, when it failed by our fault,
    for the operator to try again; its background only while it is live. Gives the keys of the
    files to remove.
    """
    undelivered = select(Delivery.job_id).where(Delivery.state.in_(ON_THE_WAY))
    needing = and_(
        Job.person_id == person_id,
        or_(
            Job.state.in_(LIVE),
            and_(Job.state == JobState.DONE, Job.id.in_(undelivered)),
            and_(Job.state == JobState.FAILED, Job.error_id == OUR_FAULT),
        ),
    )
    needed = select(Job.blob_id).where(needing)
    await work.session.execute(
        update(Job)
        .where(Job.person_id == person_id, Job.caption != "", Job.id.not_in(select(Job.id).where(needing)))
        .values(caption="")
    )
    await work.session.execute(
        update(Blob)
        .where(
            Blob.person_id == person_id,
            Blob.purpose.in_((Purpose.PHOTO, Purpose.VOICE, Purpose.BACKGROUND)),
            Blob.id.not_in([blob_id for blob_id in wanted if blob_id]),
            Blob.id.not_in(needed),
        )
        .values(expires_at=now)
    )
    return await expire(work, now, person_id)


async def _old_rows(work: Work, now: float) -> int:
    """Delete old jobs with their deliveries, renders of which nothing is left, and handled updates."""
    undelivered = select(Delivery.job_id).where(Delivery.state.in_(ON_THE_WAY))
    old = await work.session.execute(
        delete(Job)
        .where(Job.finished_at < now - KEEP_JOBS, Job.state.not_in(LIVE), Job.id.not_in(undelivered))
        .returning(Job.id)
    )
    removed = len(old.all())
    await work.session.execute(  # of what failed and nobody has tried again
        update(Job)
        .where(Job.caption != "", Job.state.not_in(LIVE), Job.finished_at < now - KEEP_CAPTIONS)
        .values(caption="")
    )
    # what a character's gallery shows keeps its file; the rest goes with its job
    await work.session.execute(delete(Render).where(Render.blob_id.is_(None), Render.job_id.is_(None)))
    await work.session.execute(delete(SeenEvent).where(SeenEvent.seen_at < now - KEEP_SEEN))
    return removed


async def _strangers(work: Work, now: float) -> int:
    """Forget who came and never agreed, but nobody who has written lately."""
    written = select(SeenEvent.person_id).where(SeenEvent.person_id == Person.id).exists()
    gone = await work.session.execute(
        delete(Person)
        .where(Person.consent_version == 0, Person.created_at < now - KEEP_STRANGERS, ~written)
        .returning(Person.id)
    )
    count = len(gone.all())
    if count:
        await work.owe_erasing()
    return count


async def _orphans(database: Database, blobs: BlobStore, before: float) -> list[str]:
    """List the files written before a time that have no row."""
    old = [stored.key for stored in await blobs.stored() if stored.written_at <= before]
    kept, last = set[str](), ""
    while True:
        async with database.reading() as work:
            query = select(Blob.id, Blob.person_id).where(Blob.id > last).order_by(Blob.id).limit(PAGE)
            rows = (await work.session.execute(query)).all()
        if not rows:
            return [key for key in old if key not in kept]
        kept.update(f"{person_id}/{blob_id}" for blob_id, person_id in rows)
        last = rows[-1][0]
