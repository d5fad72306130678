"""The sweep removes what is too old or belongs to nothing, and nothing else."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import files, messages, people
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


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what is synchronised")
async def test_a_file_and_its_name_are_on_the_disk_before_it_counts(
    tmp_path: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
):
    """A power cut leaves what was written: the bytes, and each folder whose list of names has grown."""
    synced: list[tuple[str, bool]] = []

    def fsync(opened: int, really: Callable[[int], None] = os.fsync) -> None:
        really(opened)
        place = Path(f"/proc/self/fd/{opened}").readlink()
        synced.append((str(place.relative_to(tmp_path)), (tmp_path / "blobs/ann/one").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    await blobs.write("ann/one", b"content")
    assert synced == [
        (".", False), ("blobs", False), ("blobs/ann/one.part", False), ("blobs/ann", True)
    ]  # fmt: skip
    synced.clear()
    await blobs.write("ann/two", b"content")
    assert [name for name, _ in synced] == ["blobs/ann/two.part", "blobs/ann"], "folders are known by now"


async def test_who_never_agreed_is_forgotten_after_a_week(tmp_path: Path, blobs: BlobStore):
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'memory.db'}")
    long_ago = NOW - 8 * DAY
    async with database.writing() as work:
        for name in ("gone", "new", "writes", "agreed"):
            came = NOW - DAY if name == "new" else long_ago
            person = await people.meet(work, "web", name, "en", came)
            person.consent_version = int(name == "agreed")
            await messages.add(work, person.id, {"text": f"I am {name}"}, came)
            seen_at = NOW - 60 if name == "writes" else came
            await people.first_sight(work, person, "hello", seen_at)
    assert (await sweep(database, blobs, NOW)).strangers == 1
    async with database.reading() as work:
        left = [name for name in ("gone", "new", "writes", "agreed") if await people.find(work, "web", name)]
    assert left == ["new", "writes", "agreed"]
    assert await database.erase_if_owed(), "nothing is left of them, as of who deletes everything"
    assert b"I am gone" not in (tmp_path / "memory.db").read_bytes()
    assert (await sweep(database, blobs, NOW)).strangers == 0
    await database.close()


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
