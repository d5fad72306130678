"""People on Telegram whose characters SadTalker lets speak: several at once, or nobody where it is missing.

Pictures come from a fake artist, voices go to the real engine, whose networks are small.
"""

import asyncio
import io
import logging
import threading
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from bot.app import App, engine_artist
from bot.artist import Artist, EngineArtist, Made, Saying
from bot.dialogue.replies import Said
from bot.kinds import JobKind, Manner
from engine.character import to_json
from engine.engine import Engine
from engine.progress import Progress, silent
from engine.talking.animator import TalkingEngine
from engine.worker import EngineThread
from storage import jobs
from storage.models import Job, JobState
from tests.bot.house import settings_in
from tests.e2e.telegram.artist import FilesArtist
from tests.e2e.telegram.command import ENGINE_SECONDS
from tests.e2e.telegram.house import bot_in, hears, newcomer, regular
from tests.e2e.telegram.person import Person, said
from tests.e2e.telegram.server import Server
from tests.engine.talking.sadtalker import small

RATE = 16_000
SECONDS = 0.36
SHIRTS = ((200, 60, 60), (60, 150, 60), (60, 60, 200))


def spoken(hertz: float) -> bytes:
    """A voice note: a tone that swells and ebbs."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    sound = 8_000 * np.sin(2 * np.pi * hertz * time) * np.hanning(len(time))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, RATE, len(time), "NONE", ""))
        writer.writeframes(sound.astype("<i2").tobytes())
    return file.getvalue()


def pictures(video: bytes) -> np.ndarray:
    with av.open(io.BytesIO(video)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)]).astype(int)


class Speakers(FilesArtist):
    """Draws everybody in a shirt of their own; the real engine lets them speak."""

    def __init__(self, real: Artist) -> None:
        super().__init__()
        self.real = real
        self.drawn: list[dict[str, bytes]] = []
        self.asked = 0  # talks that the engine has been asked for

    def at_once(self, kind: JobKind, style: str | None) -> int:
        return self.real.at_once(kind, style) if kind == JobKind.SPEAK else 1

    def remarks(self) -> tuple[Said, ...]:
        return self.real.remarks()

    async def draw(self, photo: bytes, style: str, seed: int, progress: Progress) -> Made:
        made = await super().draw(photo, style, seed, progress)
        character, picture = small.round_face(SHIRTS[len(self.drawn)]), io.BytesIO()
        Image.fromarray(character.drawing).save(picture, "PNG")
        files = {"character.json": to_json(character).encode(), "drawing.png": picture.getvalue()}
        self.drawn.append(files)
        return replace(made, files={**made.files, **files})

    async def speak(self, saying: Saying, progress: Progress) -> Made:
        self.asked += 1
        return await self.real.speak(saying, progress)


async def talks(app: App) -> list[Job]:
    """Talks that were asked for, the oldest first."""
    async with app.database.reading() as work:
        return [job for job in reversed(await jobs.newest(work, None, 20)) if job.kind == JobKind.SPEAK]


@pytest.mark.long
@pytest.mark.usefixtures("one_thread")
async def test_three_voices_that_wait_are_drawn_together_each_as_alone(
    quick: Server, tmp_path: Path, monkeypatch, caplog, tmp_path_factory
):
    pytest.importorskip("torch", reason="the extra neural is not installed")
    weights = tmp_path_factory.mktemp("small")
    small.write_files(weights)
    small.place(weights, monkeypatch)
    caplog.set_level(logging.DEBUG, "engine.talking.sadtalker")
    with EngineThread(lambda: Engine(talking=TalkingEngine.SADTALKER)) as thread:
        artist = Speakers(real := EngineArtist(thread, tmp_path / "scratch", TalkingEngine.SADTALKER))
        async with bot_in(tmp_path, quick, artist) as bot:
            people = [await regular(quick, name) for name in ("Ada", "Ben", "Cho")]
            busy = await newcomer(quick, "Dee")
            await busy.document(b"hang", "selfie.jpg", "image/jpeg")
            await busy.reads("")
            voices = [spoken(hertz) for hertz in (110, 160, 230)]
            for number, (person, voice) in enumerate(zip(people, voices, strict=True), start=1):
                await person.voice(voice)
                while len(await talks(bot.app)) < number:
                    await asyncio.sleep(0.02)
            assert {job.state for job in await talks(bot.app)} == {JobState.WAITING}
            gate = threading.Event()
            thread.submit(lambda engine, report: gate.wait(60))
            artist.released.set()
            while artist.asked < len(voices):
                await asyncio.sleep(0.02)
            gate.set()
            got = [person.file(await person.gets("video_note", ENGINE_SECONDS)).content for person in people]
            asked = await talks(bot.app)
        batches = [record.getMessage() for record in caplog.records if "talks" in record.msg]
        assert batches
        for frames in batches[:-1] or batches:  # one voice may be a frame longer than the others
            assert frames.endswith("of 3 talks"), "they went through the networks at once"
        caplog.clear()
        for job, character, voice, video in zip(asked, artist.drawn, voices, got, strict=True):
            alone = await real.speak(Saying(character, voice, Manner(), None, job.seed), silent)
            assert np.abs(pictures(video) - pictures(alone.files["note.mp4"])).max() <= 4
        assert not any("of 3 talks" in record.getMessage() for record in caplog.records)
    shirts = [pictures(video)[0, -100:, 240:270].mean(axis=(0, 1)) for video in got]
    assert [int(colour.argmax()) for colour in shirts] == [0, 1, 2], "everybody got their own"


async def test_without_its_weights_operators_are_told_and_people_hear_their_voice_all_the_same(
    quick: Server, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(tmp_path / "none"))
    with engine_artist(settings_in(tmp_path), TalkingEngine.SADTALKER) as real:
        ann = Person(quick, "Ann")
        async with bot_in(tmp_path, quick, Speakers(real), operators=str(ann.user.id)):
            ben = await regular(quick, "Ben")
            await ben.voice(spoken(110))
            await hears(ben)
            await ann.says("/stats")
            told = said(await ann.reads("People: 1"))
    assert "made by warp instead of sadtalker" in told
    assert "A model file is missing" in told or "neural parts" in told
    assert not any("warp" in said(m) or "model" in said(m) for m in ben.place.from_bot())
