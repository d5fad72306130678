"""The server itself, tried by a bare python-telegram-bot: it takes what Telegram takes and nothing else."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import aiohttp.web
import pytest
import telegram
from PIL import Image
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application, CallbackQueryHandler, MessageHandler, filters

from bot.frontends.telegram.limiter import seconds_of
from tests.e2e.telegram import faults
from tests.e2e.telegram.person import Group, Person
from tests.e2e.telegram.server import Server, serving
from tests.e2e.telegram.world import BOT, TOKEN


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@asynccontextmanager
async def bot_of(server: Server, token: str = TOKEN) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(token, f"{server.address}/bot", f"{server.address}/file/bot") as bot:
        yield bot


def picture(kind: str = "WEBP", size: tuple[int, int] = (512, 512)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB" if kind == "JPEG" else "RGBA", size, "orange").save(target, kind)
    return target.getvalue()


async def test_a_real_bot_answers_real_updates(server: Server):
    """Polling: a text, a photo, a pressed button; files go up and down; nothing is beyond the limits."""
    builder = Application.builder().token(TOKEN)
    builder = builder.base_url(f"{server.address}/bot").base_file_url(f"{server.address}/file/bot")
    application = builder.build()
    fetched: list[bytes] = []

    async def text(update: telegram.Update, context: object) -> None:
        keys = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Yes", callback_data="y")]])
        assert update.message is not None
        await update.message.reply_text("<b>Hello</b> &amp; welcome", parse_mode="HTML", reply_markup=keys)

    async def photo(update: telegram.Update, context: object) -> None:
        assert update.message is not None
        file = await update.message.photo[-1].get_file()
        fetched.append(bytes(await file.download_as_bytearray()))
        sent = await update.message.reply_sticker(picture())
        assert sent.sticker is not None
        await update.message.reply_sticker(sent.sticker.file_id)

    async def press(update: telegram.Update, context: object) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("Good")
        await update.callback_query.edit_message_text("Thank you")

    application.add_handler(MessageHandler(filters.TEXT, text))
    application.add_handler(MessageHandler(filters.PHOTO, photo))
    application.add_handler(CallbackQueryHandler(press))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling()
        ada = Person(server)
        await ada.says("/start hello")
        question = await ada.reads("Hello")
        query = await ada.press("Yes")
        assert await ada.is_answered(query) == "Good"
        edited = await ada.reads("Thank you")
        assert (edited.message_id, edited.reply_markup) == (question.message_id, None)
        server.flood.chats.clear()
        await ada.photo(picture("JPEG", (2000, 1000)))
        first, second = await ada.gets("sticker"), await ada.gets("sticker")
        assert first.sticker == second.sticker
        assert ada.file(first).content == picture()
        assert Image.open(io.BytesIO(fetched[0])).size == (1280, 640)
        await server.until(server.updates.all_taken)
        await application.updater.stop()
        await application.stop()
    server.assert_within_limits()


async def test_what_telegram_refuses_is_refused(server: Server):
    ada = Person(server)
    chat = ada.chat.id

    def keys(data: str) -> telegram.InlineKeyboardMarkup:
        return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("x", callback_data=data)]])

    async with bot_of(server) as bot:
        mine = await bot.send_message(chat, "one", reply_markup=keys("가" * 21))
        for beyond in (
            lambda: bot.send_message(chat, "x" * 4_097),
            lambda: bot.send_message(chat, "two", reply_markup=keys("가" * 22)),
            lambda: bot.send_message(chat, "a < b", parse_mode="HTML"),
            lambda: bot.send_message(chat, "one", api_kwargs={"colour": "red"}),
            lambda: bot.send_photo(chat, picture(), caption="x" * 1_025),
            lambda: bot.send_sticker(chat, picture(size=(256, 256))),
            lambda: bot.send_sticker(chat, picture("JPEG")),
            lambda: bot.send_video_note(chat, picture()),
            lambda: bot.send_video(chat, b"nothing"),
            lambda: bot.send_chat_action(chat, "dance"),
            lambda: bot.send_sticker(chat, "no-such-file"),
            lambda: bot.set_my_commands([("Upper", "case")]),
        ):
            before = len(server.violations)
            server.flood.chats.clear()
            with pytest.raises(BadRequest):
                await beyond()
            assert len(server.violations) == before + 1, server.violations
        server.flood.chats.clear()
        for late, words in (
            (lambda: mine.edit_text("one", reply_markup=keys("가" * 21)), "not modified"),
            (lambda: bot.edit_message_text("two", chat, 4_711), "not found"),
            (lambda: bot.delete_message(chat, 4_711), "not found"),
            (lambda: bot.answer_callback_query("4711"), "too old"),
            (lambda: bot.send_message(4_711, "anybody there?"), "Chat not found"),
        ):
            server.flood.chats.clear()
            with pytest.raises(BadRequest, match=words):
                await late()
        assert len(server.violations) == 12, "what may happen to anybody is no violation"
        sent = await bot.send_sticker(chat, picture())
        assert sent.sticker is not None
        with pytest.raises(BadRequest, match="Can't use file of type"):
            await bot.send_video(chat, sent.sticker.file_id)
    with pytest.raises(InvalidToken):
        async with bot_of(server, "7:wrong"):
            pass


async def test_too_much_too_fast_is_429(server: Server):
    ada, group = Person(server), Group.of(server)
    async with bot_of(server) as bot:
        for number in range(3):
            await bot.send_message(ada.chat.id, str(number))
        assert server.violations == []
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(ada.chat.id, "3")
        assert seconds_of(refused.value) == 1
        now = server.flood.chats[ada.chat.id].at
        for number in range(20):
            server.flood.count(group.chat.id, now + 2.0 * number)
        with pytest.raises(Exception, match="retry after 2"):
            server.flood.count(group.chat.id, now + 40.0)
        assert len(server.violations) == 1


async def test_everything_goes_wrong_on_demand(server: Server):
    ada = Person(server)
    async with bot_of(server) as bot:
        for fault, error in (
            (faults.flood("sendMessage", 7), RetryAfter),
            (faults.broken("sendMessage"), NetworkError),
            (faults.refused("sendMessage", 403, "Forbidden: bot was blocked by the user"), Forbidden),
            (faults.refused("sendMessage", 400, "Bad Request: anything"), BadRequest),
            (faults.dropped("sendMessage", processed=False), NetworkError),
            (faults.dropped("sendMessage", processed=True), NetworkError),
            (faults.silent("sendMessage", 5.0, processed=True), TimedOut),
        ):
            server.faults.append(fault)
            server.flood.chats.clear()
            with pytest.raises(error):
                await bot.send_message(ada.chat.id, str(fault.processed), read_timeout=0.3)
        await bot.send_message(ada.chat.id, "at last")
    assert [message.text for message in ada.place.from_bot()] == ["True", "True", "at last"]
    assert server.violations == []


async def test_updates_are_given_until_they_are_confirmed_and_to_one_asker(server: Server):
    ada = Person(server)
    async with bot_of(server) as bot, bot_of(server) as other:
        for number in range(3):
            await ada.says(str(number))
        first = await bot.get_updates(limit=2)
        assert [update.message.text for update in first if update.message] == ["0", "1"]
        again = await bot.get_updates()
        assert [update.update_id for update in again[:2]] == [update.update_id for update in first]
        rest = await bot.get_updates(offset=first[-1].update_id + 1)
        assert [update.message.text for update in rest if update.message] == ["2"]
        waiting = asyncio.create_task(bot.get_updates(offset=rest[-1].update_id + 1, timeout=20))
        await server.until(server.updates.all_taken)
        late = asyncio.create_task(other.get_updates(offset=rest[-1].update_id + 1, timeout=20))
        with pytest.raises(Conflict):
            await waiting
        await ada.says("3")
        assert [update.message.text for update in await late if update.message] == ["3"]


async def test_a_webhook_gets_updates_in_order_with_the_secret(server: Server):
    got: list[tuple[str | None, int]] = []
    statuses = iter([500, 200, 200, 200])

    async def hook(request: aiohttp.web.Request) -> aiohttp.web.Response:
        update = await request.json()
        got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), int(update["message"]["text"])))
        return aiohttp.web.Response(status=next(statuses))

    app = aiohttp.web.Application()
    app.router.add_post("/hook", hook)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    ada = Person(server)
    async with bot_of(server) as bot:
        address = "https://bot.example.org/hook"
        server.updates.roads[address] = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        await bot.set_webhook(address, secret_token="abc")  # noqa: S106
        with pytest.raises(Conflict):
            await bot.get_updates()
        for number in range(3):
            await ada.says(str(number))
        await server.until(server.updates.all_taken)
        with pytest.raises(BadRequest):
            await bot.set_webhook("http://example.org/hook")
    assert got == [("abc", 0), ("abc", 0), ("abc", 1), ("abc", 2)], "what failed came again, in order"
    await runner.cleanup()


async def test_groups_with_privacy_hear_only_what_is_meant_for_the_bot(server: Server):
    ada, quiet, open_group = Person(server), Group.of(server), Group.of(server, privacy=False)
    async with bot_of(server) as bot:
        mine = await bot.send_message(quiet.chat.id, "I am the bot")
        message = server.world.places[quiet.chat.id].messages[mine.message_id]
        for group in (quiet, open_group):
            await ada.says("hello everybody", to=group)
            await ada.says(f"/start@{BOT.username}", to=group)
            await ada.says("/start@another_bot", to=group)
        await ada.says("nice", to=quiet, reply=message)
        updates = [u.message.text for u in await bot.get_updates() if u.message]
        assert updates == [
            f"/start@{BOT.username}",
            "hello everybody",
            f"/start@{BOT.username}",
            "/start@another_bot",
            "nice",
        ]
