"""Somebody with a Telegram app: writes, sends photos and voices, presses buttons, sees what comes."""

import asyncio
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiogram import types

from tests.e2e.telegram import media, methods
from tests.e2e.telegram.server import Server
from tests.e2e.telegram.world import BOT, Place, Query, Refused, StoredFile

PATIENCE = 60.0  # s to wait for what needs no engine

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Group:
    """A group with the bot in it; with privacy the bot gets only what is meant for it."""

    server: Server
    chat: types.Chat

    @classmethod
    def of(cls, server: Server, title: str = "Friends", *, privacy: bool = True) -> "Group":
        """Make a group."""
        chat = types.Chat(id=-1_000_000 - next(_numbers), type="group", title=title)
        server.world.places[chat.id] = Place(chat, privacy=privacy)
        return cls(server, chat)


class Person:
    """Somebody. Waiting gives up after `seconds` (by default `patience`) and tells what was seen instead."""

    def __init__(
        self,
        server: Server,
        name: str = "Ada",
        language: str | None = "en",
        patience: float = PATIENCE,
    ) -> None:
        self.patience = patience
        self.server, self.world = server, server.world
        number = 100_000 + next(_numbers)
        self.user = types.User(id=number, is_bot=False, first_name=name, language_code=language)
        self.chat = types.Chat(id=number, type="private", first_name=name)
        self.place = Place(self.chat)
        self.world.places[number] = self.place
        self._seen: set[tuple[int, int, int]] = set()

    # What they send

    async def says(self, text: str, to: Group | None = None, reply: types.Message | None = None) -> None:
        """Write a text; commands and mentions are marked as apps do."""
        self._send(to, text=text, entities=entities_of(text) or None, reply_to_message=reply)

    async def photo(self, content: bytes, caption: str | None = None, **about: Any) -> None:
        """Send a photo as apps do: small, without metadata."""
        small = await asyncio.to_thread(media.as_apps_send_photos, content)
        await self._file("photo", small, "photo.jpg", None, caption=caption, **about)

    async def album(self, *contents: bytes, files: bool = False) -> None:
        """Send photos together, as photos or as files."""
        together = str(10**15 + next(_numbers))
        for content in contents:
            if files:
                await self.document(content, "photo.jpg", "image/jpeg", media_group_id=together)
            else:
                await self.photo(content, media_group_id=together)

    async def document(
        self, content: bytes, name: str, mime: str | None, to: Group | None = None, **about: Any
    ) -> None:
        """Send a file as it is."""
        await self._file("document", content, name, mime, to, **about)

    async def voice(self, content: bytes, to: Group | None = None) -> None:
        """Send a voice note."""
        await self._file("voice", content, "voice.ogg", "audio/ogg", to)

    async def audio(self, content: bytes, name: str = "song.mp3", mime: str = "audio/mpeg") -> None:
        """Send a piece of music."""
        await self._file("audio", content, name, mime)

    async def video(self, content: bytes) -> None:
        """Send a video."""
        await self._file("video", content, "video.mp4", "video/mp4")

    async def video_note(self, content: bytes) -> None:
        """Send a round video."""
        await self._file("video_note", content, "note.mp4", "video/mp4")

    async def sticker(self, content: bytes) -> None:
        """Send a sticker."""
        await self._file("sticker", content, "sticker.webp", "image/webp")

    async def _file(
        self, kind: str, content: bytes, name: str, mime: str | None, to: Group | None = None, **about: Any
    ) -> None:
        found = await asyncio.to_thread(_measured, kind, content)
        stored = methods.put(self.world, kind, content, name, found, mime)
        self._send(to, **{kind: stored.shown}, **about)

    def _send(self, to: Group | None, **content: Any) -> types.Message:
        place = self.world.places[to.chat.id] if to is not None else self.place
        message = self.world.add(place, self.user, **content)
        if to is None or not place.privacy or _is_for_bot(message):
            self.server.updates.add(message=message)
        return message

    # What they press

    async def press(self, label: str, on: types.Message | None = None, **about: Any) -> Query:
        """Press the newest button with that label, or the one of a message as it was shown once."""
        shown = [on] if on is not None else reversed(self.place.from_bot())
        for message in shown:
            for button in buttons_of(message):
                if label in button.text:
                    return self.presses(button.callback_data or "", message)
        raise AssertionError(f"no button {label!r}: {self.transcript()}")

    def presses(self, data: str, message: types.Message) -> Query:
        """Press a button of a message in any chat."""
        query = types.CallbackQuery(
            id=str(10**18 + next(_numbers)),
            from_user=self.user,
            chat_instance=str(message.chat.id),
            message=message,
            data=data,
        )
        pressed = self.world.queries[query.id] = Query(query)
        self.server.updates.add(callback_query=query)
        return pressed

    # What they do with the chat

    def blocks(self, *, also: str = "bot was blocked by the user") -> None:
        """Block the bot."""
        self.place.refusal = Refused(403, f"Forbidden: {also}")
        self._member(types.ChatMemberBanned(user=BOT, until_date=0), types.ChatMemberMember(user=BOT))

    def unblocks(self) -> None:
        """Let the bot write again."""
        self.place.refusal = None
        self._member(types.ChatMemberMember(user=BOT), types.ChatMemberBanned(user=BOT, until_date=0))

    def _member(self, new: Any, old: Any) -> None:
        date = next(reversed(self.place.messages.values())).date
        change = {"chat": self.chat, "from_user": self.user, "date": date}
        self.server.updates.add(
            my_chat_member=types.ChatMemberUpdated(**change, old_chat_member=old, new_chat_member=new)
        )

    # What they see

    async def sees(
        self,
        which: Callable[[types.Message], object],
        seconds: float | None = None,
        *,
        at: Group | None = None,
        what: str = "",
    ) -> types.Message:
        """Wait for a message, as new or edited, that was not seen before; the oldest that fits is taken."""
        place = self.world.places[at.chat.id] if at is not None else self.place
        seconds = seconds or self.patience

        def found() -> types.Message | None:
            for message in place.from_bot():
                key = (place.chat.id, message.message_id, place.revisions[message.message_id])
                if key not in self._seen and which(message):
                    self._seen.add(key)
                    return message
            return None

        try:
            message = await self.world.until(found, seconds, place)
        except TimeoutError:
            raise AssertionError(f"{what or 'it'} did not come in {seconds} s: {self.transcript()}") from None
        assert message is not None
        return message

    async def reads(self, words: str, seconds: float | None = None, at: Group | None = None) -> types.Message:
        """Wait for words in a text or caption."""
        return await self.sees(lambda m: words in said(m), seconds, at=at, what=repr(words))

    async def gets(self, kind: str, seconds: float | None = None) -> types.Message:
        """Wait for a picture, sticker, video ("photo", "sticker", "video_note", "video", ...)."""
        return await self.sees(lambda m: getattr(m, kind), seconds, what=kind)

    async def is_answered(self, query: Query, seconds: float | None = None) -> str:
        """Wait until the button stops turning; gives the words that pop up."""
        answers = await self.server.until(lambda: query.answers, seconds or self.patience)
        return answers[0].text or ""

    def file(self, message: types.Message) -> StoredFile:
        """Get the file of a message."""
        for kind in methods.MEASURE:
            shown = getattr(message, kind)
            if shown:
                return self.world.file((shown[-1] if kind == "photo" else shown).file_id)
        raise AssertionError(f"no file: {said(message)!r}")

    def transcript(self) -> str:
        """Tell what the chat shows."""
        return "\n" + "\n".join(map(line_of, self.place.messages.values()))


