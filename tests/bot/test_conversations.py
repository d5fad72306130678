"""Whole conversations through service, queue, workshop and courier, on a fake engine."""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest

from bot.app import App
from bot.artist import CHARACTER_FILES, STICKER_FILES, TALK_FILES
from bot.dialogue.events import (
    CommandGiven,
    PhotoReceived,
    TextReceived,
)
from bot.wishes import MOST_CHARACTERS
from storage import characters
from storage.ids import new_id
from storage.models import Character, JobState, Purpose
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, kept


async def test_a_newcomer_comes_to_a_talking_video(app: App, ann: Human, tmp_path: Path):
    (welcome,) = await ann.do(CommandGiven("start"))
    assert "I agree" in welcome.buttons[0][0].label
    assert "send a selfie" in welcome.text
    await ann.press("I agree", [welcome])
    assert (await ann.person()).consent_at == pytest.approx(time.time(), abs=60)
    (waiting,) = await ann.photo()
    assert waiting.job is not None
    await ann.idle()
    assert ann.files() == ["preview.jpg"]
    await ann.press("2. Pencil")
    await ann.idle()
    assert ann.files() == ["preview.jpg", "sticker.webp"]
    await ann.voice()
    await ann.idle()
    assert ann.files() == ["preview.jpg", "sticker.webp", "talk.mp4"]
    assert [blob.name for blob in await kept(app) if blob.purpose == Purpose.VOICE] == [], "voices go at once"
    await ann.press("As a round video")
    await ann.idle()
    assert ann.files()[-1] == "note.mp4"
    on_disk = {path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()}
    assert on_disk == {blob.id for blob in await kept(app)}
    hours = {b.name: b.expires_at and round((b.expires_at - b.created_at) / 3_600) for b in await kept(app)}
    assert {hours.pop(name) for name in (*CHARACTER_FILES, *STICKER_FILES)} == {None}, (
        "as long as the character"
    )
    assert hours == {"photo": 24} | dict.fromkeys(("preview.jpg", *TALK_FILES), 7 * 24)


async def test_before_consent_nothing_is_loaded_or_kept(app: App, ann: Human, tmp_path: Path):
    async def must_not_load() -> bytes:
        raise AssertionError("loaded before consent")

    (reply,) = await app.service.handle(ann.who, PhotoReceived(), must_not_load)
    assert "I agree" in reply.buttons[0][0].label
    assert not (tmp_path / "blobs").exists()


async def test_a_voice_before_the_photo_waits_for_the_character(ann: Human):
    await ann.agree()
    (held,) = await ann.voice(b"hello there")
    assert "10 minutes" in held.text
    await ann.photo()
    await ann.idle()
    await ann.press("Webtoon")
    await ann.idle()
    assert ann.files() == ["preview.jpg", "sticker.webp", "talk.mp4"]
    assert ann.frontend.shown[-1][2].startswith(b"talk.mp4 of hello there")
    assert "says what you have sent" in ann.said()[1]


async def test_who_comes_back_before_choosing_finds_the_styles_again(ann: Human):
    """The picture may be far up in the chat, or on another device: every reminder brings the buttons."""
    await ann.agree()
    await ann.photo()
    await ann.idle()
    for event in (CommandGiven("start"), TextReceived("what now?")):
        (reminder,) = await ann.do(event)
        assert [b.label for row in reminder.buttons for b in row] == ["1. Webtoon", "2. Pencil"]
    await ann.press("1. Webtoon", [reminder])
    await ann.idle()
    assert ann.files()[-1] == "sticker.webp"


async def test_with_a_character_a_voice_is_enough(ann: Human):
    await ann.has_character()
    (reply,) = await ann.voice()
    assert reply.job is not None
    await ann.idle()
    assert ann.files()[-1] == "talk.mp4"


async def test_the_same_photo_in_another_style_shows_the_same_preview_at_once(artist: FakeArtist, ann: Human):
    await ann.has_character()
    before = artist.done
    await ann.press("Another style")
    await ann.idle()
    assert ann.files()[-1] == "preview.jpg"
    assert artist.done == before
    content = ann.frontend.shown[-1][2]
    assert content is None, "the platform has this file: it is not sent again"


async def test_a_new_photo_replaces_the_old_one(app: App, ann: Human):
    await ann.has_character()
    await ann.photo(b"another photo")
    await ann.idle()
    assert len([blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO]) == 1


async def test_what_somebody_sends_is_taken_in_its_order(app: App, ann: Human):
    """Although the first photo is longer on its way."""
    await ann.agree()
    arrived = asyncio.Event()

    async def slowly() -> bytes:
        await arrived.wait()
        return b"first photo"

    first = asyncio.create_task(app.service.handle(ann.who, PhotoReceived(), slowly))
    second = asyncio.create_task(ann.photo(b"second photo"))
    await asyncio.wait([second], timeout=0.2)
    arrived.set()
    await asyncio.gather(first, second)
    await ann.idle()
    (photo,) = [blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO]
    assert await app.blobs.read(photo.key) == b"second photo"


async def test_a_word_about_the_photo_comes_with_the_picture(ann: Human):
    await ann.agree()
    await ann.photo(b"two faces")
    await ann.idle()
    assert "more than one face" in ann.said()[0]


