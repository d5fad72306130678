"""The workshop: takes jobs from the queue, has the engine do them, keeps the results.

One job after another; those that the engine does side by side are taken together.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic

from bot.artist import CHARACTER_FILES, Artist, Made, Saying
from bot.kinds import Background, Effect, Feeling, JobKind, Manner
from bot.queue import Queue
from bot.queue.protocol import Claim, Failure
from bot.records import Records
from bot.watchdog import Watchdog
from engine.errors import Cancelled, EngineError, PersonProblem
from engine.progress import Stage
from storage import characters, people
from storage.blobs import BlobStore
from storage.database import Database
from storage.models import OUR_FAULT, Blob, Character, Job, JobState

POLL_SECONDS = 2.0  # another process may have submitted, or died
BEAT_SECONDS = 2.0  # also how soon a job cancelled from another process is noticed
NEWS_SECONDS = 0.2  # progress is told at most so often

log = logging.getLogger(__name__)


class NoCharacter(PersonProblem):
    """The character that was to speak has been deleted."""

    message_id = "no-character"


class InputGone(PersonProblem):
    """The photo or voice of a job has been deleted."""

    message_id = "input-gone"


class Workshop:
    """Runs jobs until it is stopped. Whatever a job raises is told and recorded; the next job goes on."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        queue: Queue,
        artist: Artist,
        records: Records,
        *,
        watchdog: Watchdog,
        deliver_soon: Callable[[], None],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._queue = queue
        self._artist = artist
        self._records = records
        self._watchdog = watchdog
        self._deliver_soon = deliver_soon
        self._stopping = asyncio.Event()
        self._current: list[Claim] = []
        self._reclaimed_at = float("-inf")

    def stop(self) -> None:
        """End `run` soon: the running jobs are given back, uncounted."""
        self._stopping.set()
        for claim in self._current:
            claim.stop.set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping.is_set():
            await self._reclaim()
            self._current = await self._claims()
            if not self._current:
                await self._wait()
                continue
            try:
                async with asyncio.TaskGroup() as together:
                    for claim in self._current:
                        together.create_task(self._do(claim))
            finally:
                self._current = []

    async def _claims(self) -> list[Claim]:
        """Take the next job, and others that can run beside it."""
        async with self._database.writing() as work:
            first = await self._queue.claim(work)
            if first is None:
                return []
            claims = [first]
            most = self._artist.at_once(JobKind(first.job.kind), first.job.style)
            while len(claims) < most and (other := await self._queue.claim(work, beside=first.job)):
                claims.append(other)
            return claims

    async def _wait(self) -> None:
        """Wait for work, or for the end."""
        either = [
            asyncio.create_task(self._queue.wait_for_work(POLL_SECONDS)),
            asyncio.create_task(self._stopping.wait()),
        ]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()
        await asyncio.gather(*either, return_exceptions=True)

    async def _reclaim(self) -> None:
        """Take up the jobs of workers that died; tell about those that have failed by that."""
        if monotonic() - self._reclaimed_at < POLL_SECONDS:
            return
        self._reclaimed_at = monotonic()
        async with self._database.writing() as work:
            for job in await self._queue.reclaim(work):
                await self._records.failed(work, job, OUR_FAULT, {})
                work.after_commit(self._deliver_soon)

    async def _do(self, claim: Claim) -> None:
        with self._watchdog.watching(claim.job.id):
            await self._do_watched(claim)

    async def _do_watched(self, claim: Claim) -> None:
        job, progress = claim.job, _Progress(claim, self._queue, self._watchdog)
        beating = asyncio.create_task(self._beat(claim, progress))
        try:
            if self._stopping.is_set():
                raise Cancelled("the process stops")
            made = await self._make(job, progress)
            await self._keep(job, made)
        except Cancelled:
            await self._give_back_if_ours(job)
        except PersonProblem as problem:
            log.info("job %s: %s (%s)", job.id, problem.message_id, problem.detail)
            await self._fail(
                job, Failure(problem.message_id, _plain(problem.values), problem.detail, again=False)
            )
        except Exception as error:  # any fault of ours, in any library: this job fails, the next goes on
            log.exception("job %s, attempt %d", job.id, job.attempts)
            detail = error.detail if isinstance(error, EngineError) else ""
            why = f"{type(error).__name__}: {detail or error}"
            await self._fail(job, Failure(OUR_FAULT, {}, why, again=True))
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _make(self, job: Job, progress: "_Progress") -> Made:
        """Fetch what a job needs and have the engine do it."""
        try:
            given = await self._blobs.read(f"{job.person_id}/{job.blob_id}")
        except FileNotFoundError:
            raise InputGone(job.blob_id) from None
        match JobKind(job.kind):
            case JobKind.PREVIEW:
                return await self._artist.preview(given, job.seed, progress)
            case JobKind.DRAW:
                return await self._artist.draw(given, job.style or "", job.seed, progress)
            case JobKind.SPEAK:
                character = await self._character(job)
                if character is None:
                    raise NoCharacter(job.character_id or "none")
                files, picture = await self._files(character), await self._picture(job)
                saying = Saying(files, given, manner_of(job), picture, job.seed)
                return await self._artist.speak(saying, progress)
            case JobKind.BACKGROUND:
                character = await self._character(job)
                shown = await self._files(character) if character is not None else None
                return await self._artist.background(given, shown, progress)

    async def _picture(self, job: Job) -> bytes | None:
        """Fetch one's own background; without it, the colour that was chosen before holds."""
        if job.background_id is None:
            return None
        try:
            return await self._blobs.read(f"{job.person_id}/{job.background_id}")
        except FileNotFoundError:
            log.info("job %s: its background is gone", job.id)
            return None

    async def _character(self, job: Job) -> Character | None:
        """Fetch the character of a job: the one that was active when it was asked, else the one now."""
        async with self._database.reading() as work:
            character = await characters.get(work, job.character_id or "", job.person_id)
            if character is None:
                person = await people.get(work, job.person_id)
                active = person.character_id if person else None
                character = await characters.get(work, active or "", job.person_id)
            return character

    async def _files(self, character: Character) -> dict[str, bytes]:
        """Fetch what the engine needs of a character."""
        async with self._database.reading() as work:
            found = await characters.files(work, character.id)
        return {blob.name: await self._blobs.read(blob.key) for blob in found if blob.name in CHARACTER_FILES}

    async def _keep(self, job: Job, made: Made) -> None:
        """Store a result: the files first, then everything else at once; a cancelled job leaves nothing.

        When the process stops in between, the transaction may yet be committed: the files are the sweep's.
        """
        blobs = {name: self._records.blob_for(job, name, len(data)) for name, data in made.files.items()}
        try:
            for name, blob in blobs.items():
                await self._blobs.write(blob.key, made.files[name])
            async with self._database.writing() as work:
                ended = await self._queue.done(work, job.id)
                if ended:
                    await self._records.made(work, job, made, blobs)
                    work.after_commit(self._deliver_soon)
        except Exception:
            await self._discard(blobs.values(), job.person_id)
            raise
        if not ended:
            await self._discard(blobs.values(), job.person_id)

    async def _discard(self, blobs: Iterable[Blob], person_id: str) -> None:
        """Remove files that nobody wants any more; of a person who is forgotten, the folder too."""
        await self._blobs.delete([blob.key for blob in blobs])
        async with self._database.reading() as work:
            forgotten = await people.get(work, person_id) is None
        if forgotten:
            await self._blobs.delete_person(person_id)

    async def _fail(self, job: Job, failure: Failure) -> None:
        async with self._database.writing() as work:
            if await self._queue.fail(work, job.id, failure) == JobState.FAILED:
                await self._records.failed(work, job, failure.message_id, failure.values)
                work.after_commit(self._deliver_soon)

    async def _give_back_if_ours(self, job: Job) -> None:
        """Put a job back that was stopped because the process ends; a cancelled one stays cancelled."""
        async with self._database.writing() as work:
            if await self._queue.give_back(work, job.id):
                log.info("job %s is given back", job.id)

    async def _beat(self, claim: Claim, progress: "_Progress") -> None:
        """Say that the job goes on; stop it when it was cancelled from elsewhere."""
        while True:
            await progress.new_stage(BEAT_SECONDS)
            async with self._database.writing() as work:
                if not await self._queue.heartbeat(work, claim.job.id, progress.stage):
                    claim.stop.set()


