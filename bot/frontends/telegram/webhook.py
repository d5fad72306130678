"""The webhook: Telegram brings updates, where it otherwise has to be asked for them.

It is served in plain HTTP behind what speaks HTTPS; whoever does not know the secret is turned away.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Bot, Update

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 a header's name
BODY_BYTES = 1_000_000  # an update is some kilobytes
BODY_SECONDS = 15.0
STOP_SECONDS = 3.0

log = logging.getLogger(__name__)


@asynccontextmanager
async def serving(
    host: str, port: int, url: str, secret: str, bot: Bot, take: Callable[[Update], bool]
) -> AsyncIterator[int]:
    """Serve the path of `url`; gives the port. `take`: False when there is too much already."""

    async def post(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), secret.encode()):
            raise web.HTTPForbidden
        try:
            async with asyncio.timeout(BODY_SECONDS):
                content = json.loads(await request.read())
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValueError, RecursionError):
            raise web.HTTPBadRequest from None
        if not isinstance(content, dict):
            raise web.HTTPBadRequest
        try:
            update = Update.de_json(content, bot)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # taken all the same: Telegram would bring it again and again, and nothing else meanwhile
            log.warning("the webhook got an update that cannot be read: %s", type(error).__name__)
            return web.Response()
        if not take(update):
            raise web.HTTPServiceUnavailable  # Telegram brings it again
        return web.Response()

    app = web.Application(client_max_size=BODY_BYTES)
    app.router.add_post(urlsplit(url).path, post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
