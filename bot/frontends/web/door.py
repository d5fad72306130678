"""The door: so many connections are let in, of one address and in all, before anything is asked on them.

A process has only so many open files; without a limit whoever opens connections would take them from the
database, the engine and the other platforms. Who finds no place is cut off and may come again.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import cast

from aiohttp import web

from bot.frontends.web.clients import client_of, is_proxy
from bot.frontends.web.limits import Places, TooManyAtOnce, WebLimits
from bot.settings import Network, WebSettings
from engine.errors import PersonProblem


class CannotListen(PersonProblem):
    """The address of the chat page cannot be had: another program has its port, say."""

    message_id = "page-address-taken"


@asynccontextmanager
async def listening(runner: web.AppRunner, settings: WebSettings, limits: WebLimits) -> AsyncIterator[int]:
    """Take connections for what is set up; gives the port.

    Raises
    ------
    CannotListen
    """
    if runner.server is None:
        raise RuntimeError("nothing is set up")
    places = Places(limits.connections, limits.connections_in_all)
    knock = partial(_Connection, runner.server, places, settings.proxies)
    loop = asyncio.get_running_loop()
    try:
        listens = await loop.create_server(knock, settings.web_host, settings.web_port)
    except OSError as error:
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror  # of names that lead nowhere: below 0
        where = f"{settings.web_host}:{settings.web_port}"
        raise CannotListen(str(error), where=where, why=why) from error
    try:
        yield listens.sockets[0].getsockname()[1]
    finally:
        listens.close()


class _Connection(asyncio.Protocol):
    """One connection: what comes is passed on to the server, if it found a place."""

    def __init__(self, server: web.Server, places: Places, proxies: tuple[Network, ...]) -> None:
        self._server = server
        self._places = places
        self._proxies = proxies
        self._place = ExitStack()
        self._inside: asyncio.Protocol | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Find a place for as long as it is open; who comes through a proxy counts in all only."""
        peer = (transport.get_extra_info("peername") or [""])[0]
        whose = None if is_proxy(peer, self._proxies) else client_of(peer, "", ())
        try:
            self._place.enter_context(self._places.place(whose))
        except TooManyAtOnce:
            cast("asyncio.Transport", transport).abort()
            return
        self._inside = self._server()
        self._inside.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place to somebody else."""
        self._place.close()
        if self._inside is not None:
            self._inside.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        if self._inside is not None:
            self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on that nothing more comes."""
        return self._inside.eof_received() if self._inside is not None else None

    def pause_writing(self) -> None:
        """Pass on that the other side takes nothing for now."""
        if self._inside is not None:
            self._inside.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the other side takes more again."""
        if self._inside is not None:
            self._inside.resume_writing()