def said(message: types.Message) -> str:
    """Give the words of a message."""
    return message.text or message.caption or ""


def buttons_of(message: types.Message) -> list[types.InlineKeyboardButton]:
    """List the buttons under a message."""
    markup = message.reply_markup
    return [button for row in markup.inline_keyboard for button in row] if markup is not None else []


def labels(message: types.Message) -> list[str]:
    """List what stands on the buttons under a message."""
    return [button.text for button in buttons_of(message)]


def line_of(message: types.Message) -> str:
    """Write a message in one line."""
    who = message.from_user.first_name if message.from_user is not None else "?"
    kinds = [kind for kind in methods.MEASURE if getattr(message, kind)]
    words = " ".join([*(f"[{kind}]" for kind in kinds), said(message).replace("\n", " / ")])
    return f"  {message.message_id} {who}: {words} " + " ".join(f"({text})" for text in labels(message))


def entities_of(text: str) -> list[types.MessageEntity]:
    """Mark commands and mentions."""
    marks = [("bot_command", r"(?:^|(?<=\s))/[a-z0-9_]+(?:@\w+)?"), ("mention", r"(?<!\w)@\w+")]
    return [
        types.MessageEntity(type=kind, offset=found.start(), length=len(found[0]))
        for kind, pattern in marks
        for found in re.finditer(pattern, text)
        if kind != "mention" or "/" not in text[: found.start()].rpartition(" ")[2]
    ]


def _measured(kind: str, content: bytes) -> media.Measured:
    """Measure what somebody sends; apps send anything, so what cannot be read has no size."""
    if kind in ("document", "sticker"):
        return media.Measured(512, 512)
    try:
        return media.photo(content) if kind == "photo" else _played(content)
    except Refused:
        return media.Measured(1, 1)


def _played(content: bytes) -> media.Measured:
    with media.opened(content, "sound or video") as container:
        pictures, seconds = container.streams.video, (container.duration or 0) / 1_000_000
        sides = (pictures[0].width, pictures[0].height) if pictures else (0, 0)
    return media.Measured(*sides, seconds)


def _is_for_bot(message: types.Message) -> bool:
    """Say whether a bot with privacy gets a message of a group: commands, and replies to the bot."""
    reply = message.reply_to_message
    if reply is not None and reply.from_user is not None and reply.from_user.id == BOT.id:
        return True
    text = message.text or ""
    commands = [
        text[e.offset : e.offset + e.length] for e in message.entities or [] if e.type == "bot_command"
    ]
    return any(c.endswith(f"@{BOT.username}") or "@" not in c for c in commands)
