"""The numbers of the bot on Telegram, measured over HTTP against the server of the tests.

    .venv/bin/python -m tests.e2e.telegram.measure

Prints how soon people are answered while the real engine works, and what 1,000 conversations leave in memory.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.frontends.telegram import limiter
from tests.e2e.telegram.command import ENGINE_SECONDS, bot_on, selfie
from tests.e2e.telegram.house import SECONDS, SPEED, bot_in, hears, newcomer, regular
from tests.e2e.telegram.person import Person
from tests.e2e.telegram.server import Server, serving
from tests.e2e.telegram.world import TOKEN
from tests.measures import memory_mb
from tests.samples import ROOT, SAMPLE_VOICE_KO

ASKING, ROUNDS, BETWEEN = 5, 6, 2.0  # people, questions each, s between them
VOICES = 3  # wait for the engine or are spoken at any time
CHATS, AT_ONCE = 1_000, 50
TALKING = 10  # every so manyth goes on to a video


async def answer_times(api: Server, folder: Path) -> list[float]:
    """Measure the s from an update to the first message that answers it, while the engine works."""
    async with bot_on(api, folder):
        busy, *others = [Person(api, f"Person {number}") for number in range(1 + ASKING)]
        await busy.says("/start")
        await busy.press("I agree", await busy.reads("Is that all right with you?"))
        await busy.photo(selfie())
        await busy.press("1. ", await busy.gets("photo", ENGINE_SECONDS))
        await busy.gets("sticker", ENGINE_SECONDS)
        for number in range(VOICES):
            await busy.voice(SAMPLE_VOICE_KO.read_bytes())
            await busy.reads("Your talking video")
            if number == 0:
                await api.until(
                    lambda: (busy.chat.id, "record_video_note") in api.world.actions, ENGINE_SECONDS
                )
        more = asyncio.create_task(_keep_asking(api, busy))
        try:
            times = await asyncio.gather(*(_ask(person) for person in others))
            if more.done():
                more.result()
        finally:
            more.cancel()
        return [each for several in times for each in several]


async def _keep_asking(api: Server, person: Person) -> None:
    """Send one more voice for every video that came, so that the engine has always something to do."""
    for videos in range(1, 1_000):
        await api.until(lambda least=videos: len(api.calls("sendVideoNote")) >= least, ENGINE_SECONDS)
        await person.voice(SAMPLE_VOICE_KO.read_bytes())


async def _ask(person: Person) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        await person.says("/help")
        await person.reads("/characters")
        (*_, call) = person.server.calls("sendMessage", person.chat.id)
        times.append(call.at - began)
        await asyncio.sleep(BETWEEN)
    return times


@dataclass(frozen=True)
class Memory:
    """Resident memory in MB: idle, and after many conversations."""

    idle: float
    after: float


@asynccontextmanager
async def bot_elsewhere(api: Server, folder: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Run a bot with a fake engine in a process of its own."""
    arguments = ["-m", "tests.e2e.telegram.measure", "bot", api.address, str(folder)]
    bot = subprocess.Popen([sys.executable, *arguments], cwd=ROOT)
    try:
        yield bot
    finally:
        bot.kill()
        await asyncio.to_thread(bot.wait)


async def memory(api: Server, folder: Path, chats: int = CHATS) -> Memory:
    """Let many people begin a conversation, and every TALKINGth have a whole one; `api` at SPEED."""
    async with bot_elsewhere(api, folder) as bot:
        first = await regular(api, "First")
        await first.voice(b"hello")
        await hears(first)
        idle = memory_mb(bot.pid)
        for start in range(0, chats, AT_ONCE):
            await asyncio.gather(*(_talk(api, number) for number in range(start, start + AT_ONCE)))
        return Memory(idle, memory_mb(bot.pid))


async def _talk(api: Server, number: int) -> None:
    if number % TALKING:
        await newcomer(api, f"Person {number}", ENGINE_SECONDS)
        return
    person = await regular(api, f"Person {number}", ENGINE_SECONDS)
    await person.voice(b"hello")
    await hears(person)


@dataclass(frozen=True)
class Elsewhere:
    """A server in another process."""

    address: str
    token: str = TOKEN


async def run_bot(address: str, folder: Path) -> None:
    """Run a bot with a fake engine, until killed."""
    for name in SECONDS:
        setattr(limiter, name, getattr(limiter, name) / SPEED)
    async with bot_in(folder, Elsewhere(address)):
        await asyncio.Event().wait()


async def main() -> None:
    """Measure everything and print it."""
    with TemporaryDirectory() as folder:
        async with serving() as api:
            times = await answer_times(api, Path(folder))
            api.assert_within_limits()
        ordered = [f"{1_000 * value:.0f}" for value in sorted(times)]
        print(
            f"Update to first answer, engine busy: median {1_000 * statistics.median(times):.0f} ms, of",
            end=" ",
        )
        print(f"{len(times)}: {ordered[0]}..{ordered[-1]} ms")
    with TemporaryDirectory() as folder:
        async with serving(speed=SPEED) as api:
            began = time.monotonic()
            used = await memory(api, Path(folder))
            api.assert_within_limits()
            print(
                f"{CHATS} conversations in {time.monotonic() - began:.0f} s, {len(api.log)} requests:",
                end=" ",
            )
            print(f"{used.idle:.0f} MB idle, {used.after:.0f} MB after them")


if __name__ == "__main__":
    if sys.argv[1:2] == ["bot"]:
        asyncio.run(run_bot(sys.argv[2], Path(sys.argv[3])))
    else:
        asyncio.run(main())
