"""Whole conversations: `mytalkcon run`, the real engine, a Telegram that counts and checks everything."""

import asyncio
import io
import signal
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from engine.styles import styles
from tests.e2e.scene import SKY, hums, lies_before, says_words
from tests.e2e.telegram.command import ENGINE_SECONDS, bot_on, selfie
from tests.e2e.telegram.looks import is_drawing_on_nothing, played, rgba
from tests.e2e.telegram.person import Person, labels
from tests.e2e.telegram.server import Server
from tests.engine.intake.sent_files import heic, saved
from tests.samples import SAMPLE_VOICE, SAMPLE_VOICE_KO

pytestmark = pytest.mark.timeout(900)


async def agrees(person: Person, deep_link: str = "") -> None:
    await person.says(f"/start {deep_link}".strip())
    question = await person.reads("Is that all right with you?")
    await person.is_answered(await person.press("I agree", question))
    await person.reads("Send me a selfie")


async def draws(person: Person, style: str = "1. Webtoon", photo: bytes | None = None) -> None:
    await person.photo(photo or selfie())
    await person.gets("photo", ENGINE_SECONDS)
    await person.is_answered(await person.press(style))
    await person.gets("sticker", ENGINE_SECONDS)
    await person.reads("Here you are!")


async def hears(person: Person, seconds: float = ENGINE_SECONDS) -> bytes:
    """Wait for a talk in all its messages; gives the round video."""
    note = await person.gets("video_note", seconds)
    moving = await person.gets("sticker")
    assert moving.sticker is not None
    assert moving.sticker.is_video
    await person.reads("Every new voice note becomes a new video")
    return person.file(note).content


async def speaks_as_chosen(person: Person) -> None:
    """Choose effect, background and caption, and find them in the video, which is not the round one then."""
    for setting, question, choice in (
        ("Voice effect", "How should your voice sound?", "Robot"),
        ("Background", "What should be behind", "Sky"),
    ):
        await person.press("Settings")
        await person.press(setting, await person.reads("How your videos look"))
        await person.press(choice, await person.reads(question))
        await person.reads("from now on")
    await person.says("/caption Hello! 안녕하세요")
    await person.reads("Your next video shows")
    await person.voice(SAMPLE_VOICE_KO.read_bytes())
    with_words = person.file(await person.gets("video", ENGINE_SECONDS)).content
    assert played(with_words).sound_seconds == pytest.approx(6.2, abs=0.4)
    assert lies_before(with_words, SKY)
    assert says_words(with_words)
    assert hums(with_words)
    await person.gets("sticker")
    await person.reads("Here you are!")


async def is_idle(person: Person) -> None:
    """Ask the bot whether anything is left to do."""
    await person.says("/queue")
    await person.reads("You are not waiting for anything")


@pytest.mark.long
async def test_from_first_contact_to_a_video_and_over_a_crash(api: Server, tmp_path: Path):
    """A newcomer agrees, sends a selfie, picks a style, sends a voice: a video. A second voice needs nothing
    else; a third one survives the death of the process, and its video comes once."""
    async with bot_on(api, tmp_path) as bot:
        ada = Person(api)
        await agrees(ada, "from_a_friend")

        await ada.photo(selfie())
        preview = await ada.gets("photo", ENGINE_SECONDS)
        numbered = [f"{n}. {style.names['en']}" for n, style in enumerate(styles(), start=1)]
        assert labels(preview) == numbered
        sheet = rgba(ada.file(preview).content)
        assert min(sheet.shape[:2]) >= 400
        assert sheet[..., :3].std() > 20

        await ada.is_answered(await ada.press("1. Webtoon", preview))
        sticker = await ada.gets("sticker", ENGINE_SECONDS)
        assert is_drawing_on_nothing(rgba(ada.file(sticker).content))
        await ada.reads("Now send a voice note")

        await ada.voice(SAMPLE_VOICE.read_bytes())
        await api.until(lambda: (ada.chat.id, "record_video_note") in api.world.actions, ENGINE_SECONDS)
        note = await ada.gets("video_note", ENGINE_SECONDS)
        round_video = played(ada.file(note).content)
        assert round_video.sound_seconds == pytest.approx(4.3, abs=0.3)
        assert round_video.seconds == pytest.approx(round_video.sound_seconds, abs=0.1)
        assert round_video.loudness > 0.01
        assert round_video.movement > 0.5
        moving = await ada.gets("sticker")
        assert moving.sticker is not None
        assert moving.sticker.is_video
        done = await ada.reads("Here you are!")
        assert {"As a video file", "Another style", "New photo"} <= set(labels(done))
        await ada.is_answered(await ada.press("As a video file", done))
        video = await ada.gets("video")
        assert played(ada.file(video).content).loudness > 0.01
        assert not any("Your talking video" in (m.text or "") for m in ada.place.messages.values())

        await speaks_as_chosen(ada)

        before = len(api.calls("sendChatAction"))
        await ada.voice(SAMPLE_VOICE.read_bytes())
        await api.until(lambda: len(api.calls("sendChatAction")) > before, ENGINE_SECONDS)
        assert await asyncio.to_thread(bot.stop, signal.SIGKILL) == -signal.SIGKILL
        await asyncio.to_thread(bot.start)
        assert played(await hears(ada)).sound_seconds == pytest.approx(4.3, abs=0.3)
        await is_idle(ada)
        assert len(api.calls("sendVideoNote")) == 2, "each once"


