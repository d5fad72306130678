"""As much of Discord as a smoke test needs, over real HTTP and a real websocket, in this process."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

BOT = {"id": "1000000000000000001", "username": "bot", "discriminator": "0", "avatar": None, "bot": True}
ANN = {"id": "1000000000000000002", "username": "ann", "discriminator": "0", "avatar": None}
CHANNEL = {"id": "1000000000000000003", "type": 1, "recipients": [ANN], "last_message_id": None}
APPLICATION = {
    "id": BOT["id"], "name": "bot", "icon": None, "description": "", "bot_public": True,
    "bot_require_code_grant": False, "verify_key": "", "flags": 0, "owner": ANN,
}  # fmt: skip
NOW = "2026-01-01T00:00:00+00:00"


def as_json(content: Any, status: int = 200) -> web.Response:
    """Answer as Discord does: the library looks at these headers."""
    headers = {"Content-Type": "application/json", "Via": "1.1 local"}
    return web.Response(body=json.dumps(content).encode(), status=status, headers=headers)


@dataclass
class Posted:
    """A message that the bot sent: its JSON, and its files (name, bytes)."""

    payload: dict[str, Any]
    files: list[tuple[str, bytes]]


@dataclass
class LocalDiscord:
    """The server; `address` is its root."""

    address: str
    posted: list[Posted] = field(default_factory=list)
    refuse: int = 0  # so many messages are answered by 429
    ops: list[int] = field(default_factory=list)  # what the bot sent over the gateway
    socket: web.WebSocketResponse | None = None
    missed: list[dict[str, Any]] = field(default_factory=list)  # told when the session is resumed
    token: str | None = None
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def request(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api")
        known = {
            ("GET", "/users/@me"): BOT,
            ("GET", "/oauth2/applications/@me"): APPLICATION,
            ("POST", "/users/@me/channels"): CHANNEL,
        }
        if path == "/users/@me":
            self.token = request.headers["Authorization"]
        if (request.method, path) in known:
            return as_json(known[request.method, path])
        if path == "/file":
            return web.Response(body=b"my photo")
        if path.endswith("/callback"):
            return as_json({"interaction": {"id": path.split("/")[2], "type": 3}})
        if request.method == "POST":
            return await self._take(request)
        if request.method == "PATCH":
            return as_json(self.message(BOT, "edited"))
        return web.Response(status=204) if request.method == "DELETE" else as_json([])

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self.refuse:
            self.refuse -= 1
            await request.read()
            slow = {"message": "You are being rate limited.", "retry_after": 0.2, "global": False}
            return as_json(slow, 429)
        files: list[tuple[str, bytes]] = []
        if request.content_type == "application/json":
            payload = await request.json()
        else:
            async for part in await request.multipart():
                if part.name == "payload_json":
                    payload = json.loads(await part.text())
                else:
                    files.append((part.filename or "", await part.read(decode=True)))
        self.posted.append(Posted(payload, files))
        return as_json(self.message(BOT, payload.get("content", "")))

    def message(self, author: dict[str, Any], content: str, attachments: Any = ()) -> dict[str, Any]:
        return {
            "id": str(1000000000000001000 + next(self.numbers)), "channel_id": CHANNEL["id"],
            "author": author, "content": content, "timestamp": NOW, "edited_timestamp": None, "tts": False,
            "mention_everyone": False, "mentions": [], "mention_roles": [], "pinned": False, "type": 0,
            "attachments": list(attachments), "embeds": [], "components": [], "flags": 0, "channel_type": 1,
        }  # fmt: skip

    def press(self, custom_id: str) -> dict[str, Any]:
        """A button pressed in the direct messages."""
        button = {"type": 2, "custom_id": custom_id, "style": 2, "label": "?"}
        shown = self.message(BOT, "?") | {"components": [{"type": 1, "components": [button]}]}
        return {
            "id": str(1000000000000001000 + next(self.numbers)), "application_id": BOT["id"], "type": 3,
            "token": "an-interaction-token-that-is-quite-long-and-belongs-to-nobody", "version": 1,
            "data": {"custom_id": custom_id, "component_type": 2}, "channel_id": CHANNEL["id"],
            "channel": CHANNEL, "locale": "en-US", "entitlements": [], "context": 1,
            "authorizing_integration_owners": {}, "attachment_size_limit": 10_485_760, "user": ANN,
            "app_permissions": "0", "message": shown,
        }  # fmt: skip

    def photo(self) -> dict[str, Any]:
        url = f"{self.address}/file"
        return {
            "id": "1000000000000000009", "filename": "me.jpg", "size": 8, "url": url, "proxy_url": url,
            "content_type": "image/jpeg",
        }  # fmt: skip

    async def gateway(self, request: web.Request) -> web.StreamResponse:
        self.socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 45_000}, "s": None, "t": None})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            op = json.loads(frame.data)["op"]
            self.ops.append(op)
            if op == 1:
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
            if op == 2:
                await self.tell("READY", {
                    "v": 10, "user": BOT, "guilds": [], "session_id": "s", "private_channels": [],
                    "resume_gateway_url": self.address.replace("http", "ws") + "/gateway",
                    "application": {"id": BOT["id"], "flags": 0},
                })  # fmt: skip
            if op == 6:
                for event in self.missed:
                    await self.tell("MESSAGE_CREATE", event)
                await self.tell("RESUMED", {})
        return socket

    async def tell(self, name: str, data: dict[str, Any]) -> None:
        assert self.socket is not None
        await self.socket.send_json({"op": 0, "t": name, "s": next(self.numbers), "d": data})

    async def until(self, holds: Any, seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def local_discord(local: LocalDiscord, port: int) -> AsyncIterator[None]:
    app = web.Application(client_max_size=2**25)
    app.router.add_get("/gateway/", local.gateway)
    app.router.add_get("/gateway", local.gateway)
    app.router.add_route("*", "/{path:.*}", local.request)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()
