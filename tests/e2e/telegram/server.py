"""A Telegram Bot API server for tests: real HTTP, aiogram's models on both sides, Telegram's limits.

    async with serving() as server:          # server.address goes into MYTALKCON_TELEGRAM_API_URL
        ada = Person(server, "Ada")
        await ada.says("/start")
        await ada.reads("Hello")
        server.assert_within_limits()

It keeps a log of every request; `faults` make requests fail on demand.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from aiogram import methods
from aiohttp import web

from tests.e2e.telegram.faults import Fault
from tests.e2e.telegram.limits import Flood
from tests.e2e.telegram.methods import UPLOAD_BYTES, Answers
from tests.e2e.telegram.updates import Updates
from tests.e2e.telegram.wire import METHODS, method_of, plain, read_fields
from tests.e2e.telegram.world import TOKEN, Refused, World, wrong

COUNTED = (
    methods.SendMessage,
    methods.SendPhoto,
    methods.SendSticker,
    methods.SendVideo,
    methods.SendVideoNote,
    methods.SendAnimation,
    methods.SendVoice,
    methods.SendAudio,
    methods.SendDocument,
    methods.EditMessageText,
    methods.EditMessageCaption,
    methods.EditMessageReplyMarkup,
)
FORM_BYTES = 1_000_000  # around the files of a form

Found = TypeVar("Found")


@dataclass(frozen=True)
class Call:
    """A line of the log: what was asked for, when (s), and what was answered."""

    at: float
    name: str
    request: Any  # aiogram's method; None when it could not be made
    result: Any = None
    refused: Refused | None = None
    fault: Fault | None = None

    @property
    def taken(self) -> bool:
        """Whether it had its effect."""
        return self.refused is None and (self.fault is None or self.fault.processed)

    @property
    def chat(self) -> int | None:
        """The chat it is about."""
        return getattr(self.request, "chat_id", None)


class Server:
    """The server. `world` is what it knows, `log` what was asked of it."""

    def __init__(self, token: str = TOKEN, speed: float = 1.0) -> None:
        self.token = token
        self.world = World()
        self.updates = Updates(self.world.ring)
        self.flood = Flood(speed)
        self.faults: list[Fault] = []
        self.log: list[Call] = []
        self.address = ""
        self._answers = Answers(self.world, self.updates)
        self._stopping = asyncio.Event()

    async def until(self, ready: Callable[[], Found], seconds: float = 30.0) -> Found:
        """Wait until something holds; looked at whenever something happens here."""
        return await self.world.until(ready, seconds)

    def calls(self, name: str, chat: int | None = None) -> list[Call]:
        """Give the requests of a method that were taken."""
        return [call for call in self.log if call.name == name and call.taken and chat in (None, call.chat)]

    @property
    def violations(self) -> list[str]:
        """Requests that broke Telegram's rules or went beyond its limits."""
        return [f"{c.name}: {c.refused.description}" for c in self.log if c.refused and c.refused.beyond]

    def assert_within_limits(self) -> None:
        """Assert that no request broke a rule or went beyond a limit."""
        assert self.violations == []

    def routes(self) -> list[web.RouteDef]:
        """List what can be asked for."""
        return [
            web.get("/file/bot{token}/{path:.+}", self._file),
            web.get("/bot{token}/{method}", self._method),
            web.post("/bot{token}/{method}", self._method),
        ]

    async def _method(self, request: web.Request) -> web.Response:
        """Answer a method: parse, go wrong if asked to, count, do."""
        name, call, fault = request.match_info["method"], None, None
        result: Any = None
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            if name.lower() not in METHODS:
                raise Refused(404, "Not Found", beyond=True)
            call = await self._call(name, request)
            name = type(call).__api_method__
            fault = self._fault(name, call)
            if fault is not None and not fault.processed:
                self._note(Call(time.monotonic(), name, call, fault=fault))
                return await self._fail(request, fault)
            result = await self._do(call)
        except Refused as refused:
            if request.transport is not None:  # else whoever asked is gone: a killed bot's long wait
                self._note(Call(time.monotonic(), name, call, refused=refused))
            return _refusal(refused.status, refused.description, refused.parameters)
        if name != "getUpdates":
            self._note(Call(time.monotonic(), name, call, result, fault=fault))
        if fault is not None:
            return await self._fail(request, fault)
        return web.json_response({"ok": True, "result": plain(result)})

    async def _call(self, name: str, request: web.Request) -> methods.TelegramMethod[Any]:
        try:
            fields, files = await read_fields(request)
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, "Request Entity Too Large", beyond=True) from None
        except ValueError as problem:
            raise wrong(f"{name}: {problem}") from problem
        return method_of(name, fields, files)

    async def _do(self, call: Any) -> Any:
        answer = self._answers.known.get(type(call))
        if answer is None:
            raise Refused(501, f"this server has no {type(call).__name__}", beyond=True)
        if isinstance(call, COUNTED) and call.chat_id in self.world.places:
            self.flood.count(int(call.chat_id), time.monotonic())
        return await answer(call)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Hand out a file."""
        path = request.match_info["path"]
        found = [file for file in self.world.files.values() if file.path == path]
        if request.match_info["token"] != self.token or not found:
            return _refusal(404, "Not Found", {})
        if (fault := self._fault("file", path)) is not None:
            self._note(Call(time.monotonic(), "file", path, fault=fault))
            return await self._fail(request, fault)
        self._note(Call(time.monotonic(), "file", path))
        return web.Response(body=found[0].content)

    def _note(self, call: Call) -> None:
        self.log.append(call)
        self.world.ring()

    def _fault(self, name: str, call: Any) -> Fault | None:
        chat = getattr(call, "chat_id", None)
        return next((fault for fault in self.faults if fault.takes(name, chat, call)), None)

    async def _fail(self, request: web.Request, fault: Fault) -> web.Response:
        """Answer wrongly, late or not at all."""
        if fault.hang:
            with suppress(TimeoutError):
                async with asyncio.timeout(fault.hang):
                    await self._stopping.wait()
        if fault.status == 0:
            _drop(request)
        if fault.plain:
            page = f"<html><h1>{fault.status} {fault.description}</h1></html>"
            return web.Response(status=fault.status, text=page, content_type="text/html")
        return _refusal(fault.status, fault.description, fault.parameters)

    async def close(self) -> None:
        """End what still waits."""
        self._stopping.set()
        await self.updates.close()


def _refusal(status: int, description: str, parameters: dict[str, int]) -> web.Response:
    """Write an answer that is no result."""
    answer: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return web.json_response(answer, status=status)


def _drop(request: web.Request) -> NoReturn:
    """Drop the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


@asynccontextmanager
async def serving(token: str = TOKEN, speed: float = 1.0) -> AsyncIterator[Server]:
    """Serve on this machine; `speed`: see Flood."""
    server = Server(token, speed)
    app = web.Application(client_max_size=UPLOAD_BYTES + FORM_BYTES)
    app.router.add_routes(server.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await server.close()
        await runner.cleanup()
