"""Fulfilling the dialogue's wishes in the rows, each in the transaction of the event that led to it.

Whatever a wish names (a photo, a job, a character) is looked up among the person's own; somebody else's is
answered like something that is gone; only Cancel, which a whole channel may see, says why it is refused.
"""

import secrets
from collections.abc import Callable

from bot.artist import PREVIEW_FILE
from bot.dialogue import events
from bot.dialogue.conversation import (
    Conversation,
    WantBackground,
    WantCancel,
    WantCharacter,
    WantDrawing,
    WantFile,
    WantForgetting,
    WantGallery,
    WantPreview,
    WantQueue,
    WantResult,
    WantTalk,
    Wish,
)
from bot.dialogue.events import Event
from bot.kinds import Feeling, JobKind, Manner
from bot.queue import Order, Queue, Refused
from storage import characters, deliveries, files, jobs, people
from storage.database import Work
from storage.models import Job, Person

MOST_CHARACTERS = 30  # of a person: each is kept, with its stickers, until they delete it
DRAWING_SEED = 0  # the same in preview and drawing: what was chosen is what comes
VOICE_HOURS = 24.0  # of a voice whose job has not been delivered
HOUR = 3_600.0  # s


class Wishes:
    """Fulfils wishes."""

    def __init__(self, queue: Queue, clock: Callable[[], float], deliver_soon: Callable[[], None]) -> None:
        self._queue = queue
        self._clock = clock
        self._deliver_soon = deliver_soon

    async def fulfil(  # noqa: PLR0911 one case a wish
        self, work: Work, person: Person, conversation: Conversation, wish: Wish, address: str
    ) -> Event:
        """Do what is wished for; gives the event that tells what became of it."""
        match wish:
            case WantPreview(photo):
                return await self._preview(work, person, photo, address)
            case WantDrawing(photo, style):
                return await self._draw(work, person, photo, style, address)
            case WantTalk(voice):
                return await self._speak(work, conversation, voice, address)
            case WantBackground(photo):
                order = Order(
                    person.id, address, JobKind.BACKGROUND, photo, character_id=conversation.character
                )
                return await self._submit(work, order)
            case WantCancel(job):
                return await self._cancel(work, person, job)
            case WantQueue():
                return await self._queue_of(work, person)
            case WantGallery():
                return await self._gallery(work, person)
            case WantCharacter():
                return await self._character(work, person, conversation, wish)
            case WantResult(job):
                return await self._result(work, person, job, address)
            case WantFile(name, job):
                return await self._file(work, person, name, job, address)
            case WantForgetting():
                for live in await jobs.live(work, person.id):
                    await self._queue.cancel(work, live.id, person.id)
                await people.forget(work, person)
                return events.Forgotten()

    async def _preview(self, work: Work, person: Person, photo: str, address: str) -> Event:
        """Show a photo in every style: the preview that is there already, or a new one."""
        if not await files.photo_exists(work, photo, person.id):
            return events.PhotoGone(photo)
        known = photo == person.photo_id
        made = await files.preview_of(work, photo, PREVIEW_FILE) if known else None
        job = await jobs.get(work, made.job_id) if made is not None and made.job_id else None
        if made is not None and job is not None:
            words: deliveries.Words = [("next-style", {})]
            return await self._deliver_again(work, person, job, made.id, PREVIEW_FILE, words, address)
        return await self._submit(work, Order(person.id, address, JobKind.PREVIEW, photo, seed=DRAWING_SEED))

    async def _draw(self, work: Work, person: Person, photo: str, style: str, address: str) -> Event:
        """Draw a photo in a style; a button pressed twice asks for one drawing."""
        if not await files.photo_exists(work, photo, person.id):
            return events.PhotoGone(photo)
        for job in await jobs.live(work, person.id):
            if (job.kind, job.blob_id, job.style) == (JobKind.DRAW, photo, style):
                return await self._accepted(work, job)
        if await characters.count(work, person.id) >= MOST_CHARACTERS:
            return events.JobRefused(JobKind.DRAW, "too-many-characters", MOST_CHARACTERS)
        order = Order(person.id, address, JobKind.DRAW, photo, style=style, seed=DRAWING_SEED)
        return await self._submit(work, order)

    async def _speak(self, work: Work, conversation: Conversation, voice: str, address: str) -> Event:
        """Have a voice said, in the manner that holds now."""
        await files.keep_until(work, voice, self._clock() + VOICE_HOURS * HOUR)
        character = await characters.get(work, conversation.character or "", conversation.person)
        manner = Manner(
            Feeling(character.feeling) if character is not None else Feeling.NEUTRAL,
            conversation.effect,
            conversation.background,
            conversation.caption,
        )
        order = Order(
            conversation.person,
            address,
            JobKind.SPEAK,
            voice,
            character_id=conversation.character,
            seed=secrets.randbits(31),
            manner=manner,
            background_id=conversation.next_picture or conversation.picture,
        )
        return await self._submit(work, order)

    async def _submit(self, work: Work, order: Order) -> Event:
        try:
            job = await self._queue.submit(work, order)
        except Refused as refused:
            return events.JobRefused(order.kind, refused.reason, refused.limit)
        return await self._accepted(work, job)

    async def _accepted(self, work: Work, job: Job) -> Event:
        position = await self._queue.position(work, job.id) or 0
        return events.JobAccepted(JobKind(job.kind), job.id, position, job.blob_id)

    async def _cancel(self, work: Work, person: Person, job_id: str | None) -> Event:
        """Cancel one or all live jobs; of a job that is done, what was not sent yet is taken back."""
        live = {job.id: job.blob_id for job in await jobs.live(work, person.id)}
        cancelled, others, blobs = 0, False, list[str]()
        for wanted in [job_id] if job_id is not None else list(live):
            if await self._queue.cancel(work, wanted, person.id):
                cancelled += 1
                blobs.append(live[wanted])
            elif (own := await self._own(work, person, wanted)) is not None:
                if await deliveries.withdraw(work, wanted):
                    cancelled += 1
                    blobs.append(own.blob_id)
            else:
                others = await jobs.get(work, wanted) is not None
        return events.JobsCancelled(cancelled, others=others, blobs=tuple(blobs))

    async def _queue_of(self, work: Work, person: Person) -> Event:
        listed = []
        for job in await jobs.live(work, person.id):
            position = await self._queue.position(work, job.id) or 0
            listed.append((JobKind(job.kind), job.id, position))
        return events.QueueListed(tuple(listed))

    async def _gallery(self, work: Work, person: Person) -> Event:
        entries = []
        for portrait in await characters.gallery(work, person.id):
            character, sticker = portrait.character, portrait.sticker
            file_id = sticker.file_ids.get(person.platform) if sticker else None
            shown = sticker.id if sticker and (sticker.blob_id or file_id) else None
            entries.append(events.GalleryEntry(character.id, character.name, character.style, shown, file_id))
        return events.GalleryListed(tuple(entries))

    async def _character(
        self, work: Work, person: Person, conversation: Conversation, wish: WantCharacter
    ) -> Event:
        character = await characters.get(work, wish.character, person.id)
        if character is None:
            return events.NotYours()
        if wish.about == "renamed":
            character.name = wish.name
        if wish.about == "feels":
            character.feeling = wish.feeling
        if wish.about != "dropped":
            return events.CharacterFound(wish.about, character.id, character.name, character.feeling)
        await characters.remove(work, character, self._clock())
        newest = await characters.newest(work, person.id)
        active = conversation.character
        if active == character.id:
            active = newest.id if newest else None
        return events.CharacterGone(character.name, active)

    async def _result(self, work: Work, person: Person, job_id: str, address: str) -> Event:
        """Deliver what may not have arrived."""
        if await self._own(work, person, job_id) is None:
            return events.NotYours()
        work.after_commit(self._deliver_soon)
        return events.OnItsWay(await deliveries.show_again(work, job_id, address))

    async def _file(self, work: Work, person: Person, name: str, job_id: str, address: str) -> Event:
        """Deliver one more file of a result."""
        job = await self._own(work, person, job_id)
        if job is None:
            return events.NotYours()
        for render in await files.renders_of_job(work, job_id):
            if render.name == name and (render.blob_id or person.platform in render.file_ids):
                return await self._deliver_again(work, person, job, render.id, name, [], address)
        return events.OnItsWay(0)

    async def _deliver_again(
        self,
        work: Work,
        person: Person,
        job: Job,
        render_id: str,
        part: str,
        words: deliveries.Words,
        address: str,
    ) -> Event:
        """Deliver something that was made before, where it is asked for now; twice asked is once sent."""
        if not await deliveries.is_on_its_way(work, job.id, part, address):
            now, to = self._clock(), person.platform
            await deliveries.add(
                work, job, part, words, platform=to, now=now, render_id=render_id, address=address
            )
            work.after_commit(self._deliver_soon)
        return events.OnItsWay(1)

    async def _own(self, work: Work, person: Person, job_id: str) -> Job | None:
        job = await jobs.get(work, job_id)
        return job if job is not None and job.person_id == person.id else None
