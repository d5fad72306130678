"""Who takes too much, too fast or too slowly: sizes, rates, connections, files that nobody takes.

After every refusal the page still works for somebody else.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path

import aiohttp
import pytest

from bot.frontends.web.limits import Places, Rate, TooManyAtOnce, WebLimits
from bot.uploads import UPLOAD_BYTES
from storage import people
from tests.bot.frontends.web.site import Browser, House, page_of, web_settings, works
from tests.measures import SLACK, memory_mb, peak_since

MB = 1_000_000
PASSWORD = "open sesame"  # noqa: S105


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read where Linux tells it")
async def test_100_mb_are_refused(house: House):
    """With and without a length announced; what was sent is not held in memory."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(MB)

    async with Browser(house.address) as me:
        await me.connect()
        await me.press("I agree")
        peak_since()
        before = memory_mb()
        for content in (bytes(UPLOAD_BYTES + 1), pieces()):
            with suppress(aiohttp.ClientError):  # the connection was closed while we still sent
                assert await me.send("photo", content) == 413
        assert not [m for m in me.messages if m.get("sent")]
        assert await me.send("photo") == 204
        await me.media("preview.jpg")
    grown = peak_since() - before
    assert grown < 90, f"{grown:.0f} MB more for a refused upload"


async def test_an_upload_that_stalls_is_given_up(tmp_path: Path):
    limits = WebLimits(chunk_seconds=0.2)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"begin"
        await asyncio.sleep(5)
        yield b"end"

    async with page_of(tmp_path, limits=limits) as house, Browser(house.address) as me:
        await me.connect()
        await me.press("I agree")
        with suppress(aiohttp.ClientError):
            assert await me.send("photo", stalling()) == 408
        await works(house)


async def test_an_upload_that_trickles_is_given_up(tmp_path: Path):
    """A byte now and then keeps no place: it has to come as fast as from a bad mobile network."""
    limits = WebLimits(chunk_seconds=0.2, upload_rate=1_000)

    async def trickling() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x"
            await asyncio.sleep(0.05)

    async with page_of(tmp_path, limits=limits) as house, Browser(house.address) as me:
        await me.connect()
        await me.press("I agree")
        with suppress(aiohttp.ClientError):
            assert await me.send("photo", trickling()) == 408
        assert not [m for m in me.messages if m.get("sent")]
        await works(house)


async def test_one_address_takes_only_its_part_of_the_uploads(tmp_path: Path):
    """Many browsers there stall as many uploads as they can; somebody elsewhere sends a photo."""
    limits = WebLimits(uploads_at_once=2, uploads_at_once_in_all=3)
    settings = web_settings(web_proxies="127.0.0.1")
    began, ended = asyncio.Event(), asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield b"begin"
        began.set()
        await ended.wait()

    async with page_of(tmp_path, settings=settings, limits=limits) as house, Browser(house.address) as me:
        await me.connect()
        await me.press("I agree")
        async with AsyncExitStack() as crowd:
            uploads = []
            for _ in range(3):
                other = await crowd.enter_async_context(Browser(house.address))
                other.http.headers["X-Forwarded-For"] = "203.0.113.7"
                await other.let_in()
                began.clear()
                uploads.append(asyncio.create_task(other.send("photo", stalling())))
                await began.wait()
            async with asyncio.timeout(10):
                assert await me.send("photo") == 204
                assert await uploads[-1] == 429, "the third of them had no place"
            ended.set()
            await asyncio.gather(*uploads)


async def test_a_password_that_stalls_is_given_up(tmp_path: Path):
    async with page_of(tmp_path, limits=WebLimits(head_seconds=0.3)) as house:
        reader, writer = await asyncio.open_connection(*house.place)
        names = f"Host: {house.origin[7:]}\r\nOrigin: {house.origin}"
        writer.write(f"POST /session HTTP/1.1\r\n{names}\r\nContent-Length: 99\r\n\r\n{{".encode())
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


async def test_1000_messages_in_a_second_are_cut_off(house: House):
    """The flood ends with its connection; somebody else is answered within 0.2 s meanwhile."""
    async with Browser(house.address) as flood, Browser(house.address) as other:
        await flood.connect()
        await other.connect()
        assert flood.socket is not None
        clock = asyncio.get_running_loop().time
        sending = asyncio.create_task(_flood(flood.socket, 1_000))
        began = clock()
        await other.say(text="hello")
        assert clock() - began < 0.2 * SLACK
        await sending
        assert flood._reading is not None
        await asyncio.wait_for(flood._reading, 5)
        assert flood.socket.close_code == 1008
        async with house.app.database.reading() as work:
            assert await people.count(work) == 2


async def _flood(socket: aiohttp.ClientWebSocketResponse, count: int) -> None:
    try:
        for number in range(count):
            await socket.send_json({"id": f"number-{number:06d}", "text": "flood"})
    except (ConnectionError, aiohttp.ClientError):
        return


