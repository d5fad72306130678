"""Direct messages: from a selfie to a talking video, with the real library on an in-memory Discord."""

from pathlib import Path

import discord

from bot.dialogue.conversation import CAPTION_LENGTH
from bot.frontends.discord import PLATFORM
from bot.kinds import Effect, Manner
from bot.sentences import sentence
from storage import people
from tests.bot.fake_artist import FakeArtist
from tests.e2e.discord.world import discord_world, labels_of, options_of

NOT_PRIVILEGED = discord.Intents(guilds=True, dm_messages=True)


async def test_from_hello_to_a_talking_video(tmp_path: Path):
    """Nothing that Discord has to approve is needed."""
    async with discord_world(tmp_path, FakeArtist(), approved_intents=NOT_PRIVILEGED) as world:
        ann = world.env.create_user("ann")
        await ann.send_dm("hello")
        greeting = world.direct(ann)[-1]
        assert "Is that all right with you?" in greeting.content
        await ann.click(greeting, label="I agree")
        assert "Send me a selfie" in world.direct(ann)[-1].content
        await world.photo(ann)
        await world.idle(ann)
        preview = world.direct(ann)[-1]
        assert [file.filename for file in preview.attachments] == ["preview.jpg"]
        assert [option.label for option in options_of(preview)] == ["1. Webtoon", "2. Pencil"]
        await ann.select(preview, [options_of(preview)[0].value])
        await world.idle(ann)
        sticker = world.direct(ann)[-1]
        assert [file.filename for file in sticker.attachments] == ["sticker.png"]
        assert "voice note" in sticker.content
        await world.voice_message(ann, b"my voice")
        await world.idle(ann)
        talk = world.direct(ann)[-1]
        assert [file.filename for file in talk.attachments] == ["talk.mp4"]
        assert labels_of(talk)[:2] == ["As a round video", "As a moving sticker"]
        assert not [m for m in world.direct(ann) if "Cancel" in labels_of(m)]


async def test_in_korean_until_everything_is_forgotten(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        ann = world.env.create_user("ann")
        await world.has_character(ann)
        await ann.slash("language")
        await ann.click(world.direct(ann)[-1], label="한국어")
        assert "한국어로" in world.direct(ann)[-1].content
        (tmp_path / "blobs").rename(tmp_path / "moved")
        (tmp_path / "blobs").touch()  # a fault of ours
        await world.photo(ann)
        assert sentence("our-fault", "ko") in world.direct(ann)[-1].content
        (tmp_path / "blobs").unlink()
        (tmp_path / "moved").rename(tmp_path / "blobs")
        await ann.send_dm("/gallery")
        assert labels_of(world.direct(ann)[-1]) == ["이름 바꾸기", "지우기"]
        window = await ann.click(world.direct(ann)[-1], label="이름 바꾸기")
        assert window.modal["title"] == "이름 바꾸기"
        await ann.submit_modal(window, {window.modal["components"][0]["component"]["custom_id"]: "선장"})
        assert "선장" in world.direct(ann)[-1].content
        await ann.slash("delete")
        await ann.click(world.direct(ann)[-1], label="모두 지우기")
        assert "모두 지웠어요" in world.direct(ann)[-1].content
        async with world.app.database.reading() as work:
            assert await people.find(work, PLATFORM, str(ann.id)) is None


async def test_photos_together_are_tried_in_turn(tmp_path: Path):
    """One message with a sound and three photos: the first photo with a face is taken, once."""
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        sent = [("wall.jpg", b"no face"), ("v.mp3", b"a voice"), ("me.jpg", b"me"), ("you.jpg", b"you")]
        files = world.env.backend.store_attachments(ann.dm_channel.id, sent)
        await ann.send_dm("", attachments=files)
        await world.idle(ann)
        said = [message.content for message in world.direct(ann)]
        assert any("3 photos together" in text for text in said)
        assert any("I have your voice" in text for text in said)
        [preview] = [m for m in world.direct(ann) if m.attachments]
        assert b"preview.jpg of me" in await preview.attachments[0].read()
        assert artist.done == 1


async def test_settings_by_buttons_commands_and_a_window(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        ann = world.env.create_user("ann")
        await world.has_character(ann)
        await ann.slash("settings")
        window = await ann.click(world.direct(ann)[-1], label="Caption")
        field = window.modal["components"][0]["component"]
        assert (field["max_length"], field["style"]) == (CAPTION_LENGTH, 2)
        await ann.submit_modal(window, {field["custom_id"]: "Guten\nMorgen"})
        assert "Guten Morgen" in world.direct(ann)[-1].content
        await ann.slash("background", picture=("beach.jpg", b"beach"))
        await world.idle(ann)
        assert [file.filename for file in world.direct(ann)[-1].attachments] == ["scene.jpg"]
        await ann.slash("effect")
        await ann.click(world.direct(ann)[-1], label="Deeper")
        await world.voice_message(ann, b"my voice")
        await world.idle(ann)
        [(manner, picture)] = artist.spoken
        assert manner == Manner(effect=Effect.DEEPER, caption="Guten Morgen")
        assert picture is not None
        assert picture.startswith(b"background.jpg of beach")
        window = await ann.slash("caption")
        assert window.modal["title"] == "Caption"


async def test_what_is_no_photo_nor_voice_is_told_so(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        await world.photo(ann, b"%PDF", "paper.pdf")
        assert "cannot do anything with that" in world.direct(ann)[-1].content
        heavy = world.env.backend.store_attachments(ann.dm_channel.id, [("voice.mp3", b"sound")])
        await ann.send_dm("", attachments=[{**heavy[0], "size": 21_000_000}])
        assert "at most 20 MB" in world.direct(ann)[-1].content
        await world.photo(ann, b"no face")
        await world.idle(ann)
        assert "no face" in world.direct(ann)[-1].content
