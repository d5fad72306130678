"""What goes wrong in a conversation: failures, limits, cancelled jobs, strangers, dead lines, restarts."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.artist import Made
from bot.dialogue.events import CommandGiven, PhotoReceived
from bot.frontend import NotDelivered, Unreachable
from bot.settings import QueueSettings
from bot.uploads import UPLOAD_BYTES
from storage import deliveries, jobs, people
from storage.models import JobState, Purpose
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, kept, running
from tests.measures import SOON
from tests.waiting import until


async def test_what_cannot_be_drawn_is_told_and_forgotten(ann: Human):
    await ann.agree()
    await ann.photo(b"no face")
    await ann.idle()
    assert ann.said() == [
        "I see no face in this photo: send one where your face looks towards the camera, in good light."
    ]
    assert (await ann.person()).photo_id is None


async def test_three_failures_are_told_and_the_next_job_goes_on(app: App, ann: Human):
    bob = Human(app, ann.frontend, "bob")
    await ann.agree()
    await bob.agree()
    await ann.photo(b"fail")
    await bob.photo()
    await asyncio.gather(ann.idle(), bob.idle())
    assert len(ann.said()) == 1
    assert "(id " in ann.said()[0]
    assert bob.files() == ["preview.jpg"]
    async with app.database.reading() as work:
        (job,) = await jobs.newest(work, JobState.FAILED, 5)
    assert (job.attempts, job.error) == (3, "EngineError: told to fail")
    assert job.id in ann.said()[0]


async def test_cancel_of_a_running_job_is_seen_at_once_and_nothing_comes_after(
    artist: FakeArtist, ann: Human
):
    await ann.has_character()
    seen = len(ann.said())
    (reply,) = await ann.voice(b"slow voice")
    await until(artist.working.is_set)
    started = time.monotonic()
    (answer,) = await ann.press("Cancel", [reply])
    assert time.monotonic() - started < SOON
    assert answer.text == "Cancelled."
    await until(lambda: not artist.working.is_set())
    assert 0 < artist.stopped_at - started < SOON, "the engine stops too"
    await ann.voice(b"another voice")
    await ann.idle()
    assert len(ann.said()) == seen + 1, "the second talk has come, and nothing of the first"
    assert ann.frontend.shown[-1][2].startswith(b"talk.mp4 of another voice")
    (again,) = await ann.press("Cancel", [reply])
    assert again.text == "There is nothing to cancel any more."


class CancelledAtTheEnd(FakeArtist):
    """Has made everything when its job is cancelled."""

    async def _make(self, *about: Any) -> Made:
        made = await super()._make(*about)
        await self.then()
        return made

    async def then(self) -> None:
        """What happens when a job's files are made."""


async def test_a_job_that_is_cancelled_at_its_very_end_leaves_no_file(tmp_path: Path, frontend: FakeFrontend):
    artist = CancelledAtTheEnd()
    async with running(tmp_path, artist, frontend) as app:
        ann = Human(app, frontend, "ann")
        await ann.agree()

        async def cancel() -> None:
            await ann.do(CommandGiven("cancel"))

        artist.then = cancel  # type: ignore[method-assign]
        await ann.photo()
        await until(lambda: artist.done)
        await ann.idle()
        async with asyncio.timeout(20):
            while {stored.key for stored in await app.blobs.stored()} != {
                blob.key for blob in await kept(app)
            }:
                await asyncio.sleep(0.01)
        assert ann.files() == []


async def test_nobody_else_presses_ones_buttons(app: App, artist: FakeArtist, ann: Human):
    await ann.has_character()
    (waiting,) = await ann.voice(b"hang on")
    eve = Human(app, ann.frontend, "eve")
    await eve.agree()
    shown = [*ann.frontend.to("ann"), waiting]
    for reply in shown:
        for button in (b for row in reply.buttons for b in row):
            answers = await eve.press(button.label, [reply])
            assert all(answer.media is None for answer in answers), button.label
            texts = " ".join(answer.text for answer in answers)
            refusals = ("does not work", "Only the person who asked", "not have that photo")
            assert any(word in texts for word in refusals)
    artist.released.set()
    await ann.idle()
    assert ann.files()[-1] == "talk.mp4"
    assert eve.files() == []


async def test_the_same_update_twice_is_one_job(app: App, ann: Human):
    await ann.agree()
    assert len(await ann.photo(event_id="update-7")) == 1
    assert await ann.photo(event_id="update-7") == ()
    await ann.idle()
    assert ann.files() == ["preview.jpg"]
    assert len([blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO]) == 1
    assert {stored.key for stored in await app.blobs.stored()} == {blob.key for blob in await kept(app)}


async def test_too_large_files_are_refused(ann: Human, tmp_path: Path):
    await ann.agree()
    (reply,) = await ann.photo(bytes(UPLOAD_BYTES + 1))
    assert reply.text == "This file is too large: at most 20 MB."
    assert not (tmp_path / "blobs").exists()


