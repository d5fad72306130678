"""Whole conversations with the real engine: every attachment is opened and measured."""

import io
from collections.abc import Iterator
from pathlib import Path

import av
import discord
import numpy as np
import pytest
from PIL import Image

from bot.app import engine_artist
from bot.artist import Artist
from engine.talking.animator import TalkingEngine
from engine.weights import locate
from tests.bot.house import settings_in
from tests.e2e.discord.world import World, discord_world, options_of, server
from tests.e2e.scene import CORNER, SKY, hums, lies_before, says_words, sound_seconds
from tests.samples import SAMPLE_VOICE

DISCORD_TAKES = 10 * 2**20  # bytes of a file


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Artist]:
    with engine_artist(settings_in(tmp_path), TalkingEngine.WARP) as artist:
        yield artist


async def picture(message: discord.Message, name: str) -> Image.Image:
    """The picture of a message, within what Discord takes."""
    [file] = message.attachments
    assert file.filename == name
    assert file.size <= DISCORD_TAKES
    assert file.description
    return Image.open(io.BytesIO(await file.read()))


async def check_talk(message: discord.Message, seconds: float) -> None:
    """A video that Discord's clients play where it stands: H.264 in yuv420p with AAC, the voice's length."""
    [file] = message.attachments
    assert file.filename == "talk.mp4"
    assert file.content_type == "video/mp4"
    assert file.size <= DISCORD_TAKES
    with av.open(io.BytesIO(await file.read()), "r") as video:
        [seen], [heard] = video.streams.video, video.streams.audio
        assert (seen.codec_context.name, seen.pix_fmt) == ("h264", "yuv420p")
        assert (seen.width, seen.height, seen.average_rate) == (512, 512, 25)
        assert heard.codec_context.name == "aac"
        assert (video.duration or 0) / av.time_base == pytest.approx(seconds, abs=0.1)


async def selfie_to_character(world: World, ann, style: int) -> None:
    await world.agrees(ann)
    await world.photo(ann, locate("astronaut.png").read_bytes(), "selfie.png")
    await world.idle(ann, seconds=120)
    preview = world.direct(ann)[-1]
    sheet = await picture(preview, "preview.jpg")
    assert sheet.format == "JPEG"
    assert min(sheet.size) >= 256
    assert [option.label[:3] for option in options_of(preview)][:2] == ["1. ", "2. "]
    await ann.select(preview, [options_of(preview)[style].value])
    await world.idle(ann, seconds=120)
    sticker = await picture(world.direct(ann)[-1], "sticker.png")
    assert (sticker.format, sticker.mode) == ("PNG", "RGBA")
    assert sticker.size == (512, 512)
    assert sticker.getextrema()[3] == (0, 255)  # drawn on nothing


@pytest.mark.timeout(600)
@pytest.mark.long
async def test_selfie_style_and_voice_message(tmp_path: Path, engine: Artist):
    async with discord_world(tmp_path, engine, house=None) as world:
        ann = world.env.create_user("ann")
        await selfie_to_character(world, ann, 0)
        await ann.click(world.direct(ann)[-1], label="Settings")
        await ann.click(world.direct(ann)[-1], label="Voice effect")
        await ann.click(world.direct(ann)[-1], label="Robot")
        sky = io.BytesIO()
        Image.new("RGB", (900, 600), SKY).save(sky, "PNG")
        await ann.slash("background", picture=("sky.png", sky.getvalue()))
        await world.idle(ann, seconds=120)
        scene = np.asarray(await picture(world.direct(ann)[-1], "scene.jpg")).astype(int)
        assert np.abs(scene[CORNER] - SKY).max() <= 6
        assert scene[200:300, 200:300].std() > 10, "the character before it"
        await ann.slash("caption", words="Hello! 안녕하세요")
        await world.voice_message(ann, SAMPLE_VOICE.read_bytes())
        await world.idle(ann, seconds=120)
        talk = world.direct(ann)[-1]
        await check_talk(talk, sound_seconds(SAMPLE_VOICE))
        video = await talk.attachments[0].read()
        assert lies_before(video, SKY)
        assert says_words(video)
        assert hums(video)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_restart_and_a_server(tmp_path: Path, engine: Artist):
    """A character in direct messages, a restart while it speaks, two people at once in a server."""
    async with discord_world(tmp_path, engine, house=None) as world:
        channel, ann, ben = server(world, "ann", "ben")
        await selfie_to_character(world, ann.user, 1)
        await world.voice_message(ann.user, SAMPLE_VOICE.read_bytes())
        await world.until(lambda: "moving the face" in world.direct(ann.user)[-1].content, 120)
        await world.restart()
        await world.idle(ann.user, seconds=180)
        await check_talk(world.direct(ann.user)[-1], sound_seconds(SAMPLE_VOICE))

        await selfie_to_character(world, ben.user, 0)
        voice = ("voice.ogg", SAMPLE_VOICE.read_bytes())
        said = [await member.slash(channel, "say", voice=voice) for member in (ann, ben)]
        await world.idle(ann.user, ben.user, seconds=180)
        talks = world.said_in(channel.id, to=ben)
        assert [talk.id for talk in talks] == [one.response.id for one in said]
        for talk in talks:
            await check_talk(talk, sound_seconds(SAMPLE_VOICE))
        gallery = await ann.slash(channel, "gallery")
        [entries] = gallery.followups
        sticker = await picture(entries.message, "sticker.webp")
        assert sticker.format == "WEBP"