async def test_who_does_not_read_is_cut_off(tmp_path: Path):
    """A tab that takes nothing is closed; the person's other tab goes on."""
    limits = WebLimits(outbox=8, send_seconds=0.3)
    async with page_of(tmp_path, limits=limits) as house, Browser(house.address) as me:
        await me.connect()
        deaf = await me.http.ws_connect(f"{house.address}ws", max_msg_size=0)
        transport = deaf._conn.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.pause_reading()
        text = "x" * 400_000
        for _ in range(12):
            house.tabs.tell(next(iter(house.tabs._tabs)), {"kind": "noise", "text": text})
            await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            while house.tabs.count() > 1:
                await asyncio.sleep(0.05)
        await me.say(text="hello")
        transport.resume_reading()
        await works(house)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc how much memory is used")
async def test_files_that_nobody_takes_are_not_held_in_memory(tmp_path: Path):
    """Twelve times asked for 20 MB, and nothing read: a piece of each waits, and not for ever."""
    limits = WebLimits(take_seconds=1.0)
    async with page_of(tmp_path, limits=limits) as house, Browser(house.address) as me:
        await me.connect()
        await me.press("I agree")
        photo = bytes(UPLOAD_BYTES - 3) + b"end"
        assert await me.send("photo", photo) == 204
        await me.media("preview.jpg")
        (url,) = [message["url"] for message in me.messages if message.get("sent")]
        async with me.http.get(house.origin + url) as answer:
            assert await answer.read() == photo
        (cookie,) = me.http.cookie_jar
        names = f"Host: {house.origin[7:]}\r\nCookie: {cookie.key}={cookie.value}"
        head = f"GET {url} HTTP/1.1\r\n{names}\r\n\r\n"
        del photo, answer
        before, loop = memory_mb(), asyncio.get_running_loop()
        with ExitStack() as open_ones:
            deaf = [open_ones.enter_context(socket.create_connection(house.place)) for _ in range(12)]
            for one in deaf:
                one.setblocking(False)
                await loop.sock_sendall(one, head.encode())
            await asyncio.sleep(1.5)
            grown = memory_mb() - before
            assert grown < 100, f"{grown:.0f} MB more"
            for one in deaf:
                async with asyncio.timeout(20):
                    assert await _taken(one) < UPLOAD_BYTES, "cut off"
        await works(house)


async def _taken(one: socket.socket) -> int:
    """Take what comes until the connection ends; gives how many bytes."""
    taken, loop = 0, asyncio.get_running_loop()
    with suppress(ConnectionError):
        while piece := await loop.sock_recv(one, MB):
            taken += len(piece)
    return taken


async def test_who_asks_for_nothing_is_cut_off(tmp_path: Path):
    """A connection that is only held open, or whose head never ends."""
    async with page_of(tmp_path, limits=WebLimits(head_seconds=0.3)) as house:
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "):
            reader, writer = await asyncio.open_connection(*house.place)
            writer.write(begun)
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
        await works(house)


async def test_only_so_many_connections(tmp_path: Path):
    """Who opens connections without end takes no files from the rest of the house; places come back."""
    async with page_of(tmp_path, limits=WebLimits(connections_in_all=5)) as house:
        crowd = [await asyncio.open_connection(*house.place) for _ in range(20)]
        async with asyncio.timeout(10):
            for reader, _ in crowd[5:]:
                with suppress(ConnectionError):
                    assert await reader.read() == b"", "cut off"
        for _, writer in crowd:
            writer.close()
        async with asyncio.timeout(10):
            while not await _lets_in(house):
                await asyncio.sleep(0.01)
        await works(house)


async def _lets_in(house: House) -> bool:
    async with Browser(house.address) as other:
        try:
            return await other.let_in() == 204
        except aiohttp.ClientError:
            return False


def test_only_so_many_connections_of_one_address():
    places = Places(2, 5)
    with ExitStack() as taken:
        for whose in ("a", "a", "b", None):
            taken.enter_context(places.place(whose))
        with pytest.raises(TooManyAtOnce), places.place("a"):
            pass
        taken.enter_context(places.place(None))
        with pytest.raises(TooManyAtOnce), places.place("c"):
            pass
    for _ in range(9):
        with places.place("a"), places.place("a"):
            pass


async def test_only_so_many_tabs_and_uploads(tmp_path: Path):
    limits = WebLimits(tabs=2, uploads=Rate(2, 0.01))
    async with page_of(tmp_path, limits=limits) as house, Browser(house.address) as me:
        await me.connect()
        await me.http.ws_connect(f"{house.address}ws")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await me.http.ws_connect(f"{house.address}ws")
        assert refused.value.status == 429
        assert [await me.send("photo") for _ in range(3)] == [204, 204, 429]
        await works(house)
