"""Replies as Telegram's messages: which method shows which file, and what a message's file is called there.

Answers of the conversation are tried again after any network error: one that comes twice does no harm, one
that is missing leaves somebody waiting. Results are the courier's: it tries again only what surely did not
arrive.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputFile, Message, ReplyParameters
from telegram.constants import MessageLimit
from telegram.error import ChatMigrated, TelegramError
from telegram.ext import ExtBot

from bot.dialogue import Button, Reply
from bot.dialogue.replies import Media
from bot.frontend import Shown
from bot.frontends.telegram.address import Address
from bot.frontends.telegram.limiter import Urgency
from bot.frontends.telegram.trouble import persist, says
from engine.media.video import Extent, extent

MEDIA_READ_SECONDS = 120.0  # for Telegram to look at an upload

Bot = ExtBot[Urgency]
File = InputFile | str


class Sender:
    """Sends replies."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def answer(
        self, address: Address, reply: Reply, content: bytes | None = None, to: int | None = None
    ) -> Shown:
        """Send an answer of the conversation; `to`: the message that it answers, shown above it."""
        return await self.send(address, reply, content, Urgency.ANSWER, to)

    async def send(
        self, address: Address, reply: Reply, content: bytes | None, urgency: Urgency, to: int | None = None
    ) -> Shown:
        """Send a reply; `content` are the bytes of its file unless it has a file id.

        Raises
        ------
        TelegramError
        """
        try:
            return await _Message(self._bot, address, reply, urgency, to).send(content)
        except ChatMigrated as moved:
            there = Address(moved.new_chat_id)
            return await _Message(self._bot, there, reply, urgency, to).send(content)


class _Message:
    """One reply on its way."""

    def __init__(self, bot: Bot, address: Address, reply: Reply, urgency: Urgency, to: int | None) -> None:
        self._bot = bot
        self._reply = reply
        self._urgency = urgency
        self._chat = address.chat
        self._topic = address.topic
        self._quoting = ReplyParameters(to, allow_sending_without_reply=True) if to is not None else None

    async def send(self, content: bytes | None) -> Shown:
        media = self._reply.media
        file = _file_of(media, content) if media is not None else None
        if media is None or file is None:  # a file that is gone: the words are still worth showing
            return _shown(await self._text(self._reply.text, self._reply.buttons))
        match media.name.rpartition(".")[2], media.name:
            case "jpg", _:
                return _shown(await self._photo(file))
            case _, "note.mp4":
                return await self._with_words_after(await self._note(file, content))
            case "mp4", _:
                return _shown(await self._video(file, content))
            case "webp" | "webm", _:
                return await self._sticker(file)
        raise ValueError(f"Telegram shows no {media.name}")

    async def _call(
        self, method: Callable[..., Awaitable[Message]], *given: object, **about: object
    ) -> Message:
        """Send one message; a part of an answer that has arrived is not sent again because of the next."""

        def call() -> Awaitable[Message]:
            return method(
                self._chat,
                *given,
                message_thread_id=self._topic,
                reply_parameters=self._quoting,
                rate_limit_args=self._urgency,
                **about,
            )

        return await (persist(call) if self._urgency is Urgency.ANSWER else call())

    async def _with_words_after(self, message: Message) -> Shown:
        """Send the words of a file that carries none."""
        if not self._reply.text:
            return _shown(message)
        shown = _shown(message)
        return replace(_shown(await self._text(self._reply.text, self._reply.buttons)), file_id=shown.file_id)

    async def _text(self, text: str, buttons: tuple[tuple[Button, ...], ...]) -> Message:
        return await self._call(
            self._bot.send_message,
            text[: MessageLimit.MAX_TEXT_LENGTH],
            reply_markup=keyboard(buttons),
        )

    async def _photo(self, file: File) -> Message:
        return await self._call(
            self._bot.send_photo,
            file,
            caption=self._caption,
            reply_markup=keyboard(self._reply.buttons),
            read_timeout=MEDIA_READ_SECONDS,
        )

    async def _video(self, file: File, content: bytes | None) -> Message:
        size = await _extent(content)
        return await self._call(
            self._bot.send_video,
            file,
            caption=self._caption,
            width=size and size.width,
            height=size and size.height,
            duration=size and round(size.seconds),
            supports_streaming=True,
            reply_markup=keyboard(self._reply.buttons),
            read_timeout=MEDIA_READ_SECONDS,
        )

    async def _note(self, file: File, content: bytes | None) -> Message:
        """Send a round video, or a square one to whoever lets nobody send them round ones."""
        size = await _extent(content)
        try:
            return await self._call(
                self._bot.send_video_note,
                file,
                length=size and size.width,
                duration=size and round(size.seconds),
                reply_markup=self._own_keyboard,
                read_timeout=MEDIA_READ_SECONDS,
            )
        except TelegramError as error:
            if content is None or not says(error, "voice_messages_forbidden", "video_messages_forbidden"):
                raise
            return await self._video(InputFile(content, filename="note.mp4"), content)

    async def _sticker(self, file: File) -> Shown:
        """Send a sticker. It carries no words: they stand on a button above the others, which does what the
        first of them does, so that a gallery has one message a character."""
        rows = self._reply.buttons
        if self._reply.text and rows:
            rows = ((Button(self._reply.text, rows[0][0].data),), *rows)
        message = await self._call(
            self._bot.send_sticker, file, reply_markup=keyboard(rows), read_timeout=MEDIA_READ_SECONDS
        )
        return _shown(message) if rows else await self._with_words_after(message)

    @property
    def _caption(self) -> str | None:
        return self._reply.text[: MessageLimit.CAPTION_LENGTH] or None

    @property
    def _own_keyboard(self) -> InlineKeyboardMarkup | None:
        """Buttons of a file without words; else they come with the words."""
        return None if self._reply.text else keyboard(self._reply.buttons)


def keyboard(buttons: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    """Write rows of buttons; a button whose data is a link opens it."""
    if not buttons:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in buttons])


def _button(button: Button) -> InlineKeyboardButton:
    if button.data.startswith("https://"):
        return InlineKeyboardButton(button.label, url=button.data)
    return InlineKeyboardButton(button.label, callback_data=button.data)


def _file_of(media: Media, content: bytes | None) -> File | None:
    """Name a file that Telegram has, or give it one; the name tells Telegram what it is."""
    if content is not None:
        return InputFile(content, filename=media.name)
    return media.file_id


async def _extent(content: bytes | None) -> Extent | None:
    """Measure a video that is uploaded: some apps show neither its length nor its shape by themselves."""
    return await asyncio.to_thread(extent, content) if content is not None else None


def _shown(message: Message) -> Shown:
    """Note what Telegram calls a message and its file."""
    photo = message.photo[-1] if message.photo else None
    file = photo or message.sticker or message.video_note or message.video
    return Shown(str(message.message_id), file.file_id if file is not None else None)