async def test_a_style_pressed_twice_is_one_drawing(artist: FakeArtist, ann: Human):
    await ann.agree()
    await ann.photo()
    await ann.idle()
    artist.stage_seconds = 0.1
    await ann.press("Webtoon")
    await ann.press("Webtoon")
    await ann.idle()
    assert ann.files() == ["preview.jpg", "sticker.webp"]


async def test_gallery_choose_rename_delete(app: App, ann: Human):
    await ann.has_character()
    await ann.press("2. Pencil")
    await ann.idle()
    head, first, second = await ann.do(CommandGiven("characters"))
    assert "2" in head.text
    assert (first.media.name, "this one speaks" in second.text) == ("sticker.webp", True)
    await ann.press("Let it speak", [first])
    (question,) = await ann.press("Rename", [first])
    assert "Webtoon" in question.text
    (renamed,) = await ann.do(TextReceived("  내\n 얼굴\u202e "))
    assert renamed.text == "The character's name is 내 얼굴 now."
    (sure,) = await ann.press("Delete", [first])
    (gone,) = await ann.press("Delete this character", [sure])
    assert "내 얼굴 is deleted" in gone.text
    assert len(await ann.do(CommandGiven("characters"))) == 2
    left = await kept(app)
    assert len([b for b in left if b.purpose == Purpose.CHARACTER]) == 2, "only the other character's files"
    await ann.voice()
    await ann.idle()
    assert ann.files()[-1] == "talk.mp4", "the other one speaks now"


async def test_so_many_characters_are_enough(app: App, ann: Human):
    await ann.has_character()
    async with app.database.writing() as work:
        about = {"person_id": (await ann.person()).id, "name": "Me", "style": "pencil", "seed": 0}
        more = [Character(id=new_id(), created_at=float(i), **about) for i in range(MOST_CHARACTERS - 1)]
        work.session.add_all(more)
    (refused,) = await ann.press("Pencil")
    assert refused.text.startswith("You have 30 characters")
    async with app.database.writing() as work:
        await characters.remove(work, more[0], 1.0)
    (accepted,) = await ann.press("Pencil")
    assert accepted.job is not None


async def test_language_is_followed_until_it_is_chosen(app: App, ann: Human, frontend: FakeFrontend):
    cho = Human(app, frontend, "cho", "ko-KR")
    (welcome,) = await cho.do(CommandGiven("start"))
    assert "안녕하세요" in welcome.text
    await cho.agree()
    (languages,) = await cho.do(CommandGiven("language"))
    (answer,) = await cho.press("English", [languages])
    assert answer.text.startswith("I speak English")
    await cho.photo(b"no face")
    await cho.idle()
    assert cho.said()[0].startswith("I see no face")


async def test_progress_comes_with_stages_and_goes_with_the_job(artist: FakeArtist, ann: Human):
    await ann.agree()
    artist.stage_seconds = 0.05
    (reply,) = await ann.photo()
    ann.app.teller.progress_shown(reply.job, "message-1")
    await ann.idle()
    mine = [p for address, p in ann.frontend.progress if address == "ann"]
    assert {p.message_id for p in mine[1:]} == {"message-1"}
    assert [p.done for p in mine] == sorted(p.done for p in mine)
    assert "drawing" in " ".join(p.reply.text for p in mine)
    assert mine[-1].state == JobState.DONE


async def test_a_voice_while_a_new_photo_waits_for_its_style_asks_who_shall_speak(ann: Human):
    await ann.has_character()
    await ann.photo(b"new photo")
    await ann.idle()
    (question,) = await ann.voice()
    assert "Use my character" in question.buttons[0][0].label
    await ann.press("Use my character", [question])
    await ann.idle()
    assert ann.files()[-1] == "talk.mp4"


async def album(human: Human, *contents: bytes):
    """Send photos together."""

    async def load(content: bytes) -> bytes:
        return content

    first, *others = [partial(load, content) for content in contents]
    return await human.app.service.handle(human.who, PhotoReceived(), first, more=others)


async def test_photos_sent_together_wait_while_something_else_is_brought(
    app: App, ann: Human, artist: FakeArtist
):
    await ann.has_character()
    await ann.voice(b"hang on")
    await album(ann, b"no face", b"a face")
    artist.released.set()
    await ann.idle()
    assert ann.files()[-2:] == ["talk.mp4", "preview.jpg"]
    (photo,) = [blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO]
    assert await app.blobs.read(photo.key) == b"a face"


async def test_of_photos_sent_together_the_first_with_a_face_is_drawn(app: App, ann: Human):
    """The others are tried in turn and not kept longer; when none shows a face, that is said once."""
    await ann.agree()
    replies = await album(ann, b"no face 1", b"no face 2", b"a face", b"another face")
    assert "You sent 4 photos together" in replies[0].text
    await ann.idle()
    assert ann.files() == ["preview.jpg"]
    assert ann.said() == ["Pick a style for your character."]
    (photo,) = [blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO]
    assert await app.blobs.read(photo.key) == b"a face"

    await album(ann, b"no face 1", b"no face 2")
    await ann.idle()
    assert [text for text in ann.said() if "I see no face" in text] == ann.said()[1:]
    assert [blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO] == []
