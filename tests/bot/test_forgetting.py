"""Forget me: nothing is left, down to the bytes of the database and the files."""

import asyncio
import os
import time
from pathlib import Path

from bot.app import App
from bot.dialogue.events import CommandGiven, PhotoReceived, TextReceived
from storage import characters, people
from storage.database import Database
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, running, settings_in
from tests.measures import SOON
from tests.waiting import until


async def fill(app: App, frontend: FakeFrontend, name: str) -> list[str]:
    """Let somebody do everything; gives the strings that only they have brought about."""
    human = Human(app, frontend, name)
    await human.has_character()
    (_, entry) = await human.do(CommandGiven("characters"))
    await human.press("Rename", [entry])
    await human.do(TextReceived(f"character of {name}"))
    await human.voice(f"voice of {name}".encode())
    await human.idle()
    await human.photo(f"no face of {name}".encode())
    await human.idle()
    await human.do(CommandGiven("background", "picture"))
    await human.photo(f"{name} at the beach".encode())
    await human.do(CommandGiven("caption", f"caption of {name}"))
    await human.idle()
    person = await human.person()
    async with app.database.reading() as work:
        drawn = [portrait.character.id for portrait in await characters.gallery(work, person.id)]
    assert person.picture_id is not None
    mine = [f"character of {name}", f"caption of {name}", f"jpg of {name}"]
    return [name, person.id, person.picture_id, *mine, *drawn]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def names_in(folder: Path) -> str:
    return "\n".join(str(path) for path in folder.rglob("*"))


async def test_nothing_is_left_of_who_is_forgotten(tmp_path: Path):
    """Ten people do everything; every other one is forgotten; the database's bytes are searched."""
    frontend = FakeFrontend()
    async with running(tmp_path, FakeArtist(), frontend) as app:
        names = [f"person-number-{i:03d}-zq" for i in range(10)]
        traces = dict(zip(names, await asyncio.gather(*(fill(app, frontend, n) for n in names)), strict=True))
        await app.database.checkpoint()
        before = bytes_of(tmp_path)
        assert all(trace.encode() in before for name in names for trace in traces[name]), "all were there"
        for name in names[::2]:
            human = Human(app, frontend, name)
            (question,) = await human.do(CommandGiven("delete"))
            (answer,) = await human.press("Delete everything", [question])
            assert "forgotten" in answer.text
        paths = names_in(tmp_path)
        assert not any(trace in paths for name in names[::2] for trace in traces[name]), "files go at once"
    left = bytes_of(tmp_path)  # what was not erased yet is before the process stops
    for name in names[::2]:
        for trace in [*traces[name], f"voice of {name}", f"no face of {name}"]:
            assert trace.encode() not in left, f"{trace} is still in the files"
    for name in names[1::2]:
        assert all(trace.encode() in left for trace in traces[name]), "others are kept"


async def test_asks_once_and_no_means_no(tmp_path: Path):
    frontend = FakeFrontend()
    async with running(tmp_path, FakeArtist(), frontend) as app:
        ann = Human(app, frontend, "ann")
        await ann.has_character()
        (question,) = await ann.do(CommandGiven("delete"))
        (answer,) = await ann.press("Keep it", [question])
        assert answer.text.startswith("Nothing was deleted")
        (asked_again,) = await ann.press("Delete everything", [question])
        assert "Delete everything about you" in asked_again.text, "an old button only asks"
        assert (await ann.person()).character_id is not None


async def test_forgetting_stops_what_is_under_way(tmp_path: Path):
    """A running job's person is forgotten: nothing comes, nothing is left, and the next one is served."""
    frontend, artist = FakeFrontend(), FakeArtist()
    async with running(tmp_path, artist, frontend) as app:
        ann, ben = Human(app, frontend, "ann"), Human(app, frontend, "ben")
        await ann.has_character()
        await ben.agree()
        person, shown = (await ann.person()).id, len(ann.said())
        await ann.voice(b"slow voice")
        await until(artist.working.is_set)
        started = time.monotonic()
        (question,) = await ann.do(CommandGiven("delete"))
        await ann.press("Delete everything", [question])
        await until(lambda: not artist.working.is_set())
        assert 0 < artist.stopped_at - started < SOON
        await ben.photo()
        await ben.idle()
        assert ben.files() == ["preview.jpg"]
        assert len(ann.said()) == shown
        assert not (tmp_path / "blobs" / person).exists()


async def test_a_photo_that_was_on_its_way_is_not_kept(tmp_path: Path):
    """Its person is forgotten by another process while it is fetched: who sent it is a newcomer."""
    async with running(tmp_path, FakeArtist(), FakeFrontend()) as app:
        ann = Human(app, FakeFrontend(), "ann")
        await ann.agree()

        async def forgotten_meanwhile() -> bytes:
            async with app.database.writing() as work:
                person = await people.find(work, "fake", "ann")
                assert person is not None
                await people.forget(work, person)
            return b"my photo"

        (reply,) = await app.service.handle(ann.who, PhotoReceived(), forgotten_meanwhile)
        assert "I agree" in reply.buttons[0][0].label
        assert await app.blobs.stored() == []


async def test_a_crash_between_forgetting_and_erasing_is_made_good(tmp_path: Path):
    """Rows are gone, the process dies: the next one removes the files and the traces."""
    frontend = FakeFrontend()
    async with running(tmp_path, FakeArtist(), frontend) as app:
        traces = await fill(app, frontend, "person-number-007-zq")
        others = [await fill(app, frontend, f"another-{i}") for i in range(3)]
    database = await Database.open(settings_in(tmp_path).database)
    async with database.writing() as work:
        person = await people.find(work, "fake", "person-number-007-zq")
        assert person is not None
        await people.forget(work, person)
    await database.close()
    for path in (tmp_path / "blobs").rglob("*"):
        os.utime(path, (1, 1))  # long ago: beyond the grace of the sweep
    async with running(tmp_path, FakeArtist(), frontend) as app:
        async with asyncio.timeout(20):
            while any(
                trace.encode() in bytes_of(tmp_path) or trace in names_in(tmp_path) for trace in traces
            ):
                await asyncio.sleep(0.1)
        assert all(trace.encode() in bytes_of(tmp_path) for other in others for trace in other)
