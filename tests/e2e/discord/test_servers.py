"""Commands in a server: what is private stays so, what is said is for everybody, Cancel is the owner's."""

from pathlib import Path
from typing import Any

from tests.bot.fake_artist import FakeArtist
from tests.e2e.discord.world import World, discord_world, labels_of, options_of, server


async def agrees(world: World, channel: Any, member: Any) -> None:
    asked = await member.slash(channel, "privacy")
    assert asked.ephemeral
    asked = await member.slash(channel, "gallery")
    await member.click(asked.response, label="I agree")


async def has_character(world: World, channel: Any, member: Any) -> None:
    await agrees(world, channel, member)
    shown = await member.slash(channel, "character", photo=("selfie.jpg", b"my photo"))
    await world.idle(member)
    preview = shown.response
    drawn = await member.select(preview, [options_of(preview.message)[0].value])
    await world.idle(member)
    assert [file.filename for file in drawn.followups[0].attachments] == ["sticker.png"]


async def test_a_character_is_made_in_private(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann, ben = server(world, "ann", "ben")
        asked = await ann.slash(channel, "character", photo=("selfie.jpg", b"my photo"))
        assert asked.ephemeral
        assert "Is that all right with you?" in asked.response.content
        agreed = await ann.click(asked.response, label="I agree")
        assert "/character" in agreed.followups[0].content

        shown = await ann.slash(channel, "character", photo=("selfie.jpg", b"my photo"))
        await world.idle(ann)
        preview = shown.response
        assert [file.filename for file in preview.attachments] == ["preview.jpg"]
        drawn = await ann.select(preview, [options_of(preview.message)[1].value])
        await world.idle(ann)
        [sticker] = drawn.followups
        assert [file.filename for file in sticker.attachments] == ["sticker.png"]
        assert "/say" in sticker.content
        assert world.said_in(channel.id, to=ben) == []


async def test_everybody_sees_what_is_said(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        channel, ann, ben, cat = server(world, "ann", "ben", "cat")
        await has_character(world, channel, ann)
        said = await ann.slash(channel, "say", voice=("voice.ogg", b"hang"))
        assert not said.ephemeral
        [progress] = world.said_in(channel.id, to=cat)
        assert progress.id == said.response.id
        assert labels_of(progress) == ["Cancel"]

        refused = await ben.click(progress, label="Cancel")
        [word] = refused.followups
        assert word.ephemeral
        assert "Only the person" in word.content
        assert labels_of(world.said_in(channel.id, to=cat)[0]) == ["Cancel"]

        artist.released.set()
        await world.idle(ann)
        [talk] = world.said_in(channel.id, to=cat)
        assert talk.id == progress.id
        assert [file.filename for file in talk.attachments] == ["talk.mp4"]
        assert "Cancel" not in labels_of(talk)

        note = await ann.click(talk, label="As a round video")
        await world.idle(ann)
        [private] = note.followups
        assert [file.filename for file in private.attachments] == ["note.mp4"]
        assert private.ephemeral
        assert len(world.said_in(channel.id, to=cat)) == 1
        refused = await ben.click(talk, label="My characters")
        assert "does not work" in refused.followups[0].content


async def test_the_owner_cancels(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        channel, ann = server(world, "ann")
        await has_character(world, channel, ann)
        said = await ann.slash(channel, "say", voice=("voice.ogg", b"hang"))
        cancelled = await ann.click(said.response, label="Cancel")
        assert not cancelled.followups
        assert said.response.content == "Cancelled."
        artist.released.set()
        await world.idle(ann)
        assert said.response.content == "Cancelled."
        assert said.response.components == []


async def test_only_ones_own_voice_messages_are_said(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann, ben = server(world, "ann", "ben")
        await has_character(world, channel, ann)
        mine = await world.voice_message(ann, b"my voice", channel.id)
        others = await world.voice_message(ben, b"his voice", channel.id)
        words = await ben.send(channel, "hello")
        menu = "Make my character say this"
        for message, why in ((others, "somebody else"), (words, "not a voice message")):
            refused = await ann.context_menu(channel, menu, message)
            assert refused.ephemeral
            assert why in refused.response.content
        said = await ann.context_menu(channel, menu, mine)
        await world.idle(ann)
        assert not said.ephemeral
        assert [file.filename for file in said.response.attachments] == ["talk.mp4"]


async def test_the_gallery_is_one_message(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann = server(world, "ann")
        await has_character(world, channel, ann)
        again = await ann.slash(channel, "style")
        await world.idle(ann)
        await ann.select(again.response, [options_of(again.response.message)[1].value])
        await world.idle(ann)
        shown = await ann.slash(channel, "gallery")
        [entries] = shown.followups
        assert len(entries.attachments) == 2
        assert "1. " in entries.content
        assert "2. " in entries.content
        rename = next(
            row["components"][0]
            for row in entries.components
            if row["components"][0]["placeholder"] == "Rename"
        )
        window = await ann.select(entries, [rename["options"][0]["value"]], custom_id=rename["custom_id"])
        typed = window.modal["components"][0]["component"]["custom_id"]
        named = await ann.submit_modal(window, {typed: "Captain"})
        assert "Captain" in named.followups[0].content


async def test_commands_speak_korean_to_koreans(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        commands = {c["name"]: c for c in world.env.backend.commands[None].values()}
        assert set(commands) == {
            "character", "style", "say", "gallery", "settings", "feeling", "effect", "background", "caption",
            "language", "privacy", "delete", "queue", "help",
            "Make my character say this",
        }  # fmt: skip
        say = commands["say"]
        assert say["name_localizations"] == {"ko": "말하기"}
        assert say["options"][0]["name_localizations"] == {"ko": "음성"}
        assert commands["Make my character say this"]["name_localizations"] == {"ko": "내 캐릭터로 말하기"}
        for command in commands.values():
            assert sorted(command["integration_types"]) == [0, 1]
            assert sorted(command["contexts"]) == [0, 1, 2]
        assert not world.client.intents.message_content
        assert not world.client.intents.members
