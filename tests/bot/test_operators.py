"""Operators shut somebody out and let them in again, and see how the bot is."""

from pathlib import Path

from bot.dialogue import Reply
from bot.dialogue.events import CommandGiven
from storage import jobs
from storage.models import JobState
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, running
from tests.waiting import until


async def test_a_blocked_person_is_not_answered_and_not_served(tmp_path: Path):
    frontend, artist = FakeFrontend(), FakeArtist()
    async with running(tmp_path, artist, frontend) as app:

        async def operator(command: str, argument: str = "") -> str:
            return Reply("en", await app.operators.answer("fake", command, argument)).text

        ann, ben = Human(app, frontend, "ann"), Human(app, frontend, "ben")
        await ann.agree()
        await ben.agree()
        frontend.reaches = lambda address: False
        await ann.photo()
        await until(lambda: artist.done)
        await ann.photo(b"slow")
        await ann.photo(b"another")
        await until(artist.working.is_set)  # what was made of the first photo waits to be delivered
        assert "ann is blocked" in await operator("block", " ann ")
        frontend.reaches = lambda address: True
        await ann.idle()
        assert await ann.do(CommandGiven("start")) == ()
        assert ann.files() == []
        assert await ben.do(CommandGiven("help"))

        said = await operator("stats")
        assert "People: 2, blocked: 1" in said
        assert "1 done, 0 failed, 2 cancelled" in said
        assert "ann: 3 jobs" in said
        assert "ben" not in said

        assert "may write" in await operator("unblock", "ann")
        assert "was not blocked" in await operator("unblock", "ann")
        assert await ann.do(CommandGiven("start"))
        for nonsense in ("", "two words", "x" * 65):
            assert "Say whom" in await operator("block", nonsense)
        async with app.database.reading() as work:
            states = [str(job.state) for job in await jobs.newest(work, None, 9)]
            assert states == [JobState.CANCELLED, JobState.CANCELLED, JobState.DONE]
