"""Telegram as a front end: updates become events of the dialogue, replies become messages.

In a group only words and a job's progress are shown: whatever has buttons or a file of its own belongs into
the private chat, and a link leads there. What somebody asked for in a group, a talk, comes to the group.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from telegram.error import TelegramError

from bot import operators
from bot.dialogue import Button, Reply
from bot.dialogue.buttons import event_of
from bot.dialogue.events import (
    CancelPressed,
    CommandGiven,
    ResultAsked,
    TextReceived,
    Unreadable,
    VoiceReceived,
)
from bot.dialogue.replies import Said, say
from bot.frontend import FileUnknown, Progress, Shown
from bot.frontends.parts import TELEGRAM
from bot.frontends.telegram.address import Address
from bot.frontends.telegram.albums import Album
from bot.frontends.telegram.limiter import Urgency
from bot.frontends.telegram.progress import Board
from bot.frontends.telegram.reading import PLATFORM, FileSent, Me, Received
from bot.frontends.telegram.sending import Bot, Sender
from bot.frontends.telegram.trouble import for_the_courier, is_unreachable, may_pass, name_of, persist, says
from bot.operators import Operators
from bot.sentences import sentence
from bot.service import Service, Who
from bot.uploads import UPLOAD_BYTES, CannotLoad, Load
from storage.ids import new_id

PARTS = TELEGRAM
TOAST = 200  # characters of the word that answers a button; Telegram's limit
DOWNLOADS = 8  # at the same time: each is in memory
MEGABYTES = UPLOAD_BYTES // 1_000_000
FILE_GONE = ("wrong file", "wrong remote file", "file_id", "file reference", "can't use file")

SHARED = (CancelPressed, ResultAsked)  # buttons about what was asked for in a group

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Doors:
    """Who may come in: empty `allowed` means everybody."""

    allowed: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()

    def admit(self, who: Who) -> bool:
        """Say whether somebody is answered."""
        return not self.allowed or who.platform_id in self.allowed


class Telegram:
    """The front end: see Frontend.

    Parameters
    ----------
    note : told the message that shows a job
    """

    platform = PLATFORM
    parts = PARTS

    def __init__(
        self,
        bot: Bot,
        service: Service,
        operators: Operators,
        doors: Doors,
        note: Callable[[str, str], None],
    ) -> None:
        self._bot = bot
        self._service = service
        self._operators = operators
        self._doors = doors
        self._sender = Sender(bot)
        self.board = Board(bot, self._sender, note)
        self._downloads = asyncio.Semaphore(DOWNLOADS)

    @property
    def me(self) -> Me:
        """What Telegram calls this bot; known once it has answered."""
        return Me(self._bot.id, self._bot.username)

    def reaches(self, address: str) -> bool:
        """See Frontend: every chat of Telegram is reached from everywhere."""
        return True

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        """Show a result: see Frontend."""
        there = Address.read(address)
        shown = reply if there.private else replace(reply, buttons=_shared_buttons(reply))
        try:
            return await self._sender.send(there, shown, content, Urgency.RESULT)
        except TelegramError as error:
            if _is_unknown(shown, error):
                raise FileUnknown from error
            raise for_the_courier(error) from error

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        """Show how a job stands: see Frontend. Telegram is not waited for."""
        return self.board.tell(Address.read(address), progress)

    async def take(self, received: Received | Album) -> None:
        """Do what somebody did, and answer; whatever goes wrong, the next update goes on."""
        first = received.photos[0] if isinstance(received, Album) else received
        try:
            await self._take(first, received.photos[1:] if isinstance(received, Album) else ())
        except TelegramError as error:
            if is_unreachable(error):
                log.info("an answer did not reach anybody: %s", name_of(error))
            elif may_pass(error):
                log.warning("an answer was not sent: %s", name_of(error))
            else:
                await self._apologise(first, error)
        except Exception as error:  # whatever is wrong with us: the person hears of it
            await self._apologise(first, error)

    async def _take(self, received: Received, others: tuple[Received, ...]) -> None:
        if not self._doors.admit(received.who):
            await self._say_closed(received)
        elif self._is_for_operators(received):
            await self._operate(received)
        elif received.query_id is not None:
            await self._press(received, received.query_id)
        elif received.address.private or _is_shared(received):
            await self._answer(received, others)
        else:
            await self._send_home(received)

    async def _answer(self, received: Received, others: tuple[Received, ...] = ()) -> None:
        """Have an event handled and show the replies."""
        load, more = self._load(received.file), [self._load(photo.file) for photo in others]
        event_id = received.event_id
        replies = await self._service.handle(
            received.who, received.event, load, event_id, more=[each for each in more if each is not None]
        )
        await self._show_all(received, replies)

    async def _press(self, received: Received, query_id: str) -> None:
        """Answer a button. About a cancelled job, and in a group, only who pressed it is told."""
        if not received.address.private and not isinstance(received.event, SHARED):
            await self._toast(query_id, await self._own(received, "telegram-private"))
            return
        handled = self._service.handle(received.who, received.event, None, received.event_id)
        if isinstance(received.event, CancelPressed) or not received.address.private:
            replies = await handled
            await self._toast(query_id, "\n".join(reply.text for reply in replies))
            return
        _, replies = await asyncio.gather(self._toast(query_id, ""), handled)
        await self._show_all(received, replies)

    async def _show_all(self, received: Received, replies: tuple[Reply, ...]) -> None:
        """Show replies in order."""
        home = False
        for reply in replies:
            if self.board.has_ended(reply.job):
                continue
            if not received.address.private and reply.job is None and (reply.buttons or reply.media):
                home = True
                continue
            await self._show(received, reply)
        if home:
            await self._send_home(received)

    async def _show(self, received: Received, reply: Reply) -> None:
        media, content = reply.media, None
        if media is not None and media.file_id is None:
            content = await self._service.content(received.who, media.render)
        shown = await self._send(received, reply, content)
        self.board.shown(received.address, reply, shown.message_id)
        if media is not None and shown.file_id != media.file_id:
            await self._service.note_file_id(PLATFORM, media.render, shown.file_id)

    async def _send(self, received: Received, reply: Reply, content: bytes | None) -> Shown:
        """Send a reply; a file that Telegram does not know any more (another bot had it) is uploaded anew."""
        to = None if received.address.private else received.message_id
        try:
            return await self._sender.answer(received.address, reply, content, to)
        except TelegramError as error:
            media = reply.media
            if media is None or not _is_unknown(reply, error):
                raise
        content = await self._service.content(received.who, media.render)
        if content is None:
            reply = Reply(reply.language, (*reply.says, say("file-gone")), reply.buttons)
        else:
            reply = replace(reply, media=replace(media, file_id=None))
        return await self._sender.answer(received.address, reply, content, to)

    def _load(self, file: FileSent | None) -> Load | None:
        """Get a file when it is asked for; Telegram hands out at most 20 MB."""
        if file is None:
            return None

        async def load() -> bytes:
            if file.size > UPLOAD_BYTES:
                raise CannotLoad(say("telegram-too-large", megabytes=MEGABYTES))
            async with self._downloads:
                try:
                    return await persist(fetch)
                except TelegramError as error:
                    if not may_pass(error):
                        raise
                    log.warning("a file was not fetched: %s", name_of(error))
                    raise CannotLoad(say("telegram-not-fetched")) from error

        async def fetch() -> bytes:
            try:
                found = await self._bot.get_file(file.file_id)
            except TelegramError as error:
                if says(error, "file is too big"):
                    raise CannotLoad(say("telegram-too-large", megabytes=MEGABYTES)) from error
                if says(error, *FILE_GONE, "file is temporarily unavailable"):
                    raise CannotLoad(say("telegram-not-fetched")) from error
                raise
            return bytes(await found.download_as_bytearray())

        return load

    def _is_for_operators(self, received: Received) -> bool:
        """Say whether an operator gives an operator's command; to others these commands do not exist."""
        event = received.event
        known = isinstance(event, CommandGiven) and event.name in operators.COMMANDS
        return known and received.address.private and received.who.platform_id in self._doors.operators

    async def _operate(self, received: Received) -> None:
        if not isinstance(received.event, CommandGiven):
            raise TypeError("no command")
        said = await self._operators.answer(PLATFORM, received.event.name, received.argument)
        await self._say(received, *said)

    async def _say_closed(self, received: Received) -> None:
        """Tell somebody in private that the bot is not for them; in groups nothing is said."""
        if received.query_id is not None:
            await self._toast(received.query_id, await self._own(received, "telegram-closed"))
        elif received.address.private:
            await self._say(received, say("telegram-closed"))

    async def _send_home(self, received: Received) -> None:
        """Lead from a group to the private chat."""
        language = await self._service.language_of(received.who)
        label = sentence("telegram-private-button", language)
        event = received.event
        asks = event in (CommandGiven("start"), CommandGiven("help"))
        lost = asks or isinstance(event, TextReceived | Unreadable)
        word = "telegram-group-help" if lost else "telegram-private"
        reply = Reply(language, (say(word),), ((Button(label, self.me.link),),))
        await self._sender.answer(received.address, reply, to=received.message_id)

    async def _apologise(self, received: Received, error: Exception) -> None:
        """Say that something is wrong with us, by an id that those who run the bot find."""
        error_id = new_id()
        log.error("an update was not handled (id %s)", error_id, exc_info=error)
        try:
            await self._say(received, say("our-fault"), say("our-fault-noted", id=error_id))
        except TelegramError as worse:
            log.warning("nor was that said (id %s): %s", error_id, name_of(worse))

    async def _say(self, received: Received, *said: Said) -> None:
        """Say words of our own."""
        language = await self._service.language_of(received.who)
        to = None if received.address.private else received.message_id
        await self._sender.answer(received.address, Reply(language, said), to=to)

    async def _own(self, received: Received, message_id: str) -> str:
        return sentence(message_id, await self._service.language_of(received.who))

    async def _toast(self, query_id: str, text: str) -> None:
        """Answer a button; one that waited too long is not answered any more, which harms nobody."""
        try:
            await self._bot.answer_callback_query(query_id, text[:TOAST] or None)
        except TelegramError as error:
            log.info("a button was not answered: %s", name_of(error))


def _shared_buttons(reply: Reply) -> tuple[tuple[Button, ...], ...]:
    """Keep the buttons that may be pressed in a group."""
    rows = [tuple(b for b in row if isinstance(event_of(b.data), SHARED)) for row in reply.buttons]
    return tuple(row for row in rows if row)


def _is_unknown(reply: Reply, error: TelegramError) -> bool:
    """Say whether Telegram refuses a reply because of the id of its file."""
    return reply.media is not None and reply.media.file_id is not None and says(error, *FILE_GONE)


def _is_shared(received: Received) -> bool:
    """Say whether something may be answered in a group: a voice, and its end."""
    event = received.event
    return isinstance(event, VoiceReceived) or event == CommandGiven("cancel")
