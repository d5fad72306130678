"""The HTTP side of the chat page: its routes, and how much of what is taken from whom."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic

from aiohttp import WSMsgType, hdrs, web

from bot.frontends.web import page
from bot.frontends.web.chat import SENT, Chat, Visitor
from bot.frontends.web.clients import client_of
from bot.frontends.web.door import listening
from bot.frontends.web.frames import Malformed, Said, read, read_id
from bot.frontends.web.guard import add_headers, guard
from bot.frontends.web.limits import Bucket, Buckets, Places, TooManyAtOnce, WebLimits
from bot.frontends.web.media import KINDS, SIGN_BYTES, give, kind_of
from bot.frontends.web.tabs import Tab, Tabs
from bot.frontends.web.visitors import COOKIE, COOKIE_SECONDS, Visitors, WrongPassword
from bot.service import KeptFile
from bot.settings import WebSettings
from bot.uploads import UPLOAD_BYTES

PING_SECONDS = 25.0  # also keeps proxies from closing a quiet connection
STOP_SECONDS = 3.0  # for answers that are being sent when the process stops
PASSWORD_LENGTH = 256  # characters

log = logging.getLogger(__name__)


class Site:
    """Everything that the routes need."""

    def __init__(self, chat: Chat, tabs: Tabs, settings: WebSettings, limits: WebLimits) -> None:
        self._chat = chat
        self._tabs = tabs
        self._limits = limits
        self._visitors = Visitors(settings.web_password)
        self._proxies = settings.proxies
        self._pages = page.pages()
        self._files = page.files()
        self._messages = Buckets(limits.messages)
        self._uploads = Buckets(limits.uploads)
        self._newcomers = Bucket(limits.newcomers)
        self._passwords = Buckets(limits.passwords)
        self._passwords_in_all = Bucket(limits.passwords_in_all)
        self._tab_places = Places(limits.tabs, limits.tabs_in_all)
        self._upload_places = Places(limits.uploads_at_once, limits.uploads_waiting)
        self._uploading = asyncio.Semaphore(limits.uploads_at_once_in_all)

    def routes(self) -> list[web.RouteDef]:
        """List what can be asked for."""
        return [
            web.get("/", self.index),
            web.get("/static/{name}", self.static),
            web.post("/session", self.session),
            web.get("/ws", self.socket),
            web.post("/send/{kind}", self.send),
            web.get("/media/{render}/{name}", self.media),
            web.get("/sent/{file}", self.sent),
        ]

    async def index(self, request: web.Request) -> web.Response:
        """Give the page; it is the same for everybody."""
        language = page.language_of(request.headers.get(hdrs.ACCEPT_LANGUAGE))
        answer = _file_response(request, self._pages[language])
        answer.headers[hdrs.VARY] = hdrs.ACCEPT_LANGUAGE
        return answer

    async def static(self, request: web.Request) -> web.Response:
        """Give a file of the page; the name is only looked up."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return _file_response(request, file)

    async def session(self, request: web.Request) -> web.Response:
        """Let a browser in: the page asks for its cookie, if need be with the password."""
        password = await self._password_in(request)
        old = request.cookies.get(COOKIE)
        known = self._visitors.recognise(old) is not None
        if password and not known and not self._may_try(request):
            raise web.HTTPTooManyRequests
        try:
            cookie = self._visitors.let_in(password, old)
        except WrongPassword:
            raise web.HTTPUnauthorized(text="wrong password" if password else "password") from None
        if not known and not self._newcomers.take():
            raise web.HTTPTooManyRequests
        answer = web.Response(status=204)
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=request.headers.get("X-Forwarded-Proto") == "https",
        )
        return answer

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Connect a tab."""
        visitor = self._visitor(request)
        try:
            with self._tab_places.place(visitor.id):
                return await self._connected(request, visitor)
        except TooManyAtOnce:
            raise web.HTTPTooManyRequests from None

    async def _connected(self, request: web.Request, visitor: Visitor) -> web.WebSocketResponse:
        """Talk with a tab until it leaves."""
        socket = web.WebSocketResponse(
            heartbeat=PING_SECONDS,
            max_msg_size=self._limits.frame_bytes,
            compress=False,
            timeout=STOP_SECONDS,
        )
        await socket.prepare(request)
        if request.transport is None:
            return socket
        tab = Tab(socket, request.transport, self._limits)
        writing = asyncio.create_task(tab.write(), name="tab")
        try:
            await self._chat.open(visitor, tab)
            await self._listen(visitor, socket, tab)
        finally:
            self._chat.leave(visitor, tab)
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
        return socket

    async def _listen(self, visitor: Visitor, socket: web.WebSocketResponse, tab: Tab) -> None:
        """Take messages until the tab leaves, or sends what our page never would."""
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                return await tab.close(1003, "text only")
            if not self._messages.take(visitor.id):
                return await tab.close(1008, "too many messages")
            try:
                said = read(message.data)
            except Malformed as problem:
                return await tab.close(1008, str(problem))
            await self._chat.take(visitor, said)
        return None

    async def send(self, request: web.Request) -> web.Response:
        """Take a photo or a voice."""
        visitor = self._visitor(request)
        event = SENT.get(request.match_info["kind"])
        if event is None:
            raise web.HTTPNotFound
        try:
            event_id = read_id(request.query.get("id"))
        except Malformed:
            raise web.HTTPBadRequest from None
        if not self._uploads.take(visitor.id):
            raise web.HTTPTooManyRequests
        mine = {"sent": request.match_info["kind"]}
        try:
            with self._upload_places.place(self._client(request) or visitor.id):
                await self._take_upload(request, visitor, Said(event, event_id, mine))
        except TooManyAtOnce:
            raise web.HTTPTooManyRequests from None
        return web.Response(status=204)

    async def _take_upload(self, request: web.Request, visitor: Visitor, said: Said) -> None:
        async with self._uploading:
            content = await self._body(request)

            async def load() -> bytes:
                return content

            await self._chat.take(visitor, said, load)

    async def _body(self, request: web.Request) -> bytes:
        """Read what is uploaded: not too much, not too slowly."""
        too_large = web.HTTPRequestEntityTooLarge(UPLOAD_BYTES, request.content_length or 0)
        if (request.content_length or 0) > UPLOAD_BYTES:
            raise too_large
        pieces: list[bytes] = []
        size, began = 0, monotonic()
        try:
            async with asyncio.timeout(self._limits.upload_seconds):
                while True:
                    async with asyncio.timeout(self._limits.chunk_seconds):
                        piece = await request.content.readany()
                    if not piece:
                        return b"".join(pieces)
                    size += len(piece)
                    if size > UPLOAD_BYTES:
                        raise too_large
                    if monotonic() - began > self._limits.chunk_seconds + size / self._limits.upload_rate:
                        raise TimeoutError
                    pieces.append(piece)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Give something that was made for this visitor; for everybody else it does not exist."""
        visitor, name = self._visitor(request), request.match_info["name"]
        file = await self._chat.made(visitor, request.match_info["render"]) if name in KINDS else None
        saved = f"mytalkcon-{name}" if "save" in request.query else None
        return await self._give(request, file, KINDS.get(name), saved)

    async def sent(self, request: web.Request) -> web.StreamResponse:
        """Give a photo or voice back to who has sent it; for everybody else it does not exist."""
        file = await self._chat.sent(self._visitor(request), request.match_info["file"])
        return await self._give(request, file)

    async def _give(
        self, request: web.Request, file: KeptFile | None, kind: str | None = None, saved: str | None = None
    ) -> web.StreamResponse:
        """Give a file; of what somebody has sent the first bytes tell its kind."""
        if file is None:
            raise web.HTTPNotFound
        try:
            kind = kind or kind_of(await file.read(0, SIGN_BYTES))
            return await give(request, file, kind, self._limits.take_seconds, saved)
        except FileNotFoundError:  # removed at this very moment
            raise web.HTTPNotFound from None

    def _may_try(self, request: web.Request) -> bool:
        """Say whether one more password may be tried: guessing takes nothing from who is elsewhere."""
        return self._passwords.take(self._client(request) or "") and self._passwords_in_all.take()

    def _client(self, request: web.Request) -> str | None:
        """Say from which address a request comes, as far as that is known."""
        forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, []))
        return client_of(request.remote, forwarded, self._proxies)

    async def _password_in(self, request: web.Request) -> str:
        """Read the password of a login; the empty one when there is none."""
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                body = json.loads(await request.read() or b"{}")
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValueError, RecursionError):
            raise web.HTTPBadRequest from None
        password = body.get("password", "") if isinstance(body, Mapping) else None
        if not isinstance(password, str) or len(password) > PASSWORD_LENGTH:
            raise web.HTTPBadRequest
        return password

    def _visitor(self, request: web.Request) -> Visitor:
        """Know somebody again by their cookie."""
        visitor = self._visitors.recognise(request.cookies.get(COOKIE))
        if visitor is None:
            raise web.HTTPUnauthorized
        return Visitor(visitor, page.language_of(request.headers.get(hdrs.ACCEPT_LANGUAGE)))


