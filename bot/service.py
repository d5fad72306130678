"""The service: takes what a person does, lets the dialogue answer, fulfils its wishes, remembers.

One event is one transaction: the conversation, the job that it asked for and the note that it was handled
are kept together or not at all. Front ends call `handle` and show the replies; everything that comes later
(progress, results) reaches them through bot/teller.py and bot/courier.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
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
from bot.dialogue.replies import Said
from bot.queue import Queue
from bot.sentences import known_language
from bot.uploads import CannotLoad, Load, Uploads
from bot.wishes import Wishes
from storage import files, people
from storage.blobs import BlobStore
from storage.database import Database, Work
from storage.models import Blob, Person, Purpose

log = logging.getLogger(__name__)

Keep = Callable[[Work, Person, Sequence[Reply], Sequence[Blob]], Awaitable[None]]
"""Keeps the replies, and which files came, for a front end, in the transaction of the event; not called for
somebody forgotten."""


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
class KeptFile:
    """A file that is kept for somebody.

    Attributes
    ----------
    size : bytes
    read : gives the bytes from one place to before another; raises FileNotFoundError when they are gone
    """

    size: int
    read: Callable[[int, int], Awaitable[bytes]]


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
    erase_soon : called when the database still holds traces of somebody who is forgotten
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
        erase_soon: Callable[[], None],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._uploads = Uploads(blobs, house, clock)
        self._house = house
        self._clock = clock
        self._erase_soon = erase_soon
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
        made = await self.made(who, render_id)
        try:
            return await made.read(0, made.size) if made is not None else None
        except FileNotFoundError:  # removed at this very moment
            return None

    async def made(self, who: Who, render_id: str) -> KeptFile | None:
        """Find something that was made for this person; None when its bytes are gone."""
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            render = await files.render(work, render_id, person.id) if person else None
            blob_id = render.blob_id if render is not None else None
            blob = await files.get(work, blob_id, person.id) if person and blob_id else None
        return self._kept(blob) if blob is not None else None

    async def sent(self, who: Who, blob_id: str) -> KeptFile | None:
        """Find a photo or a voice that this person has sent; None when it is gone."""
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            blob = await files.get(work, blob_id, person.id) if person else None
        if blob is None or blob.purpose not in (Purpose.PHOTO, Purpose.VOICE):
            return None
        return self._kept(blob)

    def _kept(self, blob: Blob) -> KeptFile:
        return KeptFile(blob.size, partial(self._blobs.read, blob.key))

    async def note_file_id(self, platform: str, render_id: str, file_id: str | None) -> None:
        """Remember what a platform calls a file that was shown in a reply; None: it knows it no more."""
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

        What the transaction does not keep is removed at once; when the process stops in between, the next
        sweep finds it.
        """
        async with self._database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            if await people.is_blocked(work, who.platform, who.platform_id):
                return ()
            if person is not None and event_id is not None and await people.has_seen(work, person, event_id):
                return ()
        if person is None or not keeps_media(memory.conversation_of(person)) or not loads:
            return (await self._handle(who, event, (), event_id, keep)).replies
        photo = isinstance(event, PhotoReceived)
        try:
            blobs = await self._uploads.store(person.id, loads, photos=photo)
        except CannotLoad as problem:
            return await self._say_why(who, problem.why, event_id, keep)
        ids = tuple(blob.id for blob in blobs)
        stored = PhotoReceived(ids[0], ids[1:]) if photo else VoiceReceived(ids[0])
        try:
            handled = await self._handle(who, stored, blobs, event_id, keep)
        except Exception:
            await self._uploads.discard(blobs)
            raise
        if not handled.kept:
            await self._uploads.discard(blobs)
        return handled.replies

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
            self._erase_soon()
        await self._clear_away(removed, person_id if forgotten else None)
        return _Handled(replies, kept=True)

    async def _clear_away(self, keys: Iterable[str], forgotten: str | None) -> None:
        """Remove files whose rows are gone, and all of somebody forgotten; the sweep removes what is left."""
        try:
            if forgotten is not None:
                await self._blobs.delete_person(forgotten)
            await self._blobs.delete(keys)
        except Exception:  # whatever kind of store it is: what was answered is kept already
            log.exception("files that nobody needs any more could not be removed yet")

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


def _is_of_another(event: Event, person: Person) -> bool:
    """Say whether a button was shown to somebody else than who pressed it."""
    return isinstance(event, Owned) and event.owner != person.id
