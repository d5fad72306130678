"""Progress: one message a job, edited when something has changed, and what the chat's top line says.

Every chat with live jobs has one task here. It edits at most every EDIT_SECONDS, and only when Telegram's
limits leave room (limiter.py drops the edit otherwise; the next one tells more). What an ended job leaves is
cleared away.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.dialogue import Reply
from bot.frontend import Progress
from bot.frontends.telegram.address import Address
from bot.frontends.telegram.limiter import Dropped, Urgency
from bot.frontends.telegram.sending import Bot, Sender, keyboard
from bot.frontends.telegram.trouble import is_unreachable, name_of, persist, says
from bot.kinds import JobKind
from storage.models import LIVE, JobState

EDIT_SECONDS = 3.0  # between edits in a chat
ACTION_SECONDS = 4.5  # Telegram shows an action for at most 5
BAR = 10  # signs
REMEMBERED = 2_000  # ended jobs whose first message may still be on its way
ACTIONS = {
    JobKind.PREVIEW: ChatAction.CHOOSE_STICKER,
    JobKind.DRAW: ChatAction.CHOOSE_STICKER,
    JobKind.BACKGROUND: ChatAction.UPLOAD_PHOTO,
    JobKind.SPEAK: ChatAction.RECORD_VIDEO_NOTE,
}

log = logging.getLogger(__name__)


@dataclass
class Live:
    """A job's message: what it is to show, and what it shows; `gone`: one that cannot be edited any more."""

    progress: Progress | None = None
    message_id: str | None = None
    text: str = ""
    gone: str | None = None


@dataclass
class Chat:
    """What is live in a chat.

    Attributes
    ----------
    edit_at, act_at : when the next edit and the next action may go
    superseded : messages of jobs that are shown by another message now
    lost : nobody is reached there (blocked, deleted) until they are answered again
    """

    edit_at: float
    act_at: float = 0.0
    jobs: dict[str, Live] = field(default_factory=dict)
    superseded: list[str] = field(default_factory=list)
    lost: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def quiet(self) -> bool:
        """Whether nothing is left to do."""
        return not self.jobs and not self.superseded


