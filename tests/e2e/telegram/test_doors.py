"""Who may come in and how: operators, a closed bot, the error chat, the webhook and its secret."""

import json
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.telegram.house import bot_in, hears, newcomer, regular
from tests.e2e.telegram.person import Group, Person, said
from tests.e2e.telegram.server import Server
from tests.e2e.telegram.wire import plain
from tests.ports import free_port

SECRET = "a-secret_of-the-webhook"  # noqa: S105
ADDRESS = "https://bot.example.org/telegram"


async def test_operators_see_and_shut_out(quick: Server, tmp_path: Path):
    olga, ada = Person(quick, "Olga"), Person(quick, "Ada")
    async with bot_in(tmp_path, quick, operators=str(olga.user.id)):
        await ada.says("/start")
        await ada.reads("Is that all right with you?")
        await olga.says("/stats")
        await olga.reads("People: 1, blocked: 0")
        await ada.says("/stats")
        await ada.reads("Is that all right with you?")

        await olga.says(f"/block {ada.user.id}")
        await olga.sees(lambda m: str(ada.user.id) in said(m), what="that Ada is shut out")
        shown = len(ada.place.from_bot())
        await ada.says("/help")
        await ada.voice(b"hello")
        await ada.is_answered(await ada.press("I agree"))  # what came before it is done with, too
        await olga.says("/block")
        await olga.sees(lambda m: "/block" in said(m), what="how to use it")
        await olga.says(f"/unblock {ada.user.id}")
        await olga.sees(lambda m: str(ada.user.id) in said(m), what="that Ada may come back")
        assert len(ada.place.from_bot()) == shown, "a blocked person is not answered"
        await ada.says("/help")
        await ada.reads("/characters")


async def test_a_closed_bot_answers_its_people_only(quick: Server, tmp_path: Path):
    ada, ben = Person(quick, "Ada"), Person(quick, "Ben")
    group = Group.of(quick, privacy=False)
    async with bot_in(tmp_path, quick, allowed_users=f"{ada.user.id}, 4711"):
        await ada.says("/start")
        question = await ada.reads("Is that all right with you?")
        await ben.says("/start")
        closed = await ben.sees(lambda m: m.text, what="that the bot is not for everybody")
        assert closed.reply_markup is None
        assert await ben.is_answered(ben.presses("v1:agree:AAAAAAAAAAAAAAAAAAAAAA", closed)) != ""
        await ben.says("/help", to=group)
        await ada.press("I agree", question)
        await ada.reads("Send me a selfie")
        assert not quick.world.places[group.chat.id].from_bot()
        assert len(ben.place.from_bot()) == 1


async def test_errors_reach_those_who_run_the_bot(
    quick: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With the id that the person sees; without what the person sent, and without the token."""
    chat = Group.of(quick, "Errors").chat.id
    secret = b"fail: my private words"
    async with bot_in(tmp_path, quick, error_chat=str(chat)) as house:
        ada = await newcomer(quick)
        await ada.document(secret, "selfie.jpg", "image/jpeg")
        told = await ada.reads("Something went wrong on our side", 60.0)
        number = said(told).partition("(id ")[2].rstrip(")")
        place = quick.world.places[chat]
        await quick.until(lambda: any(number in said(m) for m in place.from_bot()))

        async def broken(*args: object, **kwargs: object) -> None:
            raise ValueError(f"secret words of {ada.user.first_name} and {quick.token}")

        monkeypatch.setattr(house.app.service, "handle", broken)
        await ada.says("hello")
        told = await ada.reads("I have told the operator")
        number = said(told).partition("(id ")[2].rstrip(")")
        await quick.until(lambda: any(number in said(m) for m in place.from_bot()))
        words = "\n".join(map(said, place.from_bot()))
        assert "ValueError" in words
        for private in ("my private words", "secret words", "Ada", quick.token):
            assert private not in words, words


async def test_the_webhook_takes_what_telegram_brings_and_nothing_else(
    quick: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    port = free_port()
    local = f"http://127.0.0.1:{port}/telegram"
    quick.updates.roads[ADDRESS] = local
    about = {"webhook_url": ADDRESS, "webhook_secret": SECRET, "webhook_port": port}
    async with bot_in(tmp_path, quick, **about), aiohttp.ClientSession() as http:
        ada = await regular(quick)
        assert not quick.calls("getUpdates")
        assert set(quick.updates.hook_statuses) == {200}
        await ada.voice(b"hello")
        await hears(ada)

        forged = plain(quick.updates.sent[0]) | {"update_id": 1}
        header = "X-Telegram-Bot-Api-Secret-Token"

        async def status(body: bytes, url: str = local, method: str = "POST", **headers: str) -> int:
            async with http.request(method, url, data=body, headers=headers) as answer:
                return answer.status

        shown = len(ada.place.messages)
        body = json.dumps(forged).encode()
        right = {header: SECRET}
        assert await status(body) == 403
        assert await status(body, **{header: "another"}) == 403
        assert await status(body, **{header: SECRET + "x"}) == 403
        assert await status(b"{" + b" " * 2_000_000 + b"}", **right) == 413
        assert await status(body, local + "/more", **right) == 404
        assert await status(b"", method="GET", **right) == 405
        for nonsense in (b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"update_id": "x"}'):
            assert await status(nonsense, **right) in (200, 400), nonsense

        for update in quick.updates.sent[-2:]:  # the answer was lost on its way: Telegram brings it again
            assert await status(json.dumps(plain(update)).encode(), **right) == 200
        await ada.says("/queue")
        await ada.reads("You are not waiting for anything")
        assert len(ada.place.messages) == shown + 2, ada.transcript()
        assert await status(body, **right) == 200
        await ada.reads("Hello again")
    assert SECRET not in caplog.text
    assert quick.updates.hook is not None, "it stays set, so that nothing is lost while the bot is away"


async def test_from_webhook_to_polling(quick: Server, tmp_path: Path):
    """An operator changes his mind: what came meanwhile is not lost."""
    port = free_port()
    quick.updates.roads[ADDRESS] = f"http://127.0.0.1:{port}/telegram"
    async with bot_in(tmp_path, quick, webhook_url=ADDRESS, webhook_port=port):
        ada = await newcomer(quick)
    await ada.says("/help")
    async with bot_in(tmp_path, quick):
        await ada.reads("/characters")
        assert quick.updates.hook is None
