"""What people do to a bot: send everything at once, press old buttons and each other's, cancel, block."""

import time
from pathlib import Path

from telegram.constants import MessageLimit

from tests.e2e.telegram.artist import FilesArtist, made_files
from tests.e2e.telegram.house import bot_in, hears, newcomer, regular
from tests.e2e.telegram.person import Group, Person, buttons_of, labels, said
from tests.e2e.telegram.server import Server
from tests.e2e.telegram.world import BOT

FLOOD = 200
SOON = 40.0  # s: far less than answering a flood takes, far more than an answer needs


async def test_a_flood_of_one_person_makes_nobody_else_wait(api: Server, tmp_path: Path):
    """200 updates of Ada at once, at Telegram's real pace: Ben is served in his turn."""
    async with bot_in(tmp_path, api):
        ada, ben = Person(api, "Ada"), Person(api, "Ben")
        began = time.monotonic()
        for number in range(FLOOD):
            await ada.says(f"hello {number}")
        await ben.says("/start")
        await ben.press("I agree", await ben.reads("Is that all right with you?", SOON))
        await ben.reads("Send me a selfie", SOON)
        await ben.document(b"a selfie", "selfie.jpg", "image/jpeg")
        await ben.gets("photo", SOON)
        seconds = time.monotonic() - began
        assert seconds < SOON
        assert len(ada.place.from_bot()) <= seconds + 3, "Ada's answers come one a second"


async def test_cancelling_what_waits_and_what_runs(quick: Server, tmp_path: Path):
    async with bot_in(tmp_path, quick) as house:
        ada, ben = await regular(quick, "Ada"), await regular(quick, "Ben")
        await ada.voice(b"hang until cancelled")
        await ada.reads("Your talking video")
        await quick.until(lambda: (ada.chat.id, "record_video_note") in quick.world.actions)
        await ben.voice(b"waits")
        waiting = await ben.reads("Waiting: 1 before you")
        assert "Cancelled" in await ben.is_answered(await ben.press("Cancel", waiting))
        await ben.reads("Cancelled.")
        assert "Cancelled" in await ada.is_answered(await ada.press("Cancel"))
        house.artist.released.set()
        shown = await ada.reads("Cancelled.")
        assert shown.reply_markup is None
        assert "Only the person" in await ada.is_answered(await ada.press("Cancel", waiting))
        for person in (ada, ben):
            await person.voice(b"another")
            await hears(person)
        assert len(quick.calls("sendVideoNote")) == 2


async def test_who_has_blocked_the_bot_is_left_in_peace(quick: Server, tmp_path: Path):
    """Ada blocks it while her video is made: each part is tried once; later all is as before."""
    async with bot_in(tmp_path, quick) as house:
        ada, ben = await regular(quick, "Ada"), await regular(quick, "Ben")
        await ada.voice(b"hang a moment")
        await quick.until(lambda: (ada.chat.id, "record_video_note") in quick.world.actions)
        ada.blocks()
        before = len(quick.log)
        house.artist.released.set()
        await ben.voice(b"hello")
        await hears(ben)
        tried = [call.name for call in quick.log[before:] if call.chat == ada.chat.id]
        assert len(set(tried)) == len(tried) <= 4, tried
        ada.unblocks()
        await ada.says("/start")
        await ada.reads("Hello again")
        await ada.voice(b"hello")
        await hears(ada)


async def test_updates_that_come_twice_are_answered_once(quick: Server, tmp_path: Path):
    """The process ended before it could confirm: Telegram gives its last updates again."""
    async with bot_in(tmp_path, quick):
        ada = await regular(quick)
        await ada.voice(b"once")
        await hears(ada)
        await quick.until(quick.updates.all_taken)
    shown = len(ada.place.messages)
    for update in quick.updates.sent:
        quick.updates.again(update)
    async with bot_in(tmp_path, quick):
        await quick.until(quick.updates.all_taken)
        await ada.says("/queue")
        await ada.reads("You are not waiting for anything")
        assert len(ada.place.messages) == shown + 2, ada.transcript()
        assert len(quick.calls("sendVideoNote")) == 1


