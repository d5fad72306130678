"""A chat page with a fake engine whose files can be shown, and a browser without a screen: an HTTP client."""

import asyncio
import io
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Self

import aiohttp
import av
import numpy as np
from PIL import Image, ImageDraw

from bot.app import App, open_app
from bot.artist import Made
from bot.frontends.web import PARTS, PLATFORM, Chat, serving
from bot.frontends.web.limits import WebLimits
from bot.frontends.web.tabs import Tabs
from bot.settings import QueueSettings, WebSettings
from bot.watchdog import Watchdog
from engine.progress import Progress, Stage
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import RULES, settings_in


class PictureArtist(FakeArtist):
    """A fake engine whose pictures and videos a browser can show."""

    async def _make(
        self, names: tuple[str, ...], given: bytes, progress: Progress, stages: tuple[Stage, ...]
    ) -> Made:
        made = await super()._make(names, given, progress, stages)
        return replace(made, files={name: made_file(name) for name in made.files})


@cache
def made_file(name: str) -> bytes:
    if name.endswith((".mp4", ".webm")):
        return _video("mp4" if name.endswith("mp4") else "webm")
    if name.endswith(".json"):
        return b"{}"
    target = io.BytesIO()
    kind = {"jpg": "JPEG", "webp": "WEBP", "png": "PNG"}[name.rpartition(".")[2]]
    _face().convert("RGB" if kind == "JPEG" else "RGBA").save(target, kind)
    return target.getvalue()


def _face() -> Image.Image:
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((16, 16, 240, 240), (255, 212, 102), (43, 33, 64), 6)
    pen.ellipse((80, 90, 100, 116), (43, 33, 64))
    pen.ellipse((156, 90, 176, 116), (43, 33, 64))
    pen.arc((80, 100, 176, 190), 20, 160, (43, 33, 64), 8)
    return image


def _video(form: str) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=form) as container:
        stream = container.add_stream("libx264" if form == "mp4" else "libvpx-vp9", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 9, np.uint8))
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return target.getvalue()


def web_settings(**changed: object) -> WebSettings:
    return WebSettings(_env_file=None, **{"web_port": 0, **changed})


@dataclass(frozen=True)
class House:
    """A running chat page."""

    address: str  # "http://127.0.0.1:12345/"
    app: App
    artist: FakeArtist
    tabs: Tabs

    @property
    def origin(self) -> str:
        return self.address.rstrip("/")

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.origin.removeprefix("http://").partition(":")
        return host, int(port)


@asynccontextmanager
async def page_of(
    folder: Path,
    artist: FakeArtist | None = None,
    settings: WebSettings | None = None,
    limits: WebLimits = WebLimits(),  # noqa: B008
) -> AsyncIterator[House]:
    """Run a house with its chat page; leaving the block stops it as SIGTERM does."""
    ended = asyncio.Event()
    artist = artist or PictureArtist()
    parts = {PLATFORM: PARTS}
    all_tabs = []

    def make_chat(tabs: Tabs) -> Chat:
        all_tabs.append(tabs)
        return Chat(app.database, app.service, tabs)

    jobs = QueueSettings(_env_file=None, jobs_per_day=10_000)
    async with (
        open_app(settings_in(folder), jobs, artist, RULES, parts, watchdog=Watchdog()) as app,
        serving(settings or web_settings(), make_chat, limits) as (
            chat,
            address,
        ),
    ):
        task = asyncio.create_task(app.run({PLATFORM: chat}, ended.wait))
        try:
            yield House(address, app, artist, all_tabs[0])
        finally:
            ended.set()
            await task


class Browser:
    """What our page does, without a page: a cookie, a connection, messages."""

    def __init__(self, address: str, language: str = "en") -> None:
        self.address = address
        self.origin = address.rstrip("/")
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Origin": self.origin, "Accept-Language": language},
        )
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.messages: list[dict[str, Any]] = []  # shown, in order
        self.progress: list[dict[str, Any]] = []
        self.live: dict[str, dict[str, Any]] = {}
        self.arrived = asyncio.Event()
        self.answered: set[str] = set()
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.leave()
        await self.http.close()

    async def let_in(self, password: str = "") -> int:
        body = json.dumps({"password": password} if password else {})
        async with self.http.post(f"{self.address}session", data=body) as answer:
            return answer.status

    async def connect(self) -> Self:
        """Open the connection and read the conversation so far."""
        if await self.let_in() != 204:
            raise ConnectionError("not let in")
        self.socket = await self.http.ws_connect(f"{self.address}ws")
        self.messages = []
        self._reading = asyncio.create_task(self._read(self.socket))
        await self.until(lambda: self.messages)
        return self

    async def leave(self) -> None:
        if self.socket is not None:
            await self.socket.close()
        if self._reading is not None:
            await self._reading
        self.socket = self._reading = None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            self._take(json.loads(message.data))
            self.arrived.set()

    def _take(self, frame: dict[str, Any]) -> None:
        if frame.get("id"):
            self.answered.add(frame["id"])
        match frame["kind"]:
            case "everything":
                self.messages, self.live = list(frame["messages"]), {}
            case "messages":
                self.messages += frame["messages"]
            case "cleared":
                self.messages = list(frame["messages"])
            case "progress":
                self.progress.append(frame)
                self.live[frame["job"]] = frame
            case "ended":
                self.live.pop(frame["job"], None)
                self.messages = [m for m in self.messages if m.get("job") != frame["job"]]

    async def until(self, ready, seconds: float = 20.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := ready()):
                self.arrived.clear()
                await self.arrived.wait()
        return found

    async def say(self, **frame: object) -> None:
        """Send a message and wait for its answer."""
        assert self.socket is not None
        event = str(frame.setdefault("id", secrets.token_hex(8)))
        await self.socket.send_json(frame)
        await self.until(lambda: event in self.answered)

    async def press(self, label: str) -> None:
        """Press the newest button with that label."""
        buttons = [b for m in reversed(self.messages) for row in m.get("buttons", []) for b in row]
        (data, *_) = [button["data"] for button in buttons if label in button["label"]]
        await self.say(press=data, label=label)

    async def send(self, kind: str, content: Any = b"my photo", event: str | None = None) -> int:
        """Upload; gives the status."""
        url = f"{self.address}send/{kind}?id={event or secrets.token_hex(8)}"
        async with self.http.post(url, data=content) as answer:
            return answer.status

    async def media(self, name: str) -> str:
        """Wait for a file and give its address."""
        found = await self.until(
            lambda: [m["media"]["url"] for m in self.messages if m.get("media", {}).get("name") == name]
        )
        return self.origin + found[-1]

    async def has_character(self) -> Self:
        await self.connect()
        await self.press("I agree")
        assert await self.send("photo") == 204
        await self.media("preview.jpg")
        await self.press("1. Webtoon")
        await self.media("sticker.webp")
        return self

    def said(self) -> list[str]:
        return [message.get("text", "") for message in self.messages]


async def works(house: House) -> None:
    """Somebody new is greeted and answered."""
    async with Browser(house.address) as other:
        await other.connect()
        await other.press("I agree")
        assert "Thank you" in other.said()[-1]
