"""What the server does for each method of the Bot API that this bot may use."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiogram import methods, types
from aiogram.enums import ChatAction

from tests.e2e.telegram import media
from tests.e2e.telegram.limits import CAPTION, TEXT, TOAST, check_keyboard, check_text
from tests.e2e.telegram.updates import Updates
from tests.e2e.telegram.world import BOT, Place, Query, Refused, StoredFile, World, wrong

DOWNLOAD_BYTES = 20 * 1024 * 1024
UPLOAD_BYTES = 50 * 1024 * 1024
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a"
    " current content and reply markup of the message"
)
MEASURE: Mapping[str, Callable[[bytes], media.Measured]] = {
    "photo": media.photo,
    "sticker": media.sticker,
    "video": media.video,
    "video_note": media.video_note,
    "animation": media.animation,
    "voice": media.sound,
    "audio": media.sound,
    "document": lambda content: media.Measured(0, 0),
}
SUFFIX = {"photo": ".jpg", "sticker": ".webp", "voice": ".oga", "audio": ".mp3", "document": ""}
MENU = {"name": 64, "description": 512, "short_description": 120}  # characters


async def stored(world: World, kind: str, given: str | types.InputFile) -> StoredFile:
    """Take an uploaded file, or find the one that a file id names."""
    if isinstance(given, str):
        found = world.file(given)
        if found.kind != kind:
            raise wrong(f"can't use file of type {found.kind} as {kind}")
        return found
    if not isinstance(given, types.BufferedInputFile):
        raise TypeError(given)
    return await keep(world, kind, given.data, given.filename or "file")


async def keep(world: World, kind: str, content: bytes, name: str, mime: str | None = None) -> StoredFile:
    """Put a file of a message on the server."""
    if not content:
        raise wrong("file must be non-empty")
    if len(content) > UPLOAD_BYTES:
        raise Refused(413, "Request Entity Too Large", beyond=True)
    found = await asyncio.to_thread(MEASURE[kind], content)
    return put(world, kind, content, name, found, mime)


def put(
    world: World, kind: str, content: bytes, name: str, found: media.Measured, mime: str | None = None
) -> StoredFile:
    """Keep a measured file, and describe it by its type."""
    about = world.new_file_ids(kind, content)
    sides, seconds = {"width": found.width, "height": found.height}, {"duration": round(found.seconds)}
    shown: Any
    match kind:
        case "photo":
            small = min(1.0, 320 / max(found.width, found.height))
            reduced = {"width": round(found.width * small), "height": round(found.height * small)}
            less = world.new_file_ids(kind, content + b"small")
            shown = [types.PhotoSize(**less, **reduced), types.PhotoSize(**about, **sides)]
            world.keep(kind, content, shown, less["file_id"], ".jpg")
        case "sticker":
            moving = {"is_video": found.moving, "is_animated": False}
            shown = types.Sticker(**about, **sides, **moving, type="regular")
        case "video_note":
            shown = types.VideoNote(**about, **seconds, length=found.width)
        case "video":
            shown = types.Video(**about, **sides, **seconds, mime_type=mime or "video/mp4", file_name=name)
        case "animation":
            shown = types.Animation(**about, **sides, **seconds, mime_type="video/mp4", file_name=name)
        case "voice":
            shown = types.Voice(**about, **seconds, mime_type=mime or "audio/ogg")
        case "audio":
            shown = types.Audio(**about, **seconds, mime_type=mime or "audio/mpeg", file_name=name)
        case _:
            shown = types.Document(**about, mime_type=mime, file_name=name)
    return world.keep(kind, content, shown, about["file_id"], SUFFIX.get(kind, ".mp4"))


class Answers:
    """The methods. Each takes its aiogram model and gives its aiogram result."""

    def __init__(self, world: World, updates: Updates) -> None:
        self.world, self.updates = world, updates
        self.known: Mapping[type[Any], Callable[[Any], Awaitable[Any]]] = {
            methods.SendMessage: self.send_message,
            methods.SendPhoto: lambda call: self.send_file("photo", call),
            methods.SendSticker: lambda call: self.send_file("sticker", call),
            methods.SendVideo: lambda call: self.send_file("video", call),
            methods.SendVideoNote: lambda call: self.send_file("video_note", call),
            methods.SendAnimation: lambda call: self.send_file("animation", call),
            methods.SendVoice: lambda call: self.send_file("voice", call),
            methods.SendAudio: lambda call: self.send_file("audio", call),
            methods.SendDocument: lambda call: self.send_file("document", call),
            methods.EditMessageText: self.edit_text,
            methods.EditMessageCaption: self.edit_caption,
            methods.EditMessageReplyMarkup: self.edit_markup,
            methods.DeleteMessage: self.delete,
            methods.DeleteMessages: self.delete_many,
            methods.AnswerCallbackQuery: self.answer_query,
            methods.SendChatAction: self.chat_action,
            methods.GetFile: self.get_file,
            methods.GetMe: self.get_me,
            methods.GetUpdates: updates.get,
            methods.SetWebhook: self.set_webhook,
            methods.DeleteWebhook: self.delete_webhook,
            methods.GetWebhookInfo: self.webhook_info,
            methods.SetMyCommands: self.set_commands,
            methods.GetMyCommands: self.get_commands,
            methods.DeleteMyCommands: self.delete_commands,
            methods.SetMyName: lambda call: self.set_menu("name", call),
            methods.SetMyDescription: lambda call: self.set_menu("description", call),
            methods.SetMyShortDescription: lambda call: self.set_menu("short_description", call),
            methods.GetChat: self.get_chat,
        }

    async def send_message(self, call: methods.SendMessage) -> types.Message:
        """Put a text into a chat."""
        place = self.world.place(call.chat_id)
        check_text(call.text, call.parse_mode, TEXT, "message")
        return self._add(place, call, text=call.text)

    async def send_file(self, kind: str, call: Any) -> types.Message:
        """Put a message with a file into a chat."""
        place = self.world.place(call.chat_id)
        caption = getattr(call, "caption", None)
        check_text(caption, getattr(call, "parse_mode", None), CAPTION, "message caption")
        check_keyboard(call.reply_markup)
        if isinstance(small := getattr(call, "thumbnail", None), types.BufferedInputFile):
            media.thumbnail(small.data)
        file = await stored(self.world, kind, getattr(call, kind))
        for side in ("width", "height", "length"):
            told, is_really = getattr(call, side, None), getattr(file.shown, side, None)
            if told is not None and told != is_really:
                raise wrong(f"{side} is {is_really}, not {told}")
        return self._add(place, call, **{kind: file.shown, "caption": caption})

    def _add(self, place: Place, call: Any, **content: Any) -> types.Message:
        """Put a message of the bot into a chat."""
        markup = check_keyboard(call.reply_markup)
        reply = call.reply_parameters
        to = place.messages.get(reply.message_id) if reply is not None else None
        if reply is not None and to is None and not reply.allow_sending_without_reply:
            raise Refused(400, "Bad Request: message to be replied not found")
        return self.world.add(place, BOT, reply_markup=markup, reply_to_message=to, **content)

    def _own(self, call: Any, what: str) -> tuple[Place, types.Message]:
        """Find the bot's message that is to be changed."""
        if call.chat_id is None or call.message_id is None:
            raise wrong("message identifier is not specified")
        place = self.world.place(call.chat_id)
        message = place.messages.get(call.message_id)
        if message is None:
            raise Refused(400, f"Bad Request: message to {what} not found")
        if message.from_user is None or message.from_user.id != BOT.id:
            raise wrong(f"message can't be {what}ed")
        return place, message

    async def edit_text(self, call: methods.EditMessageText) -> types.Message:
        """Change a text, and its buttons: those that are not sent again go."""
        check_text(call.text, call.parse_mode, TEXT, "message")
        markup = check_keyboard(call.reply_markup)
        place, message = self._own(call, "edit")
        if message.text is None:
            raise wrong("there is no text in the message to edit")
        return self._change(place, message, text=call.text, reply_markup=markup)

    async def edit_caption(self, call: methods.EditMessageCaption) -> types.Message:
        """Change a caption and its buttons."""
        check_text(call.caption, call.parse_mode, CAPTION, "message caption")
        markup = check_keyboard(call.reply_markup)
        place, message = self._own(call, "edit")
        if message.text is not None or message.sticker or message.video_note:
            raise wrong("there is no caption in the message to edit")
        return self._change(place, message, caption=call.caption, reply_markup=markup)

    async def edit_markup(self, call: methods.EditMessageReplyMarkup) -> types.Message:
        """Change buttons."""
        markup = check_keyboard(call.reply_markup)
        place, message = self._own(call, "edit")
        return self._change(place, message, reply_markup=markup)

    def _change(self, place: Place, message: types.Message, **content: Any) -> types.Message:
        if all(getattr(message, name) == value for name, value in content.items()):
            raise Refused(400, f"Bad Request: {SAME}")
        return self.world.change(place, message, **content)

    async def delete(self, call: methods.DeleteMessage) -> bool:
        """Delete a message."""
        place = self.world.place(call.chat_id)
        if call.message_id not in place.messages:
            raise Refused(400, "Bad Request: message to delete not found")
        self.world.remove(place, call.message_id)
        return True

    async def delete_many(self, call: methods.DeleteMessages) -> bool:
        """Delete messages; those that are gone are passed over."""
        place = self.world.place(call.chat_id)
        if not 1 <= len(call.message_ids) <= 100:
            raise wrong("1 to 100 messages can be deleted at once")
        for number in call.message_ids:
            if number in place.messages:
                self.world.remove(place, number)
        return True

    async def answer_query(self, call: methods.AnswerCallbackQuery) -> bool:
        """Take the answer to a pressed button."""
        query: Query | None = self.world.queries.get(call.callback_query_id)
        if query is None:
            words = "query is too old and response timeout expired or query ID is invalid"
            raise Refused(400, f"Bad Request: {words}")
        check_text(call.text, None, TOAST, "MESSAGE_TOO_LONG: answer")
        query.answers.append(call)
        self.world.ring()
        return True

    async def chat_action(self, call: methods.SendChatAction) -> bool:
        """Show what the bot does."""
        place = self.world.place(call.chat_id)
        if call.action not in {action.value for action in ChatAction}:
            raise wrong(f"wrong parameter action in request: {call.action}")
        self.world.actions.append((place.chat.id, call.action))
        self.world.ring()
        return True

    async def get_file(self, call: methods.GetFile) -> types.File:
        """Say where a file can be fetched."""
        if call.file_id not in self.world.files:
            raise wrong("invalid file_id")
        file = self.world.files[call.file_id]
        if len(file.content) > DOWNLOAD_BYTES:
            raise Refused(400, "Bad Request: file is too big")
        about = {"file_unique_id": file.unique_id, "file_size": len(file.content)}
        return types.File(file_id=file.file_id, file_path=file.path, **about)

    async def get_me(self, call: methods.GetMe) -> types.User:
        """Say who the bot is."""
        return BOT

    async def set_webhook(self, call: methods.SetWebhook) -> bool:
        """Take a webhook."""
        return self.updates.set_hook(call)

    async def delete_webhook(self, call: methods.DeleteWebhook) -> bool:
        """Forget the webhook."""
        return self.updates.delete_hook(drop=bool(call.drop_pending_updates))

    async def webhook_info(self, call: methods.GetWebhookInfo) -> types.WebhookInfo:
        """Say how the webhook is set."""
        return self.updates.hook_info()

    async def set_commands(self, call: methods.SetMyCommands) -> bool:
        """Keep the bot's menu."""
        if len(call.commands) > 100:
            raise wrong("BOT_COMMANDS_TOO_MUCH")
        for command in call.commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command.command):
                raise wrong(f"BOT_COMMAND_INVALID: {command.command}")
            if not 1 <= len(command.description) <= 256:
                raise wrong(f"BOT_COMMAND_DESCRIPTION_INVALID: {command.description}")
        self.world.commands[self._menu(call)] = call.commands
        self.world.ring()
        return True

    async def get_commands(self, call: methods.GetMyCommands) -> list[types.BotCommand]:
        """Give the bot's menu."""
        return self.world.commands.get(self._menu(call), [])

    async def delete_commands(self, call: methods.DeleteMyCommands) -> bool:
        """Forget the bot's menu."""
        self.world.commands.pop(self._menu(call), None)
        return True

    def _menu(self, call: Any) -> tuple[str, str]:
        return (call.scope.type if call.scope else "default", call.language_code or "")

    async def set_menu(self, what: str, call: Any) -> bool:
        """Keep the bot's name or description."""
        text = getattr(call, what) or ""
        if len(text) > MENU[what]:
            raise wrong(f"{what} is too long: {len(text)} of {MENU[what]}")
        self.world.texts[what, call.language_code or ""] = text
        return True

    async def get_chat(self, call: methods.GetChat) -> types.ChatFullInfo:
        """Describe a chat."""
        chat = self.world.place(call.chat_id).chat
        about = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": None}
        return types.ChatFullInfo.model_construct(**chat.model_dump(exclude_none=True), **about)