async def test_old_buttons_and_buttons_of_others(quick: Server, tmp_path: Path):
    async with bot_in(tmp_path, quick):
        ada, ben = await regular(quick, "Ada"), await regular(quick, "Ben")
        preview = next(m for m in ada.place.from_bot() if m.photo)
        done = next(m for m in reversed(ada.place.from_bot()) if "Another style" in labels(m))
        for data in ("v1:style.webtoon:AAAAAAAAAAAAAAAAAAAAAA", "v0:photo:x", "\x00" * 64, "v1:"):
            await ada.is_answered(ada.presses(data, preview))
        await ada.reads("I do not have that photo any more")

        drawn = len(quick.calls("sendSticker"))
        for button in (*buttons_of(preview), *buttons_of(done)):
            theirs = ben.presses(button.callback_data or "", ben.place.from_bot()[-1])
            await ben.is_answered(theirs)
        await ben.reads("I do not have that photo any more")
        await ben.reads("This button does not work any more")
        assert len(quick.calls("sendSticker")) == drawn, "nobody sees what is another's"

        quick.world.remove(ada.place, preview.message_id)
        await ada.is_answered(await ada.press("2. Pencil", preview))
        await ada.reads("Here you are!")


async def test_a_message_that_the_person_has_deleted_is_not_missed(quick: Server, tmp_path: Path):
    """The progress message is gone: progress goes on in a new one, the result comes."""
    async with bot_in(tmp_path, quick, FilesArtist(0.25)):
        ada = await regular(quick)
        await ada.voice(b"hello")
        progress = await ada.reads("Your talking video")
        quick.world.remove(ada.place, progress.message_id)
        again = await ada.reads("Your talking video")
        assert again.message_id != progress.message_id
        await hears(ada)


async def test_what_cannot_be_fetched_is_explained(quick: Server, tmp_path: Path):
    """Telegram hands bots no file of more than 20 MB."""
    async with bot_in(tmp_path, quick):
        ada = await newcomer(quick)
        await ada.document(bytes(21 * 2**20), "large.heic", "image/heic")
        await ada.reads("20 MB")
        await ada.document(b"%PDF-1.7", "letter.pdf", "application/pdf")
        await ada.reads("I cannot do anything with that")
        await ada.sticker(b"anything")
        await ada.reads("I cannot do anything with that")
        await ada.says("x" * MessageLimit.MAX_TEXT_LENGTH)
        await ada.reads("Send me a selfie")


async def test_files_are_uploaded_once(quick: Server, tmp_path: Path):
    async with bot_in(tmp_path, quick):
        ada = await regular(quick)
        await ada.voice(b"hello")
        await ada.gets("video_note")
        await ada.press("As a video file", await ada.reads("Every new voice note"))
        first = await ada.gets("video")
        await ada.says("/characters")
        again = await ada.gets("sticker")
        assert again.sticker is not None
        known = len(quick.world.files)
        await ada.press("As a video file")
        assert (await ada.gets("video")).video == first.video
        await ada.says("/characters")
        await ada.gets("sticker")
        assert len(quick.world.files) == known


async def test_a_character_of_the_gallery_is_one_message(quick: Server, tmp_path: Path):
    """A sticker has no words: the name stands on a button, which does what the first one does."""
    async with bot_in(tmp_path, quick):
        ada = await regular(quick)
        await ada.press("2. Pencil")
        await ada.gets("sticker")
        await ada.reads("Here you are!")
        before = len(ada.place.from_bot())
        await ada.says("/characters")
        await ada.reads("Your characters: 2")
        first, second = await ada.gets("sticker"), await ada.gets("sticker")
        assert labels(first) == ["Webtoon", "Let it speak", "Rename", "Delete"]
        assert labels(second) == ["Pencil: this one speaks", "Rename", "Delete"]
        await ada.press("Webtoon", first)
        await ada.reads("Webtoon speaks from now on")
        assert len(ada.place.from_bot()) == before + 4


async def test_settings_for_the_next_talks(quick: Server, tmp_path: Path):
    """A picture behind, words on the video, which takes the place of the round one: that has no room."""
    async with bot_in(tmp_path, quick) as house:
        ada = await regular(quick)
        await ada.press("Settings")
        await ada.press("Background", await ada.reads("How your videos look"))
        await ada.press("A picture of mine", await ada.reads("behind your character"))
        await ada.reads("Send me the picture")
        await ada.document(b"beach", "beach.png", "image/png")
        await ada.gets("photo")
        await ada.says("/caption")
        await ada.reads("at most 600 characters")
        await ada.says("안녕하세요")
        await ada.reads("Your next video shows: 안녕하세요")
        await ada.voice(b"hello")
        await ada.gets("video")
        await ada.gets("sticker")
        done = await ada.reads("Every new voice note")
        assert "As a round video" in labels(done)
        assert "As a video file" not in labels(done)
        await ada.voice(b"hello")
        await hears(ada)
        words = [(manner.caption, bool(picture)) for manner, picture in house.artist.spoken]
        assert words == [("안녕하세요", True), ("", True)]


