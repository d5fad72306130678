"""The teller: turns the queue's news into progress messages on the front ends."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import time

from bot import memory
from bot.dialogue import results
from bot.frontend import Frontend, Progress
from bot.kinds import JobKind
from bot.queue import News, Queue
from storage import jobs
from storage.database import Database
from storage.models import LIVE, Job, JobState, Person

SAVE_SECONDS = 1.0
LOOK_SECONDS = 2.0  # between looks at what has changed without news; workers note their stage as often

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Known:
    """What is needed again for every news of a live job."""

    job: Job
    person: Person


class Teller:
    """Shows how jobs stand. Front ends decide how often they edit a message.

    `look_seconds`: between looks at what has changed without news.
    """

    def __init__(self, database: Database, queue: Queue, look_seconds: float = LOOK_SECONDS) -> None:
        self._database = database
        self._queue = queue
        self._look_seconds = look_seconds
        self._known: dict[str, _Known] = {}
        self._messages: dict[str, str] = {}  # of live jobs
        self._unsaved: dict[str, str] = {}

    async def run(self, frontends: Mapping[str, Frontend]) -> None:
        """Tell until cancelled. A front end that fails to show progress is logged and told the next news."""
        async with self._queue.news() as stream, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._save_now_and_then())
            tasks.create_task(self._look_now_and_then())
            async for news in stream:
                try:
                    await self._tell(frontends, news)
                except Exception:  # progress may be lost, results never: whatever a platform raises
                    log.exception("progress of job %s was not shown", news.job_id)

    def progress_shown(self, job_id: str, message_id: str) -> None:
        """Note the message that a front end has shown for a job, so that it is edited from now on."""
        self._messages[job_id] = message_id
        self._unsaved[job_id] = message_id

    async def _save_now_and_then(self) -> None:
        """Note the messages in the rows, for edits after a restart; all at once: events go first."""
        try:
            while True:
                await asyncio.sleep(SAVE_SECONDS)
                await self._save()
        finally:
            await self._save()

    async def _save(self) -> None:
        if self._unsaved:
            unsaved, self._unsaved = self._unsaved, {}
            async with self._database.writing() as work:
                await jobs.note_messages(work, unsaved)

    async def _look_now_and_then(self) -> None:
        """Look up what is known anew: the language may be another one, and what another process, or the
        operator, does with a job is no news here."""
        while True:
            await asyncio.sleep(self._look_seconds)
            if self._known:
                await self._look(time() - self._look_seconds)

    async def _look(self, before: float) -> None:
        """Tell what had ended `before`, Unix seconds: the news of a later end may be on its way.

        Of a job that runs elsewhere the stage is told, as its worker has noted it.
        """
        async with self._database.reading() as work:
            found = {job.id: (job, person) for job, person in await jobs.with_people(work, list(self._known))}
        for job_id, known in tuple(self._known.items()):
            job, person = found.get(job_id, (known.job, known.person))
            self._known[job_id] = _Known(job, person)
            if job_id not in found:  # its person is forgotten
                self._queue.publish(News(job_id, person.id, JobState.CANCELLED))
            elif job.finished_at is not None and job.finished_at < before:
                self._queue.publish(News(job_id, person.id, JobState(job.state)))
            elif job.state == JobState.RUNNING and not self._queue.runs_here(job_id):
                self._queue.publish(News(job_id, person.id, JobState.RUNNING, stage=job.stage))

    async def _tell(self, frontends: Mapping[str, Frontend], news: News) -> None:
        known = await self._know(news.job_id)
        if known is None:
            return
        message = self._messages.get(news.job_id, known.job.progress_message)
        if news.state not in LIVE:
            self._known.pop(news.job_id, None)
            self._messages.pop(news.job_id, None)
        frontend = frontends.get(known.person.platform)
        if frontend is None or not frontend.reaches(known.job.address):
            return
        progress = _progress(known, news, message)
        shown = await frontend.show_progress(known.job.address, progress)
        if shown is not None and shown != message and news.job_id in self._known:
            self.progress_shown(news.job_id, shown)

    async def _know(self, job_id: str) -> _Known | None:
        if job_id not in self._known:
            async with self._database.reading() as work:
                found = await jobs.with_people(work, [job_id])
            if not found:
                return None
            self._known[job_id] = _Known(*found[0])
        return self._known[job_id]


def _progress(known: _Known, news: News, message_id: str | None) -> Progress:
    conversation = memory.conversation_of(known.person)
    kind, job = JobKind(known.job.kind), known.job.id
    if news.state == JobState.WAITING:
        reply, done = results.waiting(conversation, kind, job, news.position), 0.0
    elif news.state == JobState.RUNNING and news.stage is not None:
        reply = results.working(conversation, kind, job, news.stage)
        done = results.bar(kind, news.stage, news.fraction)
    elif news.state == JobState.RUNNING:
        reply, done = results.waiting(conversation, kind, job, 0), 0.0
    elif news.state == JobState.CANCELLED:
        reply, done = results.cancelled(conversation), 0.0
    else:
        reply, done = results.ended(conversation), 1.0
    return Progress(job, reply, done, news.state, message_id, kind)
