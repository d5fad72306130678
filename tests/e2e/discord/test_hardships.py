"""What goes wrong on Discord: late answers, ended interactions, restarts, closed doors, doubts."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.frontends.discord import PLATFORM
from bot.frontends.discord.chat import Timing
from bot.settings import DiscordSettings
from storage import people
from storage.ids import new_id
from storage.models import Character, Delivery
from tests.bot.fake_artist import FakeArtist
from tests.e2e.discord.test_servers import agrees, has_character
from tests.e2e.discord.world import FAST, World, discord_world, labels_of, options_of, server


def files(message) -> list[str]:
    return [file.filename for file in message.attachments]


async def states(world: World, user) -> list[tuple[str, str]]:
    """(part, state) of everything that was delivered to somebody, in order."""
    async with world.app.database.reading() as work:
        person = await people.find(work, PLATFORM, str(user.id))
        assert person is not None
        found = await work.session.scalars(
            select(Delivery).where(Delivery.person_id == person.id).order_by(Delivery.number)
        )
        return [(delivery.part, str(delivery.state)) for delivery in found]


async def test_an_answer_that_comes_too_late_is_given_as_a_direct_message(tmp_path: Path):
    """Discord waits 3 s; after that the command still does what it should."""
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann = server(world, "ann")
        await agrees(world, channel, ann)
        late = {"status": 404, "code": 10062, "message": "Unknown interaction"}
        world.env.inject_error("POST", "/interactions/*/callback", **late)
        result = await ann.slash(channel, "character", photo=("selfie.jpg", b"my photo"))
        await world.idle(ann)
        assert not result.acknowledged
        assert files(world.direct(ann.user)[-1]) == ["preview.jpg"]


async def test_a_private_job_that_outlasts_its_interaction_ends_in_direct_messages(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        channel, ann, ben = server(world, "ann", "ben")
        await agrees(world, channel, ann)
        shown = await ann.slash(channel, "character", photo=("selfie.jpg", b"hang"))
        await world.env.advance_time(15 * 60)
        artist.released.set()
        await world.idle(ann)
        assert files(world.direct(ann.user)[-1]) == ["preview.jpg"]
        assert files(shown.response) == []
        assert world.said_in(channel.id, to=ben) == []


async def test_an_open_job_that_outlasts_its_interaction_ends_in_the_channel(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        channel, ann, ben = server(world, "ann", "ben")
        await has_character(world, channel, ann)
        await ann.slash(channel, "say", voice=("voice.ogg", b"hang"))
        await world.env.advance_time(15 * 60)
        artist.released.set()
        await world.idle(ann)
        [talk] = world.said_in(channel.id, to=ben)
        assert files(talk) == ["talk.mp4"]
        assert [user.id for user in talk.mentions] == [ann.id]


async def test_a_result_comes_although_its_progress_was_deleted(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        channel, ann, ben = server(world, "ann", "ben")
        await has_character(world, channel, ann)
        said = await ann.slash(channel, "say", voice=("voice.ogg", b"hang"))
        world.env.backend.delete_message(channel.id, said.response.id)
        artist.released.set()
        await world.idle(ann)
        [talk] = world.said_in(channel.id, to=ben)
        assert files(talk) == ["talk.mp4"]


async def test_one_is_told_before_an_answer_ends(tmp_path: Path):
    artist = FakeArtist()
    soon = Timing(timedelta(seconds=1.5), FAST.pause, FAST.silence)
    async with discord_world(tmp_path, artist) as world:
        channel, ann = server(world, "ann")
        await agrees(world, channel, ann)
        await world.restart(soon)
        shown = await ann.slash(channel, "character", photo=("selfie.jpg", b"hang"))
        await world.until(lambda: "as a direct message" in shown.response.content)
        await world.env.advance_time(2)
        artist.released.set()
        await world.idle(ann)
        assert files(world.direct(ann.user)[-1]) == ["preview.jpg"]


async def test_a_restart_in_the_middle_of_a_job(tmp_path: Path):
    """The job is done after it; controls from before work; the commands are not sent again."""
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        artist.stage_seconds = 1.0
        await world.photo(ann)
        await world.until(lambda: "drawing" in world.direct(ann)[-1].content)
        progress = world.direct(ann)[-1]
        artist.stage_seconds = 0.0
        await world.restart()
        await world.until(lambda: any(files(message) == ["preview.jpg"] for message in world.direct(ann)))
        await world.idle(ann)
        assert progress.id not in [message.id for message in world.direct(ann)]
        await world.restart()
        [preview] = [message for message in world.direct(ann) if files(message) == ["preview.jpg"]]
        await ann.select(preview, [options_of(preview)[0].value])
        await world.idle(ann)
        sticker = world.direct(ann)[-1]
        assert files(sticker) == ["sticker.png"]
        await world.restart()
        await ann.click(sticker, label="My characters")
        assert "Webtoon" in world.direct(ann)[-1].content
        told = [r for r in world.env.http_requests if r.method == "PUT" and r.path.endswith("/commands")]
        assert len(told) == 1


async def test_what_was_sent_while_the_bot_was_away_is_answered_once(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        world.env.backend.create_message(ann.dm_channel.id, ann.id, "/language", broadcast=False)
        for _ in range(2):
            await world.restart()
            await world.env.settle()
            assert len([m for m in world.direct(ann) if "Which language" in m.content]) == 1


async def test_two_people_at_once(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist(stage_seconds=0.05)) as world:
        channel, ann, ben = server(world, "ann", "ben")
        await has_character(world, channel, ann)
        await has_character(world, channel, ben)
        anns = await ann.slash(channel, "say", voice=("voice.ogg", b"ann's voice"))
        bens = await ben.slash(channel, "say", voice=("voice.ogg", b"ben's voice"))
        await world.idle(ann, ben)
        for said, whose in ((anns, b"ann's voice"), (bens, b"ben's voice")):
            [talk] = said.response.attachments
            assert whose in await talk.read()


async def test_who_takes_no_messages_is_not_tried_again(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        await world.photo(ann, b"hang")
        closed = {"status": 403, "code": 50007, "message": "Cannot send messages to this user"}
        world.env.inject_error("POST", "/channels/*/messages", times=None, **closed)
        artist.released.set()
        await world.idle(ann)
        assert await states(world, ann) == [("preview.jpg", "refused")]


async def test_what_may_have_arrived_is_asked_about(tmp_path: Path):
    """An error of Discord's own tells nothing: the person is asked, and gets the result where they ask."""
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        await world.photo(ann, b"hang")
        world.env.inject_error("POST", "/channels/*/messages", status=500)
        artist.released.set()
        await world.idle(ann)
        asked = world.direct(ann)[-1]
        assert labels_of(asked) == ["Show result"]
        await ann.click(asked, label="Show result")
        await world.idle(ann)
        assert files(world.direct(ann)[-1]) == ["preview.jpg"]
        assert await states(world, ann) == [("preview.jpg", "sent"), ("ask", "sent")]


