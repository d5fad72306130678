"""Numbers: how soon people are answered while the engine works, and what an idle connection costs."""

import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app import SWITCH_SECONDS
from bot.frontends.web import page
from engine.progress import Progress, Stage
from tests.bot.fake_artist import compute
from tests.bot.frontends.web.site import Browser, PictureArtist, page_of
from tests.measures import SLACK, memory_mb
from tests.samples import ROOT

PEOPLE, ROUNDS = 10, 6
ACKNOWLEDGED = 0.2  # s, 95 of 100
IDLE = 200
IDLE_MB = 50.0
PAGE_BYTES = 60_000
pytestmark = pytest.mark.long  # load: nothing else should use the machine


class BusyArtist(PictureArtist):
    """Works as the engine does."""

    def _go_through(self, given: bytes, progress: Progress, stages: tuple[Stage, ...]) -> None:
        for stage in stages:
            compute(0.3, lambda now=stage: progress(now, 0.5))


async def test_ten_people_are_answered_within_200_ms(tmp_path: Path, record_property: Callable[..., None]):
    """Texts and commands of ten people at once, while the engine works on their jobs."""
    times: list[float] = []
    sys.setswitchinterval(SWITCH_SECONDS)  # as engine_artist does

    async def person(address: str) -> None:
        async with Browser(address) as me:
            await me.connect()
            await me.press("I agree")
            await me.send("photo")
            for number in range(ROUNDS):
                for frame in ({"text": f"hello {number}"}, {"command": "queue"}):
                    began = time.monotonic()
                    await me.say(**frame)
                    times.append(time.monotonic() - began)
                    await asyncio.sleep(0.3)

    async with page_of(tmp_path, BusyArtist()) as house:
        await asyncio.gather(*(person(house.address) for _ in range(PEOPLE)))
        assert house.artist.done > 0, "the engine had nothing to do"
    p95 = statistics.quantiles(times, n=20)[-1]
    record_property("acknowledged", f"median {statistics.median(times) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms")
    assert p95 <= ACKNOWLEDGED * SLACK, f"{p95 * 1e3:.0f} ms"


SERVER = """
import asyncio, sys
from pathlib import Path
from tests.bot.frontends.web.site import page_of
async def main():
    async with page_of(Path(sys.argv[1])) as house:
        print(house.address, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_200_idle_connections_cost_less_than_50_mb(
    tmp_path: Path, record_property: Callable[..., None]
):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        address = (await asyncio.to_thread(server.stdout.readline)).strip()
        async with Browser(address) as first:
            await first.connect()
            before = memory_mb(server.pid)
            others = [Browser(address) for _ in range(IDLE)]
            for start in range(0, IDLE, 10):
                await asyncio.gather(*(other.connect() for other in others[start : start + 10]))
            grown = memory_mb(server.pid) - before
            await first.say(text="hello")
            await asyncio.gather(*(other.__aexit__() for other in others))
    finally:
        server.kill()
        server.wait()
    record_property("idle", f"{IDLE} idle connections: {grown:.0f} MB more")
    assert grown < IDLE_MB, f"{grown:.0f} MB"


def test_the_page_is_small(record_property: Callable[..., None]):
    """HTML, styles, scripts and sentences of one language, uncompressed."""
    files = page.files()
    for language, document in page.pages().items():
        needed = [file for name, file in files.items() if "words-" not in name or language in name]
        size = len(document.content) + sum(len(file.content) for file in needed)
        record_property(f"page {language}", size)
        assert size < PAGE_BYTES, size


def test_every_sentence_of_the_page_is_put_in():
    for language, document in page.pages().items():
        text = document.content.decode()
        assert text.count("data-word-label=") == text.count("aria-label=")
        assert "></h2>" not in text
        assert "></b>" not in text
        known = page.words_of(language)
        for script in page.STATIC.glob("*.js"):
            for word in re.findall(r'"(web-[a-z-]+)"', script.read_text("utf-8")):
                assert word in known, f"{script.name} says {word}"