class Board:
    """Shows the progress of jobs.

    Parameters
    ----------
    note : told the message of a job that has got one
    """

    def __init__(
        self,
        bot: Bot,
        sender: Sender,
        note: Callable[[str, str], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._bot = bot
        self._sender = sender
        self._note = note
        self._clock = clock
        self._chats: dict[Address, Chat] = {}
        self._tasks: dict[Address, asyncio.Task[None]] = {}
        self._ended: OrderedDict[str, Progress] = OrderedDict()

    def tell(self, address: Address, progress: Progress) -> str | None:
        """Take what is new about a job; gives its message, if it has one. Nothing is awaited here."""
        chat = self._chat(address)
        live = chat.jobs.setdefault(progress.job, Live())
        live.progress = progress
        if live.message_id is None and progress.message_id != live.gone:
            live.message_id = progress.message_id  # from before a restart
        if progress.state not in LIVE:
            self._ended[progress.job] = progress
            if len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)
        self._go_on(address, chat)
        return live.message_id

    def has_ended(self, job: str | None) -> bool:
        """Say whether a job has ended, so that nothing need be shown of it any more."""
        return job in self._ended

    def shown(self, address: Address, reply: Reply, message_id: str) -> None:
        """Note the message that shows a job from now on."""
        if reply.job is None:
            return
        chat = self._chat(address)
        live = chat.jobs.setdefault(reply.job, Live(self._ended.get(reply.job)))
        if live.message_id not in (None, message_id):  # shown again by /queue: one message a job
            chat.superseded.append(live.message_id)
        live.message_id, live.text = message_id, reply.text
        chat.lost = False
        chat.edit_at = self._clock() + EDIT_SECONDS
        if reply.job not in self._ended:
            self._note(reply.job, message_id)
        self._go_on(address, chat)

    async def close(self) -> None:
        """Stop showing; what is shown stays, and goes on after a restart."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _chat(self, address: Address) -> Chat:
        if address not in self._chats:
            self._chats[address] = Chat(self._clock() + EDIT_SECONDS)
        return self._chats[address]

    def _go_on(self, address: Address, chat: Chat) -> None:
        chat.changed.set()
        if address not in self._tasks:
            task = self._tasks[address] = asyncio.create_task(self._keep(address, chat))
            task.add_done_callback(lambda done: self._stopped(address, done))

    def _stopped(self, address: Address, task: asyncio.Task[None]) -> None:
        del self._tasks[address]
        chat = self._chats.pop(address)
        if task.cancelled():
            return
        if task.exception() is not None:
            log.error("showing progress ended early", exc_info=task.exception())
        elif not chat.quiet:  # something came while the task ended
            self._chats[address] = chat
            self._go_on(address, chat)

    async def _keep(self, address: Address, chat: Chat) -> None:
        """Show what is new as long as there is something live in a chat."""
        while not chat.quiet:
            chat.changed.clear()
            try:
                await self._clear_away(address, chat)
                await self._act(address, chat)
                await self._edit(address, chat)
            except TelegramError as error:
                chat.lost = is_unreachable(error)
                log.info("progress was not shown: %s", name_of(error))
                chat.edit_at = self._clock() + EDIT_SECONDS
            if not chat.quiet:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause(chat)):
                        await chat.changed.wait()

    def _pause(self, chat: Chat) -> float | None:
        """Give the seconds until there is something to do; None: when something changes."""
        if chat.lost:
            return None
        due = [chat.edit_at] if any(_is_new(live) for live in chat.jobs.values()) else []
        due += [chat.act_at] if _at_work(chat) else []
        return max(0.0, min(due) - self._clock()) if due else None

    async def _clear_away(self, address: Address, chat: Chat) -> None:
        """Remove the messages of jobs that have ended; that one was cancelled is said in its place."""
        while chat.superseded:
            await self._remove(address, chat.superseded.pop())
        ended = [job for job, live in chat.jobs.items() if live.progress and live.progress.state not in LIVE]
        for job in ended:
            live = chat.jobs.pop(job)
            if live.message_id is None or live.progress is None or chat.lost:
                continue
            if live.progress.state == JobState.CANCELLED:
                await self._change(address, live.message_id, live.progress.reply.text)
            else:
                await self._remove(address, live.message_id)

    async def _remove(self, address: Address, message_id: str) -> None:
        try:
            await persist(lambda: self._bot.delete_message(address.chat, int(message_id)))
        except TelegramError as error:  # it is gone, or too old to be deleted
            log.info("a progress message was not deleted: %s", name_of(error))

    async def _change(self, address: Address, message_id: str, text: str) -> None:
        try:
            await persist(lambda: self._bot.edit_message_text(text, address.chat, int(message_id)))
        except TelegramError as error:
            log.info("a progress message was not edited: %s", name_of(error))

    async def _act(self, address: Address, chat: Chat) -> None:
        """Say at the top of the chat what is being made, while something is."""
        kind, now = _at_work(chat), self._clock()
        if kind is None or now < chat.act_at or chat.lost:
            return
        chat.act_at = now + ACTION_SECONDS
        with suppress(Dropped):
            await self._bot.send_chat_action(
                address.chat,
                ACTIONS[kind],
                message_thread_id=address.topic,
                rate_limit_args=Urgency.PROGRESS,
            )

    async def _edit(self, address: Address, chat: Chat) -> None:
        """Edit the message of one job, or send it if there is none yet."""
        now = self._clock()
        job = next((job for job, live in chat.jobs.items() if _is_new(live)), None)
        if job is None or now < chat.edit_at or chat.lost:
            return
        live = chat.jobs[job] = chat.jobs.pop(job)  # the others go before it the next time
        if live.progress is None:
            return
        chat.edit_at = now + EDIT_SECONDS
        text = _text(live.progress)
        with suppress(Dropped):
            if live.message_id is None:
                live.message_id = await self._first(address, live.progress, text)
            else:
                await self._edit_message(address, live, live.progress, text)
            live.text = text if live.message_id is not None else ""

    async def _first(self, address: Address, progress: Progress, text: str) -> str:
        message = await self._bot.send_message(
            address.chat,
            text,
            reply_markup=keyboard(progress.reply.buttons),
            message_thread_id=address.topic,
            disable_notification=True,
            rate_limit_args=Urgency.PROGRESS,
        )
        message_id = str(message.message_id)
        self._note(progress.job, message_id)
        return message_id

    async def _edit_message(self, address: Address, live: Live, progress: Progress, text: str) -> None:
        try:
            await self._bot.edit_message_text(
                text,
                address.chat,
                int(live.message_id or 0),
                reply_markup=keyboard(progress.reply.buttons),
                rate_limit_args=Urgency.PROGRESS,
            )
        except TelegramError as error:
            if says(error, "message to edit not found", "message can't be edited", "message_id_invalid"):
                live.message_id, live.gone = None, live.message_id  # deleted, or too old: a new one next time
            elif not says(error, "not modified"):
                raise


def _is_new(live: Live) -> bool:
    """Say whether a live job's message shows something old."""
    progress = live.progress
    return progress is not None and progress.state in LIVE and _text(progress) != live.text


def _at_work(chat: Chat) -> JobKind | None:
    """Say what is being made for a chat, if something is."""
    running = (live.progress for live in chat.jobs.values() if live.progress)
    return next((progress.kind for progress in running if progress.state == JobState.RUNNING), None)


def _text(progress: Progress) -> str:
    """Write how a job stands; one that runs gets a bar."""
    if progress.state != JobState.RUNNING:
        return progress.reply.text
    filled = round(progress.done * BAR)
    return f"{progress.reply.text}\n{'▰' * filled}{'▱' * (BAR - filled)}"
