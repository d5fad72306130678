"""Files that people send: what they are, and how they are fetched."""

import logging
import mimetypes
from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.dialogue.events import CommandGiven, PhotoReceived, Sent, Unreadable, VoiceReceived
from bot.dialogue.replies import say
from bot.dialogue.typed import event_of_words
from bot.frontends.discord.names import name_in_dialogue
from bot.uploads import UPLOAD_BYTES, CannotLoad, Load

PICTURES = (".heic", ".heif", ".webp", ".avif")  # not everywhere known by their names

log = logging.getLogger(__name__)

SaidByMessage = Sequence[tuple[Sent, tuple[Load, ...]]]
"""What a message means, each with its files: photos that were sent together are one."""


def said_by(message: discord.Message) -> SaidByMessage:
    """Say what a direct message means: each of its files, else its words."""
    if message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return []
    if message.attachments:
        return _files(message.attachments)
    text = message.content.strip()
    return [(_words(text) if text else Unreadable(), ())]


def _files(attachments: Sequence[discord.Attachment]) -> SaidByMessage:
    """Take each file; the photos as one, in the place of the first."""
    events = [(event_of(attachment), load_from(attachment)) for attachment in attachments]
    photos = tuple(load for event, load in events if isinstance(event, PhotoReceived))
    said: list[tuple[Sent, tuple[Load, ...]]] = []
    for event, load in events:
        if not isinstance(event, PhotoReceived):
            said.append((event, (load,)))
        elif load is photos[0]:
            said.append((event, photos))
    return said


def _words(text: str) -> Sent:
    """Read words, and commands by the names that they have here."""
    event = event_of_words(text)
    if isinstance(event, CommandGiven):
        return replace(event, name=name_in_dialogue(event.name))
    return event


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