class _Progress:
    """Reports of the engine, in its thread: to the watchdog, to the news, and back as Cancelled."""

    def __init__(self, claim: Claim, queue: Queue, watchdog: Watchdog) -> None:
        self._claim = claim
        self._queue = queue
        self._watchdog = watchdog
        self._told_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.stage: str | None = None

    def __call__(self, stage: Stage, fraction: float) -> None:
        if self._claim.stop.is_set():
            raise Cancelled(f"in stage {stage}")
        self._watchdog.stage(self._claim.job.id, stage, fraction)
        now = monotonic()
        if stage != self.stage or now - self._told_at >= NEWS_SECONDS:
            if stage != self.stage:
                self._loop.call_soon_threadsafe(self._changed.set)
            self.stage, self._told_at = stage, now
            self._queue.progressed(self._claim.job, stage, fraction)

    async def new_stage(self, seconds: float) -> None:
        """Return when there is a new stage, or after some seconds; not at once, since short jobs are many."""
        await asyncio.sleep(seconds / 4)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * 3 / 4):
                await self._changed.wait()
        self._changed.clear()


def manner_of(job: Job) -> Manner:
    """Read how a talk is to look and sound."""
    return Manner(Feeling(job.feeling), Effect(job.effect), Background(job.background), job.caption)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Make values of a sentence fit for JSON: engine values may be numbers of numpy."""
    return {name: v if isinstance(v, str | int | float) else str(v) for name, v in values.items()}
