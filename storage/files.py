"""Rows of blobs and renders: which files are kept, for whom, and until when."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update

from storage.database import Work
from storage.models import Blob, Job, Purpose, Render


async def keep(work: Work, blob: Blob) -> Blob:
    """Note that a file, already in the store, is kept."""
    work.session.add(blob)
    await work.session.flush()
    return blob


async def get(work: Work, blob_id: str, person_id: str) -> Blob | None:
    """Find somebody's file; nobody else's is ever found."""
    blob = await work.session.get(Blob, blob_id)
    return blob if blob is not None and blob.person_id == person_id else None


async def still_there(work: Work, person_id: str, blob_ids: Collection[str]) -> set[str]:
    """Say which of these files of somebody are still kept."""
    if not blob_ids:
        return set()
    query = select(Blob.id).where(Blob.person_id == person_id, Blob.id.in_(blob_ids))
    return set((await work.session.scalars(query)).all())


async def keep_until(work: Work, blob_id: str, until: float) -> None:
    """Change until when a file is kept; a time that is past has the next sweep remove it."""
    await work.session.execute(update(Blob).where(Blob.id == blob_id).values(expires_at=until))


async def photo_exists(work: Work, photo_id: str, person_id: str) -> bool:
    """Say whether a photo of somebody is still here."""
    blob = await get(work, photo_id, person_id)
    return blob is not None and blob.purpose == Purpose.PHOTO


async def renders_of_job(work: Work, job_id: str) -> Sequence[Render]:
    """List what a job has made."""
    return (await work.session.scalars(select(Render).where(Render.job_id == job_id))).all()


async def render(work: Work, render_id: str, person_id: str) -> Render | None:
    """Find something made for somebody; nobody else's is ever found."""
    found = await work.session.get(Render, render_id)
    return found if found is not None and found.person_id == person_id else None


async def note_file_id(work: Work, render_id: str, platform: str, file_id: str | None) -> None:
    """Remember what a platform calls a file, so that it need not be sent there again; None: it is unknown."""
    found = await work.session.get(Render, render_id)
    if found is not None:
        others = {other: known for other, known in found.file_ids.items() if other != platform}
        found.file_ids = others if file_id is None else {**others, platform: file_id}


async def preview_of(work: Work, photo_id: str, name: str) -> Render | None:
    """Find the preview that was made of a photo, while its file is here."""
    found = await work.session.scalars(
        select(Render)
        .join(Job, Job.id == Render.job_id)
        .where(Job.blob_id == photo_id, Render.name == name, Render.blob_id.is_not(None))
        .order_by(Render.created_at.desc())
        .limit(1)
    )
    return found.one_or_none()


async def everything(work: Work) -> Sequence[Blob]:
    """List every file that is kept."""
    return (await work.session.scalars(select(Blob))).all()