async def test_in_a_group_it_speaks_only_when_spoken_to(quick: Server, tmp_path: Path):
    """With privacy and without: commands, mentions and replies are answered, talk among people is not."""
    async with bot_in(tmp_path, quick):
        ada = await regular(quick, "Ada")
        ben = Person(quick, "Ben")
        quiet, loud = Group.of(quick, "Quiet"), Group.of(quick, "Loud", privacy=False)
        for group in (quiet, loud):
            for text in ("hello everybody", "/start@another_bot", "mail me at x@mytalkcon.org"):
                await ada.says(text, to=group)
            await ben.says(f"/help@{BOT.username}", to=group)
            answer = await ben.sees(lambda m: m.reply_markup, at=group, what="a way to the private chat")
            assert (buttons_of(answer)[0].url or "").startswith(f"https://t.me/{BOT.username}?start=")
        await ada.says(f"hey @{BOT.username}!", to=loud)
        await ada.sees(lambda m: "hey" in said(m.reply_to_message or m), at=loud, what="an answer")
        await ada.voice(b"for everybody", to=loud)
        assert len(quick.world.places[loud.chat.id].from_bot()) == 2

        await ada.says(f"@{BOT.username}", to=loud, reply=await voice_message(ada, loud))
        await ada.sees(lambda m: m.video_note, at=loud, what="the video in the group")
        assert len(quick.world.places[quiet.chat.id].from_bot()) == 1


async def voice_message(person: Person, group: Group):
    """Find the voice that somebody has sent to a group."""
    place = person.world.places[group.chat.id]
    return next(m for m in place.messages.values() if m.voice is not None)


async def test_a_job_of_a_group_is_cancelled_by_who_asked_for_it(quick: Server, tmp_path: Path):
    async with bot_in(tmp_path, quick) as house:
        ada, ben = await regular(quick, "Ada"), await regular(quick, "Ben")
        group = Group.of(quick, privacy=False)
        await ada.voice(b"hang on", to=group)
        await ada.says(f"@{BOT.username}", to=group, reply=await voice_message(ada, group))
        progress = await ada.reads("Your talking video", at=group)
        (cancel,) = buttons_of(progress)
        assert "Only the person" in await ben.is_answered(ben.presses(cancel.callback_data or "", progress))
        query = ada.presses(cancel.callback_data or "", progress)
        assert "Cancelled" in await ada.is_answered(query)
        house.artist.released.set()
        await ada.reads("Cancelled.", at=group)
        assert not quick.calls("sendVideoNote")


async def test_of_an_album_the_first_face_is_drawn(quick: Server, tmp_path: Path):
    """Photos sent together are one question with one answer; when none shows a face, that is said once."""
    async with bot_in(tmp_path, quick):
        ada = await newcomer(quick)
        await ada.album(b"no face 1", b"no face 2", b"my selfie", b"another", files=True)
        await ada.reads("the first")
        await ada.press("1. Webtoon", await ada.gets("photo"))
        sticker = await ada.gets("sticker")
        await ada.reads("Here you are!")
        await ada.album(b"no face 3", b"no face 4", files=True)
        await ada.reads("I see no face")
        await ada.says("/queue")
        await ada.reads("You are not waiting for anything")
        assert len(quick.calls("sendPhoto")) == len(quick.calls("sendSticker")) == 1, sticker
        assert sum("I see no face" in said(m) for m in ada.place.from_bot()) == 1, ada.transcript()


async def test_every_kind_of_sound_is_a_voice(quick: Server, tmp_path: Path):
    async with bot_in(tmp_path, quick):
        ada = await regular(quick)
        talk = made_files()["talk.mp4"]
        await ada.audio(b"ID3 song")
        await hears(ada)
        await ada.video(talk)
        await hears(ada)
        await ada.video_note(talk)
        await hears(ada)
        await ada.document(b"fLaC", "voice.flac", "audio/flac")
        await hears(ada)
