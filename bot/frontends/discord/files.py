"""Files that people send: what they are, and how they are fetched."""

import logging
import mimetypes

import discord

from bot.dialogue.events import CommandGiven, PhotoReceived, Sent, TextReceived, Unreadable, VoiceReceived
from bot.dialogue.replies import say
from bot.service import UPLOAD_BYTES, CannotLoad, Load

PICTURES = (".heic", ".heif", ".webp", ".avif")  # not everywhere known by their names
OUR_NAMES = {"gallery": "characters"}  # a command's name on Discord, and in the dialogue

log = logging.getLogger(__name__)

SaidByMessage = list[tuple[Sent, Load | None]]


def said_by(message: discord.Message) -> SaidByMessage:
    """Say what a direct message means: each of its files, else its words."""
    if message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return []
    if message.attachments:
        return [(event_of(attachment), load_from(attachment)) for attachment in message.attachments]
    text = message.content.strip()
    if not text:
        return [(Unreadable(), None)]
    return [(command(text) if text.startswith("/") else TextReceived(text), None)]


def command(text: str) -> CommandGiven:
    """Read a command that was typed as words."""
    name = (text[1:].split() or [""])[0].lower()
    return CommandGiven(OUR_NAMES.get(name, name))


def event_of(attachment: discord.Attachment) -> Sent:
    """Say what a file is, by what Discord and its name tell; the engine looks at the bytes."""
    kind = attachment.content_type or mimetypes.guess_type(attachment.filename)[0] or ""
    if kind.startswith("image/") or attachment.filename.lower().endswith(PICTURES):
        return PhotoReceived()
    if attachment.is_voice_message() or kind.startswith(("audio/", "video/")):
        return VoiceReceived()
    return Unreadable()


def load_from(attachment: discord.Attachment) -> Load:
    """Fetch a file when it is asked for; one that is too large not at all, one that was deleted no more."""

    async def load() -> bytes:
        if attachment.size > UPLOAD_BYTES:
            raise CannotLoad(say("file-too-large", megabytes=UPLOAD_BYTES // 1_000_000))
        try:
            return await attachment.read()
        except discord.NotFound as error:
            raise CannotLoad(say("input-gone")) from error

    return load
