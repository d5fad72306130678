"""Updates read: who did what where, as an event of the dialogue; what is not meant for the bot is nothing.

In a group the bot takes only what calls it: a command, a mention, a reply to it.
"""

from dataclasses import dataclass

from telegram import CallbackQuery, Chat, Message, MessageEntity, Update, User

from bot.dialogue import typed
from bot.dialogue.buttons import event_of
from bot.dialogue.events import (
    PhotoReceived,
    Sent,
    TextReceived,
    Unreadable,
    VoiceReceived,
)
from bot.frontends.telegram.address import Address
from bot.frontends.telegram.menu import COMMANDS
from bot.service import Who

PLATFORM = "telegram"
PICTURES = ("jpg", "jpeg", "png", "webp", "heic", "heif", "bmp", "gif", "tif", "tiff", "avif")
SOUNDS = ("ogg", "oga", "opus", "mp3", "m4a", "aac", "wav", "flac", "amr", "caf", "mp4", "mov", "webm", "mkv")


@dataclass(frozen=True)
class Me:
    """What Telegram calls this bot."""

    id: int
    username: str

    @property
    def link(self) -> str:
        """Link that opens a private chat with the bot."""
        return f"https://t.me/{self.username}?start=group"


@dataclass(frozen=True)
class FileSent:
    """A file on Telegram's side; `size` in bytes, as far as Telegram says it."""

    file_id: str
    size: int


@dataclass(frozen=True)
class Received:
    """Something that was meant for the bot.

    Attributes
    ----------
    event_id : the update's id
    file : photo or voice
    message_id : of the message, to answer it
    query_id : of the pressed button
    album : photos that were sent together share it
    argument : what was typed after a command
    """

    who: Who
    address: Address
    event: Sent
    event_id: str
    file: FileSent | None = None
    message_id: int | None = None
    query_id: str | None = None
    album: str | None = None
    argument: str = ""


def read(update: Update, me: Me) -> Received | None:
    """Read an update; None: it is nothing for the bot."""
    if update.callback_query is not None:
        return _pressed(update, update.callback_query)
    message = update.message
    if message is None or message.from_user is None or message.from_user.is_bot:
        return None
    if message.chat.type not in (Chat.PRIVATE, Chat.GROUP, Chat.SUPERGROUP):
        return None
    source = message
    if message.chat.type != Chat.PRIVATE:
        if not _calls(message, me):
            return None
        source = _own_voice(message) or message
    event, file = _event(source, me)
    if event is None:
        return None
    address = Address.of(message)
    return Received(
        who_of(message.from_user, address),
        address,
        event,
        str(update.update_id),
        file,
        message.message_id,
        album=message.media_group_id if isinstance(event, PhotoReceived) else None,
        argument=_argument(message),
    )


def who_of(user: User, address: Address) -> Who:
    """Name somebody for the service."""
    return Who(PLATFORM, str(user.id), str(address), user.language_code)


def _pressed(update: Update, query: CallbackQuery) -> Received | None:
    message = query.message
    if message is None or query.data is None:
        return None
    address = Address.of(message) if isinstance(message, Message) else Address(message.chat.id)
    event = event_of(query.data)
    return Received(
        who_of(query.from_user, address), address, event, str(update.update_id), query_id=query.id
    )


def _calls(message: Message, me: Me) -> bool:
    """Say whether a message in a group is meant for the bot."""
    answered = message.reply_to_message
    if answered is not None and answered.from_user is not None and answered.from_user.id == me.id:
        return True
    if any(name.lower() == f"@{me.username.lower()}" for name in _entities(message, MessageEntity.MENTION)):
        return True
    command, meant_for = _command(message)
    return command in COMMANDS if meant_for is None else meant_for == me.username.lower()


def _own_voice(message: Message) -> Message | None:
    """Give the voice that somebody points to, if it is their own."""
    pointed = message.reply_to_message
    if pointed is None or pointed.from_user != message.from_user or _command(message)[0] is not None:
        return None
    return pointed if pointed.voice or pointed.video_note or pointed.audio else None


def _event(  # noqa: PLR0911 one case a kind of message
    message: Message, me: Me
) -> tuple[Sent | None, FileSent | None]:
    """Say what a message is; None for what Telegram itself says in a chat (somebody joined, a pin)."""
    if message.photo:
        return PhotoReceived(), _file(message.photo[-1])
    if (sound := message.voice or message.audio or message.video_note or message.video) is not None:
        return VoiceReceived(), _file(sound)
    if message.document is not None and message.animation is None:
        return _document(message)
    command, meant_for = _command(message)
    if command is not None:
        if meant_for not in (None, me.username.lower()):
            return None, None
        return typed.command(command, _argument(message)), None
    if message.text is not None:
        return TextReceived(message.text), None
    return (Unreadable() if message.effective_attachment is not None else None), None


def _document(message: Message) -> tuple[Sent, FileSent | None]:
    """Take a file by what it is said to be; the engine looks at what it really is."""
    document = message.document
    if document is None:
        raise TypeError("no document")
    kind = document.mime_type or ""
    ending = (document.file_name or "").lower().rpartition(".")[2]
    if kind.startswith("image/") or ending in PICTURES:
        return PhotoReceived(), _file(document)
    if kind.startswith(("audio/", "video/")) or kind == "application/ogg" or ending in SOUNDS:
        return VoiceReceived(), _file(document)
    return Unreadable(), None


def _file(sent: object) -> FileSent:
    return FileSent(str(getattr(sent, "file_id")), int(getattr(sent, "file_size", None) or 0))  # noqa: B009


def _command(message: Message) -> tuple[str | None, str | None]:
    """Read "/name@bot": the name, and the bot that it is for, if it says one; both in small letters."""
    text = message.text or ""
    if not text.startswith("/"):
        return None, None
    name, _, meant_for = text.split(maxsplit=1)[0][1:].lower().partition("@")
    return name, meant_for or None


def _argument(message: Message) -> str:
    """Read what stands after a command."""
    words = (message.text or "").split(maxsplit=1)
    return words[1].strip() if len(words) > 1 and words[0].startswith("/") else ""


def _entities(message: Message, kind: str) -> list[str]:
    found = message.parse_entities([kind]) if message.text else message.parse_caption_entities([kind])
    return list(found.values())
