"""Direct messages: from a selfie to a talking video, with the real library on an in-memory Discord."""

from pathlib import Path

from tests.bot.fake_artist import FakeArtist
from tests.e2e.discord.world import discord_world, labels_of, options_of


async def test_from_hello_to_a_talking_video(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        ann = world.env.create_user("ann")
        await ann.send_dm("hello")
        greeting = world.direct(ann)[-1]
        assert "Is that all right with you?" in greeting.content
        await ann.click(greeting, label="I agree")
        assert "Send me a selfie" in world.direct(ann)[-1].content
        await world.photo(ann)
        await world.idle(ann)
        print(world.env.transcript())
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