async def test_blocked_people_get_no_answer_and_leave_nothing(app: App, ann: Human):
    async def must_not_load() -> bytes:
        raise AssertionError("loaded for somebody who is shut out")

    async def block(name: str) -> None:
        async with app.database.writing() as work:
            await people.block(work, "fake", name, 1.0)

    async def load_while_being_blocked() -> bytes:
        await block("bob")
        return b"photo"

    bob = Human(app, ann.frontend, "bob")
    await bob.agree()
    assert await app.service.handle(bob.who, PhotoReceived(), load_while_being_blocked) == ()
    assert await app.service.handle(bob.who, PhotoReceived(), must_not_load) == ()
    assert await app.blobs.stored() == []
    await block("ann")
    assert await ann.do(CommandGiven("start")) == ()
    async with app.database.writing() as work:
        assert await people.find(work, "fake", "ann") is None
        assert await people.unblock(work, "fake", "ann")
    assert len(await ann.do(CommandGiven("start"))) == 1


async def test_a_file_that_is_gone_is_none_and_no_fault(app: App, ann: Human):
    await ann.has_character()
    (_, entry) = await ann.do(CommandGiven("characters"))
    assert await app.service.content(ann.who, entry.media.render)
    await app.blobs.delete_person((await ann.person()).id)
    assert await app.service.content(ann.who, entry.media.render) is None


async def test_limits_are_told_in_words_and_leave_no_file(tmp_path: Path, frontend: FakeFrontend):
    limits = QueueSettings(_env_file=None, jobs_per_day=4)
    async with running(tmp_path / "small", FakeArtist(), frontend, limits=limits) as app:
        ann = Human(app, frontend, "ann")
        await ann.has_character()
        texts = [(await ann.voice(b"slow"))[0].text for _ in range(3)]
        assert texts[2] == "You have reached today's 4 jobs. Come back tomorrow!"
        await ann.do(CommandGiven("cancel"))
        assert [blob for blob in await kept(app) if blob.purpose == Purpose.VOICE] == []


async def test_a_message_that_was_not_taken_is_tried_again_and_nothing_overtakes_it(
    ann: Human, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.courier.FIRST_WAIT", 0.1)
    await ann.agree()
    refusals = iter([NotDelivered(0.1), NotDelivered(0.1)])

    def refuse_twice() -> None:
        if (refusal := next(refusals, None)) is not None:
            raise refusal

    ann.frontend.before = refuse_twice
    await ann.photo()
    await ann.photo(b"no face")
    await ann.idle()
    assert ann.files() == ["preview.jpg"]
    assert "I see no face" in ann.said()[1]


async def test_who_cannot_be_reached_is_left_alone_and_their_voice_not_kept(app: App, ann: Human):
    await ann.has_character()
    shown, tries = ann.files(), []

    def unreachable() -> None:
        tries.append(1)
        raise Unreachable

    ann.frontend.before = unreachable
    await ann.voice()
    await ann.idle()
    assert (ann.files(), len(tries)) == (shown, 1)
    assert [blob for blob in await kept(app) if blob.purpose == Purpose.VOICE] == []


async def test_a_file_asked_for_twice_comes_once(ann: Human):
    await ann.has_character()
    await ann.voice()
    await ann.idle()

    ann.frontend.reaches = lambda address: False
    for _ in range(3):
        await ann.press("As a round video")
    async with ann.app.database.reading() as work:
        assert await deliveries.undelivered(work, (await ann.person()).id) == 1


async def test_when_nobody_knows_whether_it_arrived_the_person_is_asked(ann: Human):
    await ann.agree()
    troubles = iter([TimeoutError("the line went dead")])

    def line_goes_dead() -> None:
        if (trouble := next(troubles, None)) is not None:
            raise trouble

    ann.frontend.before = line_goes_dead
    await ann.photo()
    await ann.idle()
    assert ann.files() == []
    assert "do not know whether" in ann.said()[0]
    await ann.press("Show result")
    await ann.idle()
    assert ann.files() == ["preview.jpg"]
    (answer,) = await ann.press("Show result")
    assert "already" in answer.text


async def test_a_job_that_is_interrupted_by_a_stop_goes_on_after_it(tmp_path: Path, frontend: FakeFrontend):
    """SIGTERM and start again: the job is done, and the interruption was no attempt."""
    artist = FakeArtist()
    async with running(tmp_path / "house", artist, frontend) as app:
        ann = Human(app, frontend, "ann")
        await ann.has_character()
        artist.stage_seconds = 20.0
        (reply,) = await ann.voice()
        await until(artist.working.is_set)
    async with running(tmp_path / "house", FakeArtist(), frontend) as app:
        again = Human(app, frontend, "ann")
        await again.idle()
        assert again.files()[-1] == "talk.mp4"
        async with app.database.reading() as work:
            job = await jobs.get(work, reply.job or "")
            assert job is not None
            assert (job.state, job.attempts) == (JobState.DONE, 1)


async def test_a_photo_that_cannot_be_fetched_changes_nothing(app: App, ann: Human, tmp_path: Path):
    await ann.agree()

    async def line_goes_dead() -> bytes:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await app.service.handle(ann.who, PhotoReceived(), line_goes_dead)
    assert not (tmp_path / "blobs").exists()
    assert (await ann.person()).photo_id is None