@asynccontextmanager
async def serving(
    settings: WebSettings,
    make_chat: Callable[[Tabs], Chat],
    limits: WebLimits = WebLimits(),  # noqa: B008 frozen
) -> AsyncIterator[tuple[Chat, str]]:
    """Serve the page; gives the front end and the address to open."""
    tabs = Tabs()
    chat = make_chat(tabs)
    site = Site(chat, tabs, settings, limits)
    app = web.Application(
        middlewares=[guard(settings.web_host, settings.names)], client_max_size=limits.frame_bytes
    )
    app.router.add_routes(site.routes())
    app.on_response_prepare.append(add_headers)
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=STOP_SECONDS, keepalive_timeout=limits.head_seconds
    )
    await runner.setup()
    try:
        async with listening(runner, settings, limits) as port:
            host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
            yield chat, f"http://{host}:{port}/"
    finally:
        await tabs.close_all()
        await runner.cleanup()


def _file_response(request: web.Request, file: page.File) -> web.Response:
    """Give a file of the page, or say that the browser's copy is still good."""
    headers = {hdrs.ETAG: file.etag, hdrs.CACHE_CONTROL: "no-cache"}
    if request.headers.get(hdrs.IF_NONE_MATCH) == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.content, content_type=file.kind, charset="utf-8", headers=headers)
