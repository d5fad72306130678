"""Drawings that the engine makes side by side are taken from the queue together, and stay everybody's own."""

from collections.abc import Sequence
from pathlib import Path

from bot.app import App
from bot.artist import PREVIEW_FILE, Made
from bot.dialogue.events import CommandGiven
from engine.progress import Progress, Stage
from storage import jobs
from storage.models import JobState
from tests.bot.fake_artist import FakeArtist, NoFace
from tests.bot.house import FakeFrontend, Human, running
from tests.waiting import until


class Studio(FakeArtist):
    """Draws up to four side by side; each drawing waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.together = 4
        self.begun: list[bytes] = []
        self.free: set[bytes] = set()

    async def preview(self, photo: bytes, seed: int, progress: Progress) -> Made:
        return await self._make((PREVIEW_FILE,), b"page", progress, (Stage.DRAW,))

    def _go_through(self, given: bytes, progress: Progress, stages: tuple[Stage, ...]) -> None:
        if given != b"page":
            self.begun.append(given)
            while given not in self.free:
                progress(Stage.DRAW, 0.5)
                self.released.wait(0.01)
            if given.startswith(b"no face"):
                raise NoFace("told to find none")
        super()._go_through(given, progress, stages)

    async def drawing(self, count: int) -> list[bytes]:
        """Wait until so many drawings were begun."""
        await until(lambda: len(self.begun) >= count)
        return self.begun


async def waiting_behind(studio: Studio, first: Human, others: Sequence[tuple[Human, bytes, str]]) -> None:
    """Let `first` be drawn, and the others press their style's button meanwhile."""
    for human, photo in ((first, b"first"), *((human, photo) for human, photo, _ in others)):
        await human.agree()
        await human.photo(photo)
        await human.idle()
    await first.press("Webtoon")
    await studio.drawing(1)
    for human, _, style in others:
        await human.press(style)


def met(app: App, frontend: FakeFrontend, *names: str) -> list[Human]:
    return [Human(app, frontend, name) for name in names]


async def test_several_people_are_drawn_side_by_side_and_one_who_cancels_leaves_the_others(tmp_path: Path):
    frontend, studio = FakeFrontend(), Studio()
    async with running(tmp_path, studio, frontend) as app:
        ann, bob, cho, dee, eve = met(app, frontend, "ann", "bob", "cho", "dee", "eve")
        others = [(bob, b"b", "Webtoon"), (cho, b"c", "Pencil"), (dee, b"no face d", "Webtoon")]
        await waiting_behind(studio, ann, [*others, (eve, b"e", "Webtoon")])
        assert studio.begun == [b"first"], "who comes later is not drawn beside who has begun"
        studio.free.add(b"first")
        assert sorted(await studio.drawing(4)) == [b"b", b"e", b"first", b"no face d"]
        async with app.database.reading() as work:
            (waits,) = await jobs.live(work, (await cho.person()).id)
            assert waits.state == JobState.WAITING, "another style has its own turn"

        await bob.do(CommandGiven("cancel"))
        await bob.idle()
        studio.free |= {b"no face d", b"e", b"c"}
        for human in (ann, cho, dee, eve):
            await human.idle()
        assert studio.begun[4:] == [b"c"]
        drawn = [human.who.address for human in (ann, bob, cho, dee, eve) if "sticker.webp" in human.files()]
        assert drawn == ["ann", "cho", "eve"]
        assert any("I see no face" in text for text in dee.said())


async def test_a_stop_gives_all_of_them_back_and_none_counts_as_an_attempt(tmp_path: Path):
    frontend, studio = FakeFrontend(), Studio()
    async with running(tmp_path, studio, frontend) as app:
        ann, bob, cho = met(app, frontend, "ann", "bob", "cho")
        await waiting_behind(studio, ann, [(bob, b"b", "Webtoon"), (cho, b"c", "Webtoon")])
        studio.free.add(b"first")
        await studio.drawing(3)
    studio.free |= {b"b", b"c"}
    async with running(tmp_path, studio, frontend) as app:
        for human in met(app, frontend, "bob", "cho"):
            await human.idle()
            assert "sticker.webp" in human.files()
        async with app.database.reading() as work:
            drawings = [job for job in await jobs.newest(work, None, 10) if job.kind == "draw"]
        assert [(job.state, job.attempts) for job in drawings] == [(JobState.DONE, 1)] * 3
