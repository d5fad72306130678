"""The sweep removes what is too old or belongs to nothing, and nothing else."""

import asyncio
import os
from pathlib import Path

import pytest

from storage import files, people
from storage.blobs import BlobStore
from storage.database import Database
from storage.ids import new_id
from storage.models import Blob, Job, JobState, Purpose
from storage.sweep import DAY, sweep

NOW = 1_900_000_000.0  # later than the files that the tests write


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(str(tmp_path / "blobs"))


async def keep(
    database: Database, blobs: BlobStore, expires_at: float | None, with_job: JobState | None = None
) -> str:
    async with database.writing() as work:
        person = await people.meet(work, "console", "ann", "en", NOW)
        blob = Blob(
            id=new_id(),
            person_id=person.id,
            purpose=Purpose.PHOTO,
            name="photo",
            size=5,
            created_at=NOW,
            expires_at=expires_at,
        )
        await files.keep(work, blob)
        if with_job is not None:
            work.session.add(
                Job(
                    id=new_id(),
                    person_id=person.id,
                    address="ann",
                    kind="preview",
                    state=with_job,
                    blob_id=blob.id,
                    created_at=NOW,
                )
            )
    await blobs.write(blob.key, b"photo")
    return blob.key


async def test_old_files_go_unless_a_live_job_needs_them(tmp_path: Path, blobs: BlobStore):
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    old = await keep(database, blobs, NOW - 1)
    needed = await keep(database, blobs, NOW - 1, JobState.WAITING)
    ended = await keep(database, blobs, NOW - 1, JobState.CANCELLED)
    young = await keep(database, blobs, NOW + 1)
    lasting = await keep(database, blobs, None)
    swept = await sweep(database, blobs, NOW)
    assert (swept.expired, swept.orphans) == (2, 0)
    left = {stored.key for stored in await blobs.stored()}
    assert left == {needed, young, lasting}
    assert not {old, ended} & left
    await database.close()


async def test_files_without_a_row_go_after_a_grace(tmp_path: Path, blobs: BlobStore):
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    kept = await keep(database, blobs, None)
    await blobs.write("nobody/lost", b"lost")
    (tmp_path / "blobs" / "nobody" / "half.part").write_bytes(b"ha")
    written = max(stored.written_at for stored in await blobs.stored())
    assert (await sweep(database, blobs, written + 60)).orphans == 0, "young: it may get its row yet"
    assert (await sweep(database, blobs, written + 3_600)).orphans == 2
    assert [stored.key for stored in await blobs.stored()] == [kept]
    await database.close()


async def test_old_jobs_go_live_ones_stay(tmp_path: Path, blobs: BlobStore):
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    for state in (JobState.DONE, JobState.WAITING):
        await keep(database, blobs, None, state)
    async with database.writing() as work:
        for job in await _jobs(work):
            job.finished_at = NOW - 31 * DAY if job.state == JobState.DONE else None
    assert (await sweep(database, blobs, NOW)).jobs == 1
    async with database.reading() as work:
        assert [job.state for job in await _jobs(work)] == [JobState.WAITING]
    await database.close()


async def test_handled_updates_are_remembered_as_long_as_platforms_repeat_them(
    tmp_path: Path, blobs: BlobStore
):
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    async with database.writing() as work:
        person = await people.meet(work, "console", "ann", "en", NOW)
        for event, days in (("old", 2.1), ("young", 1.0)):
            assert await people.first_sight(work, person, event, NOW - days * DAY)
    await sweep(database, blobs, NOW)
    async with database.reading() as work:
        assert [await people.has_seen(work, person, event) for event in ("old", "young")] == [False, True]
    await database.close()


async def test_captions_go_after_a_day_and_backgrounds_stay_for_who_waits(tmp_path: Path, blobs: BlobStore):
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    for state in (JobState.FAILED, JobState.WAITING):
        await keep(database, blobs, None, state)
    behind, replaced = await keep(database, blobs, NOW - 1), await keep(database, blobs, NOW - 1)
    async with database.writing() as work:
        for job in await _jobs(work):
            job.caption, job.background_id = "words", replaced.partition("/")[2]
            if job.state == JobState.WAITING:
                job.background_id = behind.partition("/")[2]
            else:
                job.finished_at = NOW - 1.1 * DAY
    await sweep(database, blobs, NOW)
    left = {stored.key for stored in await blobs.stored()}
    assert (behind in left, replaced in left) == (True, False)
    async with database.reading() as work:
        assert {job.state: job.caption for job in await _jobs(work)} == {
            JobState.FAILED: "",
            JobState.WAITING: "words",
        }
    await database.close()


async def _jobs(work):
    from sqlalchemy import select

    return (await work.session.scalars(select(Job))).all()


async def test_a_blob_is_whole_or_absent(tmp_path: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch):
    def full(number: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            await blobs.write("ann/one", b"content")
    with pytest.raises(FileNotFoundError):
        await blobs.read("ann/one")
    await blobs.write("ann/one", b"content")
    assert await blobs.read("ann/one") == b"content"
    assert [path.name for path in (tmp_path / "blobs" / "ann").iterdir()] == ["one"]
    await blobs.delete(["ann/one", "ann/never"])
    with pytest.raises(FileNotFoundError):
        await blobs.read("ann/one")


async def test_two_processes_may_remove_the_same_at_once(tmp_path: Path, blobs: BlobStore):
    (tmp_path / "blobs" / "ann").mkdir(parents=True)
    keys = [f"ann/{number}" for number in range(500)]
    for key in keys:
        (tmp_path / "blobs" / key).touch()
    await asyncio.gather(blobs.delete(keys), blobs.delete(keys), blobs.delete_person("ann"))
    assert await blobs.stored() == []


async def test_blobs_live_anywhere_fsspec_reaches():
    """The same promises in another kind of store."""
    blobs = BlobStore("memory://mytalkcon-test")
    await blobs.write("ann/one", b"content")
    assert await blobs.read("ann/one") == b"content"
    assert [stored.key for stored in await blobs.stored()] == ["ann/one"]
    await blobs.delete(["ann/never"])
    await blobs.delete_person("ann")
    assert await blobs.stored() == []
