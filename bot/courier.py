"""The courier: brings results to people, each message in three committed steps (storage/deliveries.py).

Messages to one address keep their order; addresses do not wait for each other.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from time import time

from bot import memory
from bot.dialogue import House, Media, Reply, results, ways
from bot.dialogue.replies import Said, say
from bot.frontend import FileUnknown, Frontend, NotDelivered, Shown, Unreachable, parts_of
from bot.kinds import JobKind
from bot.liveness import is_dead, worker_id
from storage import deliveries, files, jobs, people
from storage.blobs import BlobStore
from storage.database import Database, Work
from storage.models import Delivery, DeliveryState, Job, Person, Render

UPLOAD_SECONDS = 900.0  # longest time that a message may be on its way
TICK = 2.0  # s between looks when nobody wakes the courier (another process may have made something)
LAST_SECONDS = 10.0  # for messages on their way when the process stops
AT_ONCE = 20  # addresses served at the same time
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # s between tries to send a message that was surely not taken
DOUBLINGS = 20  # more than lead to the longest wait; a platform may be away for weeks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A message on its way: what to show, and the key of its file while we have that."""

    delivery: Delivery
    reply: Reply
    key: str | None


class Courier:
    """Delivers what is pending on the platforms that run in this process."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        house: House,
        *,
        clock: Callable[[], float] = time,
        dead: Callable[[str, float], bool] = is_dead,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._house = house
        self._clock = clock
        self._dead = dead
        self._name = worker_id()
        self._frontends: Mapping[str, Frontend] = {}
        self._wake = asyncio.Event()
        self._rounds: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._stopping = False
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def wake(self) -> None:
        """Say that there may be something to deliver."""
        self._wake.set()

    async def run(self, frontends: Mapping[str, Frontend]) -> None:
        """Deliver until cancelled; messages that are on their way then are given time to arrive."""
        self._frontends = frontends
        try:
            while True:
                self._wake.clear()
                await self.recover()
                wait = await self._start_rounds()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):  # 3.11's wait_for may swallow the end of the process
                        await self._wake.wait()
        finally:
            self._stopping = True
            await self._end_rounds()

    async def _end_rounds(self) -> None:
        """Let what is on its way arrive, but not for ever: what is not noted as sent by then is unclear."""
        rounds = list(self._rounds.values())
        if rounds:
            await asyncio.wait(rounds, timeout=LAST_SECONDS)
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)

    async def recover(self) -> None:
        """Find messages whose courier died while they were on their way."""
        async with self._database.reading() as work:
            orphaned = [delivery.id for delivery in await self._orphaned(work)]
        if not orphaned:
            return
        async with self._database.writing() as work:
            for delivery in await self._orphaned(work):
                job = await jobs.get(work, delivery.job_id)
                if job is not None:
                    log.warning(
                        "delivery %s (%s): nobody knows whether it arrived", delivery.id, delivery.part
                    )
                    await self._give_up_knowing(work, delivery, job)

    async def _orphaned(self, work: Work) -> list[Delivery]:
        now = self._clock()
        return [
            delivery
            for delivery in await deliveries.sending(work)
            if self._dead(delivery.courier or "", now - (delivery.sending_at or 0.0) - UPLOAD_SECONDS)
            and delivery.courier != self._name
        ]

    async def _start_rounds(self) -> float:
        """Start a round for every address with something due; gives the seconds until the next is due."""
        async with self._database.reading() as work:
            waiting = await deliveries.addresses_waiting(work, list(self._frontends))
        now, wait = self._clock(), TICK
        for platform, address, not_before in waiting:
            place = (platform, address)
            if not self._frontends[platform].reaches(address):
                continue
            if not_before > now:
                wait = min(wait, not_before - now)
            elif place not in self._rounds:
                task = self._rounds[place] = asyncio.create_task(self._round(platform, address))
                task.add_done_callback(partial(self._ended, place))
        return wait

    def _ended(self, place: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._rounds[place]
        if not task.cancelled() and task.exception() is not None:
            log.error("a round of deliveries ended early", exc_info=task.exception())
        else:  # after an error not at once: it may be there again
            self.wake()

    async def _round(self, platform: str, address: str) -> None:
        """Deliver everything that waits at an address."""
        async with self._at_once:
            while not self._stopping and (letter := await self._take(platform, address)) is not None:
                if not await self._deliver(self._frontends[platform], letter):
                    return

    async def _take(self, platform: str, address: str) -> Letter | None:
        async with self._database.writing() as work:
            delivery = await deliveries.take(work, platform, address, self._name, self._clock())
            return await self._letter(work, delivery) if delivery is not None else None

    async def _deliver(self, frontend: Frontend, letter: Letter) -> bool:
        """Send one message and note what became of it; False when the rest has to wait."""
        delivery = letter.delivery
        try:
            shown = await self._show(frontend, letter)
        except NotDelivered as problem:
            wait = max(problem.retry_after, wait_after(delivery.attempts))
            log.info("delivery %s not taken, again in %.0f s", delivery.id, wait)
            await self._not_taken(delivery, self._clock() + wait)
            return False
        except Unreachable:
            await self._close(delivery, DeliveryState.REFUSED)
            return True
        except Exception:  # whatever a platform's library raises: nobody knows whether it arrived
            log.exception("delivery %s: nobody knows whether it arrived", delivery.id)
            await self._lose(delivery)
            return True
        await self._close(delivery, DeliveryState.SENT, shown)
        return True

    async def _show(self, frontend: Frontend, letter: Letter) -> Shown:
        """Show a letter; a file that the platform does not know any more is sent there anew."""
        letter, content = await self._with_content(letter)
        try:
            return await frontend.show(letter.delivery.address, letter.reply, content)
        except FileUnknown:
            letter, content = await self._with_content(await self._without_file_id(letter))
            return await frontend.show(letter.delivery.address, letter.reply, content)

    async def _without_file_id(self, letter: Letter) -> Letter:
        """Forget what the platform has called a letter's file."""
        media = letter.reply.media
        if media is None:
            raise LookupError(f"delivery {letter.delivery.id} has no file")
        async with self._database.writing() as work:
            await files.note_file_id(work, media.render, letter.delivery.platform, None)
        return replace(letter, reply=replace(letter.reply, media=replace(media, file_id=None)))

    async def _with_content(self, letter: Letter) -> tuple[Letter, bytes | None]:
        """Fetch the bytes of a letter's file unless the platform has it; one that is gone becomes a word.

        Raises
        ------
        NotDelivered
            when the store does not answer: the platform was not even asked
        """
        if letter.reply.media is None or letter.reply.media.file_id is not None:
            return letter, None
        gone = Reply(letter.reply.language, (say("file-gone"),), letter.reply.buttons)
        if letter.key is None:
            return replace(letter, reply=gone), None
        try:
            return letter, await self._blobs.read(letter.key)
        except FileNotFoundError:
            log.error("the file of delivery %s is gone", letter.delivery.id)
            return replace(letter, reply=gone), None
        except Exception as error:  # whatever kind of store it is
            log.exception("the file of delivery %s cannot be read now", letter.delivery.id)
            raise NotDelivered from error

    async def _not_taken(self, delivery: Delivery, not_before: float) -> None:
        """Note that a message is to be sent again, and from when."""
        async with self._database.writing() as work:
            again = DeliveryState.PENDING
            await deliveries.settle(work, delivery.id, self._name, again, not_before=not_before)

    async def _lose(self, delivery: Delivery) -> None:
        async with self._database.writing() as work:
            row = await deliveries.get(work, delivery.id)
            job = await jobs.get(work, delivery.job_id)
            if row is not None and job is not None and row.state == DeliveryState.SENDING:
                await self._give_up_knowing(work, row, job)

    async def _give_up_knowing(self, work: Work, delivery: Delivery, job: Job) -> None:
        now = self._clock()
        await deliveries.lost(work, delivery, job, now, ask_again_at=now + wait_after(delivery.attempts))

    async def _close(self, delivery: Delivery, state: DeliveryState, shown: Shown | None = None) -> None:
        """Note that a message has arrived, or never will; what it was made from may go."""
        now, arrived = self._clock(), dict[str, object]()
        if shown is not None:
            arrived = {"sent_at": now, "message_id": shown.message_id}
        async with self._database.writing() as work:
            await deliveries.settle(work, delivery.id, self._name, state, **arrived)
            if shown is not None and shown.file_id is not None and delivery.render_id is not None:
                await files.note_file_id(work, delivery.render_id, delivery.platform, shown.file_id)
            person = await people.get(work, delivery.person_id)
            await work.session.flush()
            removed = await memory.let_go(work, person, now) if person is not None else []
        await self._blobs.delete(removed)

    async def _letter(self, work: Work, delivery: Delivery) -> Letter:
        """Write the message of a delivery in the person's language of now."""
        person, job = await people.get(work, delivery.person_id), await jobs.get(work, delivery.job_id)
        if person is None or job is None:
            raise LookupError(f"delivery {delivery.id} of nobody or nothing")
        conversation = memory.conversation_of(person)
        if delivery.part == deliveries.ASK:
            return Letter(delivery, results.unsure(conversation, job.id), None)
        says = tuple(Said(message_id, tuple(values.items())) for message_id, values in delivery.words)
        if delivery.part == deliveries.WORDS:
            return Letter(delivery, Reply(person.language, says), None)
        if delivery.part == deliveries.AFTER:
            buttons = self._buttons(person, job, await files.renders_of_job(work, job.id))
            return Letter(delivery, Reply(person.language, says, buttons), None)
        render = await files.render(work, delivery.render_id or "", person.id)
        file_id = render.file_ids.get(person.platform) if render else None
        if render is None or (render.blob_id is None and file_id is None):
            return Letter(delivery, Reply(person.language, (say("file-gone"),)), None)
        buttons = self._buttons(person, job, await files.renders_of_job(work, job.id)) if says else ()
        reply = Reply(person.language, says, buttons, Media(render.name, render.id, file_id))
        return Letter(delivery, reply, f"{person.id}/{render.blob_id}" if render.blob_id else None)

    def _buttons(self, person: Person, job: Job, renders: Sequence[Render]) -> tuple[ways.Row, ...]:
        """Offer what one may want after a result."""
        conversation = memory.conversation_of(person)
        if job.kind == JobKind.PREVIEW:
            return ways.style_buttons(conversation, self._house, job.blob_id)
        if job.kind == JobKind.BACKGROUND:
            return ways.settings_again(conversation)
        if job.kind == JobKind.DRAW:
            return ways.after_sticker(conversation)
        shown = parts_of(self._frontends[person.platform].parts, job)
        others = tuple(sorted(render.name for render in renders if render.name not in shown))
        return results.file_buttons(conversation, job.id, others) + ways.after_sticker(conversation)


def wait_after(attempts: int) -> float:
    """Say how many seconds to wait before the next try, after so many."""
    return float(min(FIRST_WAIT * 2 ** min(attempts - 1, DOUBLINGS), LONGEST_WAIT))