async def test_what_was_surely_not_taken_waits_for_its_next_try(tmp_path: Path):
    artist = FakeArtist()
    async with discord_world(tmp_path, artist) as world:
        ann = world.env.create_user("ann")
        await world.agrees(ann)
        await world.photo(ann, b"hang")
        world.env.inject_error("POST", "/channels/*/messages", status=429)
        artist.released.set()
        async with asyncio.timeout(20):
            while ("preview.jpg", "pending") not in await states(world, ann):
                await asyncio.sleep(0.02)


async def test_more_messages_than_a_user_install_may_get(tmp_path: Path):
    """Five follow-ups, then direct messages: nothing is lost."""
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann = server(world, "ann")
        await agrees(world, channel, ann)
        async with world.app.database.writing() as work:
            person = await people.find(work, PLATFORM, str(ann.id))
            assert person is not None
            work.session.add_all(
                Character(
                    id=new_id(), person_id=person.id, name=f"No {n}", style="webtoon", seed=0, created_at=n
                )
                for n in range(65)
            )
        shown = await ann.slash(channel, "gallery")
        told = [shown.response.content, *(message.content for message in shown.followups)]
        assert len(shown.followups) == 5
        told += [message.content for message in world.direct(ann.user)]
        assert all(any(f"No {n} " in text for text in told) for n in range(65))


async def test_operators_shut_somebody_out(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann, chief = server(world, "ann", "chief")
        await world.restart(settings=DiscordSettings(_env_file=None, discord_operators=str(chief.id)))
        await ann.slash(channel, "help")
        await chief.send_dm(f"/block {ann.id}")
        assert "is blocked" in world.direct(chief.user)[-1].content
        silent = await ann.slash(channel, "help")
        await world.env.advance_time(FAST.silence + 1)
        assert silent.response is None
        await ann.send_dm("hello")
        await ann.send_dm(f"/unblock {ann.id}")
        assert world.direct(ann.user) == []
        await chief.send_dm(f"/unblock {ann.id}")
        assert "/character" in (await ann.slash(channel, "help")).response.content


async def test_servers_that_are_not_listed_are_refused(tmp_path: Path):
    async with discord_world(tmp_path, FakeArtist()) as world:
        channel, ann = server(world, "ann")
        await world.restart(settings=DiscordSettings(_env_file=None, discord_guilds="1"))
        refused = await ann.slash(channel, "help")
        assert refused.ephemeral
        assert "not available" in refused.response.content
        await ann.user.slash("help")
        assert "selfie" in world.direct(ann.user)[-1].content
