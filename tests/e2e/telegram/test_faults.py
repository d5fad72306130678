"""What goes wrong between the bot and Telegram: answers come, results come once or can be asked for."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.frontends.telegram import limiter, sending, trouble
from storage.models import Render
from tests.e2e.telegram.artist import FilesArtist
from tests.e2e.telegram.faults import Fault, broken, dropped, flood, refused, silent
from tests.e2e.telegram.house import bot_in, hears, newcomer, regular
from tests.e2e.telegram.measure import bot_elsewhere
from tests.e2e.telegram.person import Person, labels
from tests.e2e.telegram.server import Server

Make = Callable[[str], Fault]

PASSING: dict[str, Make] = {
    "429": lambda method: flood(method, 1),
    "502, a page": lambda method: broken(method, times=2),
    "500": lambda method: refused(method, 500, "Internal Server Error"),
    "dropped": lambda method: dropped(method, processed=False),
    "no answer": lambda method: silent(method, 1.5, processed=False),
}
ANSWER_LOST: dict[str, Make] = {
    "dropped after all": lambda method: dropped(method, processed=True),
    "no answer after all": lambda method: silent(method, 1.5, processed=True),
    "502 after all": lambda method: broken(method, processed=True),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second for answers, not minutes, and less before the next try."""
    monkeypatch.setattr(sending, "MEDIA_READ_SECONDS", 1.0)
    monkeypatch.setattr(trouble, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(limiter, "SLACK", 0.05)
    monkeypatch.setattr(import_module("bot.frontends.telegram.serving"), "READ_SECONDS", 1.0)


@pytest.mark.long
async def test_answers_come_whatever_happens(quick: Server, tmp_path: Path):
    """Each fault hits each request of a conversation: the person notices nothing but time."""
    async with bot_in(tmp_path, quick):
        for number, (name, fault) in enumerate(PASSING.items()):
            quick.faults[:] = [fault("sendMessage"), fault("answerCallbackQuery")]
            ada = await newcomer(quick, f"Ada {number}")
            quick.faults += [fault("getFile"), fault("file"), fault("sendPhoto")]
            await ada.document(b"a selfie", "selfie.jpg", "image/jpeg")
            await ada.sees(lambda m: m.photo or "Show result" in labels(m), what=f"a preview after {name}")
            assert all(f.hits for f in quick.faults), (name, quick.faults)


@pytest.mark.parametrize("name", PASSING)
async def test_a_result_that_was_surely_not_taken_comes_by_itself_and_others_can_be_asked_for(
    quick: Server, tmp_path: Path, name: str
):
    """After 429 everybody knows that nothing arrived; after the others nobody knows: one message says so."""
    async with bot_in(tmp_path, quick):
        ada, ben = await regular(quick, "Ada"), await regular(quick, "Ben")
        quick.faults.append(PASSING[name]("sendVideoNote"))
        quick.faults[0].chat = ada.chat.id
        await ada.voice(b"hello")
        await ben.voice(b"hello")
        await hears(ben)
        if name != "429":
            unsure = await ada.reads("do not know whether")
            quick.faults.clear()
            await ada.press("Show result", unsure)
        await ada.gets("video_note")
        await ada.gets("sticker")
        await ada.says("/queue")
        await ada.reads("You are not waiting for anything")
        assert len(quick.calls("sendVideoNote", ada.chat.id)) == 1


@pytest.mark.parametrize("name", ANSWER_LOST)
async def test_a_result_whose_answer_was_lost_is_not_sent_again_by_itself(
    quick: Server, tmp_path: Path, name: str
):
    async with bot_in(tmp_path, quick):
        ada = await regular(quick)
        quick.faults.append(ANSWER_LOST[name]("sendVideoNote"))
        await ada.voice(b"hello")
        await ada.gets("video_note")
        await ada.reads("do not know whether")
        await ada.gets("sticker")
        await ada.says("/queue")
        await ada.reads("You are not waiting for anything")
        assert len(quick.calls("sendVideoNote")) == 1


@pytest.mark.parametrize("method", ["sendSticker", "sendMessage"])
async def test_no_file_comes_twice_because_its_words_came_late(quick: Server, tmp_path: Path, method: str):
    """A talk is three messages; each is repeated alone."""
    async with bot_in(tmp_path, quick):
        ada = await regular(quick)
        done = {name: len(quick.calls(name)) for name in ("sendVideoNote", "sendSticker")}
        await ada.voice(b"hello")
        await ada.gets("video_note")
        quick.faults.append(flood(method, 1))
        await ada.gets("sticker")
        await ada.reads("Every new voice note becomes a new video")
        assert quick.faults[0].hits == 1
        assert {name: len(quick.calls(name)) - before for name, before in done.items()} == {
            "sendVideoNote": 1,
            "sendSticker": 1,
        }


async def test_who_must_wait_is_alone(quick: Server, tmp_path: Path):
    """Telegram asks to wait 60 s in one chat: the others are served at once."""
    async with bot_in(tmp_path, quick):
        ada, ben = await newcomer(quick, "Ada"), await newcomer(quick, "Ben")
        quick.faults.append(flood("sendMessage", 60, chat=ada.chat.id))
        await ada.says("/help")
        await quick.until(lambda: quick.faults[0].hits)
        await ben.says("/help")
        await ben.reads("/characters", 40.0)
        assert not any("/characters" in (m.text or "") for m in ada.place.from_bot())


async def test_progress_that_fails_harms_nothing(quick: Server, tmp_path: Path):
    async with bot_in(tmp_path, quick, FilesArtist(0.25)):
        ada = await regular(quick)
        quick.faults += [
            refused("editMessageText", 400, "Bad Request: message can't be edited"),
            broken("editMessageText", times=3),
            refused("deleteMessage", 400, "Bad Request: message can't be deleted for everyone"),
            broken("sendChatAction", times=3),
        ]
        await ada.voice(b"hello")
        await hears(ada)
        answered = await ada.press("My characters")
        assert await ada.is_answered(answered) == ""


async def test_refusals_of_one_message_do_not_end_the_rest(quick: Server, tmp_path: Path):
    """Who lets nobody send round videos gets a square one. A file id that Telegram has lost: anew."""
    async with bot_in(tmp_path, quick) as house:
        ada = await regular(quick)
        forbidden = "Bad Request: VOICE_MESSAGES_FORBIDDEN"
        quick.faults.append(refused("sendVideoNote", 400, forbidden))
        await ada.voice(b"hello")
        await ada.gets("video")
        await ada.gets("sticker")
        done = await ada.reads("Every new voice note")
        await ada.press("As a video file", done)
        sent = await ada.gets("video")
        assert sent.video is not None
        del quick.world.files[sent.video.file_id]
        await ada.press("As a video file", done)
        again = await ada.gets("video")
        assert again.video != sent.video
        async with house.app.database.writing() as work:  # a week later
            for render in await work.session.scalars(select(Render).where(Render.name == "talk.mp4")):
                render.blob_id = None
        quick.world.files.clear()
        await ada.press("As a video file", done)
        await ada.reads("Send me the voice or the photo again")
        await ada.press("As a video file", done)
        await ada.reads("not kept any more")
        del quick.log[:]  # asking for a lost file is what Telegram calls wrong


async def test_the_bot_starts_before_telegram_can_be_reached(quick: Server, tmp_path: Path):
    quick.faults += [broken("getMe"), dropped("deleteWebhook", processed=False), broken("getUpdates")]
    quick.faults += [broken("setMyCommands"), broken("getMyCommands")]
    async with bot_in(tmp_path, quick):
        ada = Person(quick)
        await ada.says("/start")
        await ada.reads("Is that all right with you?")
        await quick.until(lambda: len(quick.world.commands) == 2)
        menu = [command.command for command in quick.world.commands["default", ""]]
        assert menu[0] == "start"
        assert {"characters", "delete", "cancel"} <= set(menu)
        korean = quick.world.commands["default", "ko"]
        assert any("가" <= letter <= "힣" for command in korean for letter in command.description)


@pytest.mark.long
async def test_a_process_killed_while_it_sends_asks_instead_of_sending_twice(quick: Server, tmp_path: Path):
    """The video had arrived, but its process died before it heard so."""
    async with bot_elsewhere(quick, tmp_path):
        ada = await regular(quick)
        quick.faults.append(silent("sendVideoNote", 300.0, processed=True))
        await ada.voice(b"hello")
        await ada.gets("video_note")
    async with bot_elsewhere(quick, tmp_path):
        unsure = await ada.reads("do not know whether")
        await ada.gets("sticker")
        await ada.reads("Every new voice note becomes a new video")
        assert len(quick.calls("sendVideoNote")) == 1
        await ada.press("Show result", unsure)
        await ada.gets("video_note")