@pytest.mark.long
async def test_three_people_at_once(api: Server, tmp_path: Path):
    """Each gets their own, nobody waits for all of somebody else's jobs."""
    async with bot_on(api, tmp_path):
        people = [Person(api, name, "en") for name in ("Ada", "Ben", "Chloe")]
        await asyncio.gather(*map(agrees, people))
        with Image.open(io.BytesIO(selfie())) as image:
            mirrored = saved(ImageOps.mirror(image), "JPEG", quality=92)
        await asyncio.gather(
            draws(people[0], "1. "), draws(people[1], "2. "), draws(people[2], "1. ", mirrored)
        )
        for person in people:
            await person.voice(SAMPLE_VOICE.read_bytes())
        await people[0].voice(SAMPLE_VOICE_KO.read_bytes())
        lengths = [played(note).sound_seconds for note in await asyncio.gather(*map(hears, people))]
        assert lengths == pytest.approx([4.3] * 3, abs=0.3)
        assert played(await hears(people[0])).sound_seconds == pytest.approx(6.2, abs=0.4)
        came = [call.chat for call in api.calls("sendVideoNote")]
        assert came[3] == people[0].chat.id, "a second voice comes after everybody's first"
        stickers = {rgba(p.file(m).content).tobytes() for p in people for m in first_stickers(p)}
        assert len(stickers) == 3


def first_stickers(person: Person) -> list:
    return [m for m in person.place.from_bot() if m.sticker is not None and not m.sticker.is_video][:1]


@pytest.mark.long
async def test_cancelling_what_waits_and_what_runs(api: Server, tmp_path: Path):
    """The engine stops in the middle of a video, and the next in line is not kept waiting."""
    async with bot_on(api, tmp_path):
        ada, ben = Person(api, "Ada"), Person(api, "Ben")
        await asyncio.gather(agrees(ada), agrees(ben))
        await asyncio.gather(draws(ada), draws(ben))
        await ada.voice(SAMPLE_VOICE_KO.read_bytes())
        running = await ada.reads("Your talking video")
        await api.until(lambda: (ada.chat.id, "record_video_note") in api.world.actions, ENGINE_SECONDS)
        await ben.voice(SAMPLE_VOICE.read_bytes())
        waiting = await ben.reads("Waiting: 1 before you")
        await ben.voice(SAMPLE_VOICE_KO.read_bytes())
        await ben.reads("Waiting: 2 before you")
        assert "Cancelled" in await ben.is_answered(await ben.press("Cancel", waiting))
        assert "Cancelled" in await ada.is_answered(await ada.press("Cancel", running))
        assert (await ada.reads("Cancelled.")).reply_markup is None
        assert played(await hears(ben)).sound_seconds == pytest.approx(6.2, abs=0.4)
        await is_idle(ada)
        await is_idle(ben)
        assert len(api.calls("sendVideoNote")) == 1


@pytest.mark.long
async def test_albums_files_and_what_is_no_face(api: Server, tmp_path: Path):
    """An album: the first face found is drawn. HEIC as a file. A photo of noise is refused."""
    wall = saved(Image.effect_noise((600, 600), 30).convert("RGB"), "JPEG")
    async with bot_on(api, tmp_path):
        ada = Person(api)
        await agrees(ada)
        await ada.photo(wall)
        await ada.reads("I see no face", ENGINE_SECONDS)
        await ada.album(wall, selfie())
        preview = await ada.gets("photo", ENGINE_SECONDS)
        await ada.press("2. ", preview)
        await ada.gets("sticker", ENGINE_SECONDS)

        with Image.open(io.BytesIO(selfie())) as image:
            await ada.document(heic(image.convert("RGB")), "IMG_0001.HEIC", "image/heic")
        await ada.gets("photo", ENGINE_SECONDS)
        await is_idle(ada)


@pytest.mark.long
async def test_another_style_gallery_language_and_forgetting(api: Server, tmp_path: Path):
    async with bot_on(api, tmp_path):
        ada = Person(api)
        await agrees(ada)
        await draws(ada)
        await ada.press("Another style")
        await ada.gets("photo", ENGINE_SECONDS)
        await ada.press(". Pencil")
        second = await ada.gets("sticker", ENGINE_SECONDS)
        await ada.reads("Here you are!")
        await ada.says("/characters")
        await ada.reads("Your characters: 2")
        uploads = len(api.world.files)
        shown = [await ada.gets("sticker"), await ada.gets("sticker")]
        assert second.sticker in [message.sticker for message in shown]
        await ada.press("Let it speak")
        await ada.reads("speaks from now on")
        assert len(api.world.files) == uploads, "known stickers are sent by their ids"
        await ada.voice(SAMPLE_VOICE.read_bytes())
        await hears(ada)
        await ada.says("/language")
        await ada.reads("Which language")
        await ada.press("한국어")
        await ada.reads("한국어로")
        await ada.says("/delete")
        await ada.press("모두 지우기", await ada.reads("모든 것을 지울까요"))
        await ada.reads("모두 지웠어요")
        assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
        await ada.voice(SAMPLE_VOICE.read_bytes())
        assert labels(await ada.reads("Is that all right with you?")) == ["I agree"]
