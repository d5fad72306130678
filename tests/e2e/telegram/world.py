"""What a Telegram server knows: people, chats, messages, files. The answers are aiogram's types."""

import asyncio
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiogram import methods, types

BOT = types.User(
    id=7_000_000_001,
    is_bot=True,
    first_name="MyTalkCon",
    username="mytalkcon_test_bot",
    can_join_groups=True,
    can_read_all_group_messages=False,
    supports_inline_queries=False,
)
TOKEN = f"{BOT.id}:AAF-test-token-of-nobody_0123456789abc"

Found = TypeVar("Found")


class Refused(Exception):
    """The server's answer that is no result.

    Attributes
    ----------
    beyond : the request broke one of Telegram's rules (which its sender could have known)
    """

    def __init__(self, status: int, description: str, *, beyond: bool = False, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.beyond, self.parameters = status, description, beyond, parameters


def wrong(description: str) -> Refused:
    """Refuse what breaks a rule."""
    return Refused(400, f"Bad Request: {description}", beyond=True)


@dataclass(frozen=True)
class StoredFile:
    """A file on the server. `shown`: what stands in a message's field `kind`."""

    file_id: str
    kind: str  # photo, sticker, video_note, video, animation, document, voice, audio
    content: bytes
    path: str
    shown: Any

    @property
    def unique_id(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]


@dataclass
class Place:
    """A chat and what was said there; `messages` in order, as they are now."""

    chat: types.Chat
    messages: dict[int, types.Message] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)  # edits of a message
    deleted: list[types.Message] = field(default_factory=list)
    refusal: Refused | None = None  # blocked, kicked, deleted
    privacy: bool = True  # of the bot in a group
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def from_bot(self) -> list[types.Message]:
        """Messages of the bot that are still there."""
        return [m for m in self.messages.values() if m.from_user is not None and m.from_user.is_bot]


@dataclass
class Query:
    """A pressed button, and what the bot answered to it."""

    query: types.CallbackQuery
    answers: list[methods.AnswerCallbackQuery] = field(default_factory=list)


class World:
    """Everything, and a bell that rings whenever something changes."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, Query] = {}
        self.commands: dict[tuple[str, str], list[types.BotCommand]] = {}
        self.texts: dict[tuple[str, str], str] = {}  # name, description, short description by language
        self.actions: list[tuple[int, str]] = []  # chat, what it says the bot does
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()

    def ring(self, place: Place | None = None) -> None:
        """Say that something has changed, in a chat if one is named."""
        self._changed.set()
        if place is not None:
            place.changed.set()

    async def until(self, ready: Callable[[], Found], seconds: float, place: Place | None = None) -> Found:
        """Wait until `ready`, which may be about one chat only, gives something; gives that."""
        changed = place.changed if place is not None else self._changed
        async with asyncio.timeout(seconds):
            while not (found := ready()):
                changed.clear()
                await changed.wait()
        return found

    def place(self, chat_id: int | str) -> Place:
        """Find the chat that the bot writes to."""
        place = self.places.get(chat_id) if isinstance(chat_id, int) else None
        if place is None:
            raise Refused(400, "Bad Request: chat not found")
        if place.refusal is not None:
            raise place.refusal
        return place

    def add(self, place: Place, sender: types.User, **content: Any) -> types.Message:
        """Put a new message into a chat."""
        message = types.Message(
            message_id=next(self._numbers),
            date=datetime.now(UTC),
            chat=place.chat,
            from_user=sender,
            **content,
        )
        place.messages[message.message_id] = message
        place.revisions[message.message_id] = 0
        self.ring(place)
        return message

    def change(self, place: Place, message: types.Message, **content: Any) -> types.Message:
        """Edit a message."""
        edited = message.model_copy(update=content | {"edit_date": round(datetime.now(UTC).timestamp())})
        place.messages[message.message_id] = edited
        place.revisions[message.message_id] += 1
        self.ring(place)
        return edited

    def remove(self, place: Place, message_id: int) -> None:
        """Delete a message."""
        place.deleted.append(place.messages.pop(message_id))
        self.ring(place)

    def new_file_ids(self, kind: str, content: bytes) -> dict[str, Any]:
        """Make up what a new file is called."""
        unique = hashlib.sha256(content).hexdigest()[:16]
        return {
            "file_id": f"{kind.upper()}-{next(self._numbers):06d}-{unique}-{'x' * 40}",
            "file_unique_id": unique,
            "file_size": len(content),
        }

    def keep(self, kind: str, content: bytes, shown: Any, file_id: str, suffix: str) -> StoredFile:
        """Keep a file under its id."""
        stored = StoredFile(file_id, kind, content, f"{kind}s/file_{len(self.files)}{suffix}", shown)
        self.files[file_id] = stored
        return stored

    def file(self, file_id: str) -> StoredFile:
        """Find a file by its id."""
        if file_id not in self.files:
            raise wrong("wrong file identifier/HTTP URL specified")
        return self.files[file_id]
