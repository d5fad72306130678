"""What is remembered when a job has ended: character, files, what the person is to be told and shown.

Everything here happens in the transaction that ends the job.
"""

from collections.abc import Callable, Mapping

from bot.artist import BACKGROUND_FILE, CHARACTER_FILES, STICKER_FILES, Made
from bot.dialogue import House, Reply
from bot.dialogue.events import BackgroundReady, CharacterDrawn, PhotoUseful, PhotoUseless
from bot.dialogue.replies import Said
from bot.dialogue.results import done, failure
from bot.frontend import PLAIN_PARTS, Parts, parts_of
from bot.kinds import JobKind
from bot.service import Service
from storage import deliveries, people
from storage.database import Work
from storage.ids import new_id
from storage.models import OUR_FAULT, Blob, Character, Job, Person, Purpose, Render

DAY = 86_400.0  # s


class Records:
    """Keeps the outcome of jobs.

    Parameters
    ----------
    parts : by platform, which files of a result are shown
    """

    def __init__(
        self, service: Service, house: House, parts: Mapping[str, Parts], clock: Callable[[], float]
    ) -> None:
        self._service = service
        self._house = house
        self._parts = parts
        self._clock = clock

    def blob_for(self, job: Job, name: str, size: int) -> Blob:
        """Plan a file of a result: where it will lie, and for how long."""
        lasting = name in (*CHARACTER_FILES, *STICKER_FILES, BACKGROUND_FILE)
        return Blob(
            id=new_id(),
            person_id=job.person_id,
            purpose=_purpose(name),
            name=name,
            size=size,
            created_at=self._clock(),
            expires_at=None if lasting else self._clock() + self._house.render_days * DAY,
        )

    async def made(self, work: Work, job: Job, made: Made, blobs: Mapping[str, Blob]) -> None:
        """Keep a result, whose files are in the store already, and have it delivered."""
        person = await self._person(work, job)
        character_id = await self._character(work, person, job) if job.kind == JobKind.DRAW else None
        for blob in blobs.values():
            if blob.purpose == Purpose.CHARACTER:
                blob.character_id = character_id
            work.session.add(blob)
        await work.session.flush()
        renders = {
            name: Render(
                id=new_id(),
                person_id=person.id,
                job_id=job.id,
                character_id=character_id or job.character_id,
                name=name,
                blob_id=blob.id,
                created_at=self._clock(),
            )
            for name, blob in blobs.items()
            if blob.purpose == Purpose.RENDER
        }
        work.session.add_all(renders.values())
        await work.session.flush()
        replies: tuple[Reply, ...] = ()
        if character_id is not None:
            replies = await self._service.go_on(work, person, CharacterDrawn(character_id), job.address)
        elif job.kind == JobKind.PREVIEW:
            await self._service.go_on(work, person, PhotoUseful(job.blob_id), job.address)
        elif job.kind == JobKind.BACKGROUND:
            ready = BackgroundReady(job.blob_id, blobs[BACKGROUND_FILE].id)
            await self._service.go_on(work, person, ready, job.address)
        words = [(notice.message_id, dict(notice.values)) for notice in dict.fromkeys(made.notices)]
        speaks = any(reply.job is not None for reply in replies)
        words.append(_words(done(JobKind(job.kind), speaks=speaks)))
        await self._deliver(work, person, job, renders, words)
        for reply in replies:
            if reply.job is None:  # why the voice that waited is not said now
                await self._tell(work, person, job, [_words(said) for said in reply.says])

    async def failed(self, work: Work, job: Job, message_id: str, values: dict[str, object]) -> None:
        """Tell why there is no result."""
        person, ours = await self._person(work, job), message_id == OUR_FAULT
        if job.kind == JobKind.BACKGROUND or (job.kind == JobKind.PREVIEW and not ours):
            replies = await self._service.go_on(work, person, PhotoUseless(job.blob_id), job.address)
            if any(reply.job is not None for reply in replies):
                return  # another photo is tried
        said = failure(message_id, values, job.id, ours=ours)
        await self._tell(work, person, job, [_words(s) for s in said])

    async def _character(self, work: Work, person: Person, job: Job) -> str:
        style = job.style or ""
        character = Character(
            id=new_id(),
            person_id=person.id,
            name=self._house.style_name(style, person.language),
            style=style,
            seed=job.seed,
            created_at=self._clock(),
        )
        work.session.add(character)
        await work.session.flush()
        return character.id

    async def _deliver(
        self, work: Work, person: Person, job: Job, renders: Mapping[str, Render], words: deliveries.Words
    ) -> None:
        """Have the files delivered that the platform shows; the words come with the last."""
        parts = parts_of(self._parts.get(person.platform, PLAIN_PARTS), job)
        for part in parts:
            said = words if part == parts[-1] else []
            await deliveries.add(
                work,
                job,
                part,
                said,
                platform=person.platform,
                now=self._clock(),
                render_id=None if part == deliveries.AFTER else renders[part].id,
            )

    async def _tell(self, work: Work, person: Person, job: Job, words: deliveries.Words) -> None:
        await deliveries.add(work, job, deliveries.WORDS, words, platform=person.platform, now=self._clock())

    async def _person(self, work: Work, job: Job) -> Person:
        person = await people.get(work, job.person_id)
        if person is None:
            raise LookupError(f"job {job.id} of nobody")
        return person


def _purpose(name: str) -> Purpose:
    if name == BACKGROUND_FILE:
        return Purpose.BACKGROUND
    return Purpose.CHARACTER if name in CHARACTER_FILES else Purpose.RENDER


def _words(said: Said) -> tuple[str, dict[str, object]]:
    return said.message_id, dict(said.values)


async def tell_stopped(work: Work, job: Job, now: float) -> None:
    """Tell somebody that the operator cancelled their job."""
    person = await people.get(work, job.person_id)
    if person is not None:
        words: deliveries.Words = [("stopped-by-operator", {})]
        await deliveries.add(work, job, deliveries.WORDS, words, platform=person.platform, now=now)
