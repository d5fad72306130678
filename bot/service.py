"""The service: takes what a person does, lets the dialogue answer, fulfils its wishes, remembers.

One event is one transaction: the conversation, the job that it asked for and the note that it was handled
are kept together or not at all. Front ends call `handle` and show the replies; everything that comes later
(progress, results) reaches them through bot/teller.py and bot/courier.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import time
from weakref import WeakValueDictionary

from bot import memory
from bot.dialogue import Event, House, Reply, answer
from bot.dialogue.answers import keeps_media, speaks_at_once
from bot.dialogue.events import (
    CharacterGone,
    Forgotten,
    JobRefused,
    JobsCancelled,
    NotYours,
    Owned,
    PhotoGone,
    PhotoReceived,
    Sent,
    VoiceReceived,
)
from bot.dialogue.replies import Said, say
from bot.queue import Queue
from bot.sentences import known_language
from bot.wishes import HOUR, VOICE_HOURS, Wishes
from storage import files, people
from storage.blobs import BlobStore
from storage.database import CheckpointBlocked, Database, Work
from storage.ids import new_id
from storage.models import Blob, Person, Purpose

UPLOAD_BYTES = 20_000_000  # of a photo or a voice; also the most that Telegram hands out

log = logging.getLogger(__name__)

Load = Callable[[], Awaitable[bytes]]
Keep = Callable[[Work, Person, Sequence[Reply], Sequence[Blob]], Awaitable[None]]
"""Keeps the replies, and which files came, for a front end, in the transaction of the event; not called for
somebody forgotten."""


class CannotLoad(Exception):
    """A file cannot be had, and why is for the person to hear."""

    def __init__(self, why: Said) -> None:
        super().__init__(why.message_id)
        self.why = why


# After these events there may be files that nobody needs any more.
FREEING = (CharacterGone, JobRefused, JobsCancelled, PhotoGone)


@dataclass(frozen=True)
class Who:
    """Somebody on a platform, and the chat that they write in.

    Attributes
    ----------
    platform_id : what the platform calls the person
    address : what the platform calls the chat; answers go there
    language : tag that the platform reports
    """

    platform: str
    platform_id: str
    address: str
    language: str | None = None


@dataclass(frozen=True)
class _Handled:
    """What is answered to an event, and whether the files that came with it are kept."""

    replies: tuple[Reply, ...] = ()
    kept: bool = False


class Service:
    """Use cases of the bot; see the module's words.

    Parameters
    ----------
    house : styles, and how long things are kept
    clock : Unix seconds
    deliver_soon : called when there may be something to deliver
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        queue: Queue,
        house: House,
        *,
        clock: Callable[[], float] = time,
        deliver_soon: Callable[[], None],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._house = house
        self._clock = clock
        self._wishes = Wishes(queue, clock, deliver_soon)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def handle(
        self,
        who: Who,
        event: Sent,
        load: Load | None = None,
        event_id: str | None = None,
        keep: Keep | None = None,
        more: Sequence[Load] = (),
    ) -> tuple[Reply, ...]:
        """Take an event and give the replies to show. Nothing is given for an event that was handled before.

        Parameters
        ----------
        load : gets the bytes of a photo or voice, or raises CannotLoad; only called when they may be kept
        event_id : the platform's id of the update, so that the same one again changes nothing
        keep : keeps the replies where the platform does not
        more : get the bytes of photos that were sent together with the first

        Raises
        ------
        whatever `load` raises but CannotLoad; nothing is kept then
        """
        lock = self._locks.setdefault((who.platform, who.platform_id), asyncio.Lock())
        async with lock:
            if isinstance(event, PhotoReceived | VoiceReceived):
                loads = () if load is None else (load, *more)
                return await self._handle_media(who, event, loads, event_id, keep)
            return (await self._handle(who, event, (), event_id, keep)).replies

    async def language_of(self, who: Who) -> str:
        """Say which language to speak to somebody, for words that are a front end's own."""
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
        return person.language if person is not None else known_language(who.language)

    async def speaks_at_once(self, who: Who) -> bool:
        """Say whether a voice that came now would be said at once, instead of leading to a question."""
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            if person is None or await people.is_blocked(work, who.platform, who.platform_id):
                return False
            return speaks_at_once(await memory.recall(work, person), self._clock())

    async def content(self, who: Who, render_id: str) -> bytes | None:
        """Give the bytes of something that was made for this person; None when they are gone."""
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            render = await files.render(work, render_id, person.id) if person else None
        if person is None or render is None or render.blob_id is None:
            return None
        return await self._read(f"{person.id}/{render.blob_id}")

    async def sent(self, who: Who, blob_id: str) -> bytes | None:
        """Give the bytes of a photo or a voice that this person has sent; None when they are gone."""
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            blob = await files.get(work, blob_id, person.id) if person else None
        if blob is None or blob.purpose not in (Purpose.PHOTO, Purpose.VOICE):
            return None
        return await self._read(blob.key)

    async def _read(self, key: str) -> bytes | None:
        try:
            return await self._blobs.read(key)
        except FileNotFoundError:  # removed at this very moment
            return None

    async def note_file_id(self, platform: str, render_id: str, file_id: str) -> None:
        """Remember what a platform calls a file that was shown in a reply."""
        async with self._database.writing() as work:
            await files.note_file_id(work, render_id, platform, file_id)

    async def _handle_media(
        self,
        who: Who,
        event: PhotoReceived | VoiceReceived,
        loads: Sequence[Load],
        event_id: str | None,
        keep: Keep | None,
    ) -> tuple[Reply, ...]:
        """Put a photo or voice into the store, if it may be kept, and then answer.

        Of several photos those that cannot be had are left out. What the transaction does not keep is removed
        at once; when the process stops in between, the next sweep finds it.
        """
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            if await people.is_blocked(work, who.platform, who.platform_id):
                return ()
            if person is not None and event_id is not None and await people.has_seen(work, person, event_id):
                return ()
        if person is None or not keeps_media(memory.conversation_of(person)) or not loads:
            return (await self._handle(who, event, (), event_id, keep)).replies
        photo, blobs = isinstance(event, PhotoReceived), list[Blob]()
        why = say("input-gone")
        try:
            for load in loads:
                try:
                    blobs.append(await self._store(person, await load(), photo=photo))
                except CannotLoad as problem:
                    why = problem.why
            if not blobs:
                return await self._say_why(who, why, event_id, keep)
            ids = tuple(blob.id for blob in blobs)
            stored = PhotoReceived(ids[0], ids[1:]) if photo else VoiceReceived(ids[0])
            handled = await self._handle(who, stored, blobs, event_id, keep)
        except Exception:
            await self._blobs.delete([blob.key for blob in blobs])
            raise
        if not handled.kept:
            await self._blobs.delete([blob.key for blob in blobs])
        return handled.replies

    async def _store(self, person: Person, content: bytes, *, photo: bool) -> Blob:
        """Put the bytes of a photo or a voice into the store; raises CannotLoad when they are too many."""
        if len(content) > UPLOAD_BYTES:
            raise CannotLoad(say("file-too-large", megabytes=UPLOAD_BYTES // 1_000_000))
        blob = Blob(
            id=new_id(),
            person_id=person.id,
            purpose=Purpose.PHOTO if photo else Purpose.VOICE,
            name="photo" if photo else "voice",
            size=len(content),
            created_at=self._clock(),
            expires_at=self._clock() + (self._house.photo_hours if photo else VOICE_HOURS) * HOUR,
        )
        await self._blobs.write(blob.key, content)
        return blob

    async def _handle(
        self, who: Who, event: Sent, blobs: Sequence[Blob], event_id: str | None, keep: Keep | None
    ) -> _Handled:
        """Answer in one transaction; what it made superfluous is removed afterwards."""
        now, removed = self._clock(), list[str]()
        async with self._database.writing() as work:
            person = await self._answered(work, who, event_id, now)
            if person is None:
                return _Handled()
            for blob in blobs:
                if blob.person_id != person.id:  # forgotten while the photo was on its way
                    replies = self._without_media(person, event, now)
                    if keep is not None:
                        await keep(work, person, replies, ())
                    return _Handled(replies)
                await files.keep(work, blob)
            person_id, held = person.id, memory.held_by(person)
            replies, events = await self._converse(work, person, event, who.address)
            forgotten = any(isinstance(event, Forgotten) for event in events)
            freed = any(isinstance(event, FREEING) for event in events)
            if not forgotten and (freed or not held <= memory.held_by(person)):
                removed = await memory.let_go(work, person, self._clock())
            if keep is not None and not forgotten:
                await keep(work, person, replies, blobs)
        if forgotten:
            await self._erase(person_id)
        await self._blobs.delete(removed)
        return _Handled(replies, kept=True)

    async def _say_why(
        self, who: Who, why: Said, event_id: str | None, keep: Keep | None
    ) -> tuple[Reply, ...]:
        """Say why a file cannot be had."""
        async with self._database.writing() as work:
            person = await self._answered(work, who, event_id, self._clock())
            if person is None:
                return ()
            replies = (Reply(person.language, (why,)),)
            if keep is not None:
                await keep(work, person, replies, ())
        return replies

    async def _answered(self, work: Work, who: Who, event_id: str | None, now: float) -> Person | None:
        """Find who is answered; None: they are shut out, or this event was handled before."""
        if await people.is_blocked(work, who.platform, who.platform_id):
            return None
        person = await people.meet(work, who.platform, who.platform_id, known_language(who.language), now)
        if event_id is not None and not await people.first_sight(work, person, event_id, now):
            return None
        if not person.language_chosen and who.language is not None:
            person.language = known_language(who.language)
        return person

    def _without_media(self, person: Person, event: Sent, now: float) -> tuple[Reply, ...]:
        return answer(memory.conversation_of(person), event, self._house, now).replies

    async def _converse(
        self, work: Work, person: Person, event: Event, address: str
    ) -> tuple[tuple[Reply, ...], tuple[Event, ...]]:
        """Answer an event and everything that follows from it; gives the replies and all the events."""
        conversation = await memory.recall(work, person)
        replies: list[Reply] = []
        events: list[Event] = [NotYours() if _is_of_another(event, person) else event]
        for current in events:  # grows while the dialogue has wishes
            turn = answer(conversation, current, self._house, self._clock())
            conversation = turn.conversation
            replies.extend(turn.replies)
            for wish in turn.wishes:
                events.append(await self._wishes.fulfil(work, person, conversation, wish, address))
        if not isinstance(events[-1], Forgotten):
            await memory.remember(work, person, conversation, self._clock())
        return tuple(replies), tuple(events)

    async def go_on(self, work: Work, person: Person, event: Event, address: str) -> tuple[Reply, ...]:
        """Let the dialogue go on with what the engine has done, in the transaction that ends the job."""
        replies, _ = await self._converse(work, person, event, address)
        return replies

    async def _erase(self, person_id: str) -> None:
        """Remove a forgotten person's files and the last traces in the database."""
        await self._blobs.delete_person(person_id)
        try:
            await self._database.erase()
        except CheckpointBlocked:
            log.warning("another process reads: the next sweep removes the last traces of a forgotten person")


def _is_of_another(event: Event, person: Person) -> bool:
    """Say whether a button was shown to somebody else than who pressed it."""
    return isinstance(event, Owned) and event.owner != person.id
