"""The chat page as a front end: what a browser sends becomes events, replies become kept messages.

No platform keeps the conversation here, so it is kept in our database: a reload, a second tab and a restart
show the same. Everything about one visitor happens in turn, so that all tabs see one order.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import Any
from weakref import WeakValueDictionary

from bot.dialogue import Reply
from bot.dialogue.events import CommandGiven, PhotoReceived, Sent, VoiceReceived
from bot.frontend import Progress, Shown, Unreachable
from bot.frontends.parts import WEB
from bot.frontends.web.frames import Frame, Said, content_of, file_of, frame_of, progress_frame
from bot.frontends.web.tabs import Tab, Tabs
from bot.service import KeptFile, Service, Who
from bot.uploads import Load
from storage import files, messages, people
from storage.database import Database, Work
from storage.models import LIVE, Blob, Message, Person

PLATFORM = "web"
PARTS = WEB
SENT: Mapping[str, Sent] = {"photo": PhotoReceived(), "voice": VoiceReceived()}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visitor:
    """Somebody at the page; `id` as visitors.py knows them, `language` as their browser says."""

    id: str
    language: str

    @property
    def who(self) -> Who:
        """The same for the service."""
        return Who(PLATFORM, self.id, self.id, self.language)


class Chat:
    """The front end of the chat page: see Frontend.

    Parameters
    ----------
    tabs : open connections
    clock : Unix seconds
    """

    platform = PLATFORM
    parts = PARTS

    def __init__(
        self, database: Database, service: Service, tabs: Tabs, clock: Callable[[], float] = time
    ) -> None:
        self._database = database
        self._service = service
        self._tabs = tabs
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._progress: dict[str, dict[str, Frame]] = {}  # by visitor and job, while it lives

    async def open(self, visitor: Visitor, tab: Tab) -> None:
        """Show a tab everything, and from then on what is new; somebody who is new is greeted."""
        turn = self._turn(visitor.id)
        async with turn:
            async with self._database.reading() as work:
                person = await people.find(work, PLATFORM, visitor.id)
                kept = await messages.newest(work, person.id) if person else []
                sent = {file for message in kept if (file := file_of(message)) is not None}
                there = await files.still_there(work, person.id, sent) if person else set()
            progress = list(self._progress.get(visitor.id, {}).values())
            shown = [frame_of(message, there) for message in kept]
            tab.send(_text({"kind": "everything", "messages": shown, "progress": progress}))
            self._tabs.add(visitor.id, tab)
            if not kept:
                await self._handle(visitor, CommandGiven("start"))

    def leave(self, visitor: Visitor, tab: Tab) -> None:
        """Forget a tab."""
        self._tabs.remove(visitor.id, tab)

    async def take(self, visitor: Visitor, said: Said, load: Load | None = None) -> None:
        """Do what somebody did, once, and show what follows from it on all their tabs."""
        turn = self._turn(visitor.id)
        async with turn:
            try:
                await self._handle(visitor, said.event, said.mine, said.event_id, load)
            except Exception:
                log.exception("a message of the chat page was not handled")
                self._tabs.tell(visitor.id, {"kind": "failed", "id": said.event_id})

    async def made(self, visitor: Visitor, render: str) -> KeptFile | None:
        """Find something that was made for this visitor; None: there is no such thing."""
        return await self._service.made(visitor.who, render)

    async def sent(self, visitor: Visitor, file: str) -> KeptFile | None:
        """Find what this visitor has sent; None: there is no such thing (any more)."""
        return await self._service.sent(visitor.who, file)

    def reaches(self, address: str) -> bool:
        """See Frontend: what is kept here is shown wherever the page is opened."""
        return True

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        """Keep and show a result: see Frontend. The page fetches the file by itself."""
        turn = self._turn(address)
        async with turn:
            async with self._database.writing() as work:
                person = await people.find(work, PLATFORM, address)
                if person is None:
                    raise Unreachable
                message = await messages.add(work, person.id, content_of(reply), self._clock())
            self._tabs.tell(address, {"kind": "messages", "messages": [frame_of(message, ())]})
        return Shown(str(message.number))

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        """Show how a job stands; what showed an ended one goes: see Frontend."""
        if progress.state in LIVE:
            frame = progress_frame(progress)
            self._progress.setdefault(address, {})[progress.job] = frame
            self._tabs.tell(address, frame)
            return None
        turn = self._turn(address)
        async with turn:
            self._forget_progress(address, progress.job)
            async with self._database.writing() as work:
                await messages.end_progress(work, progress.job)
            self._tabs.tell(address, {"kind": "ended", "job": progress.job, "state": str(progress.state)})
        return None

    def _turn(self, visitor: str) -> asyncio.Lock:
        return self._turns.setdefault(visitor, asyncio.Lock())

    async def _handle(
        self,
        visitor: Visitor,
        event: Sent,
        mine: Frame | None = None,
        event_id: str | None = None,
        load: Load | None = None,
    ) -> None:
        """Have an event handled, its message and the replies kept with it, and show them."""
        shown: list[Frame] | None = None

        async def keep(work: Work, person: Person, replies: Sequence[Reply], blobs: Sequence[Blob]) -> None:
            nonlocal shown
            sent = [blob.id for blob in blobs]
            own = {**mine, "file": sent[0]} if mine is not None and sent else mine
            written = await self._write(work, person, own, event_id, replies)
            shown = [frame_of(message, sent) for message in written]

        replies = await self._service.handle(visitor.who, event, load, event_id, keep)
        if shown is not None:
            self._tabs.tell(visitor.id, {"kind": "messages", "id": event_id, "messages": shown})
        elif replies:  # forgotten: nothing is kept, not even that
            self._progress.pop(visitor.id, None)
            last = [content_of(reply) | {"number": 0, "at": self._clock()} for reply in replies]
            self._tabs.tell(visitor.id, {"kind": "cleared", "id": event_id, "messages": last})
        else:  # it came before
            self._tabs.tell(visitor.id, {"kind": "taken", "id": event_id})

    async def _write(
        self,
        work: Work,
        person: Person,
        mine: Frame | None,
        event_id: str | None,
        replies: Sequence[Reply],
    ) -> list[Message]:
        now = self._clock()
        kept = []
        if mine is not None:
            kept.append(await messages.add(work, person.id, mine, now, event_id=event_id))
        for reply in replies:
            if reply.job is not None:
                await messages.end_progress(work, reply.job)  # shown anew, here
            kept.append(await messages.add(work, person.id, content_of(reply), now, job_id=reply.job))
        await messages.drop_oldest(work, person.id)
        return kept

    def _forget_progress(self, visitor: str, job: str) -> None:
        live = self._progress.get(visitor, {})
        live.pop(job, None)
        if not live:
            self._progress.pop(visitor, None)


def _text(frame: dict[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False)
