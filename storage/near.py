"""SQLite without a thread change for every call.

aiosqlite hands each call to a thread. A call of SQLite takes some 20 us, the way to a thread and back ten
times as long, and much longer while the engine keeps the interpreter busy; a transaction has 50 such calls.
Here only those calls go to the thread that may wait: for the disk or for another process.
"""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import aiosqlite

WAITING_CALLS = ("commit", "close")
WAITING_STATEMENTS = ("BEGIN IMMEDIATE", "COMMIT", "VACUUM", "PRAGMA")
ROWS_AT_ONCE = 64  # what aiosqlite fetches in one step of an iteration


class NearConnection(aiosqlite.Connection):
    """A connection that is used from the event loop's thread, but for what may wait.

    Calls keep their order: while one is under way in the thread (its task may have been cancelled), the next
    ones queue up behind it.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, ROWS_AT_ONCE)
        self._lock = threading.Lock()
        self._under_way = 0
        self._thread.daemon = True  # an interpreter that ends by an error need not wait for it

    async def _execute(self, fn: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if self._under_way == 0 and not _may_wait(fn, args):
            if not self._running or self._connection is None:
                raise ValueError("Connection closed")
            return fn(*args, **options)
        with self._lock:
            self._under_way += 1

        def call() -> Any:
            try:
                return fn(*args, **options)
            finally:
                with self._lock:
                    self._under_way -= 1

        return await super()._execute(call)  # type: ignore[no-untyped-call]


async def connect(path: str) -> NearConnection:
    """Open a database file."""

    def open_file() -> sqlite3.Connection:
        return sqlite3.connect(path, check_same_thread=False)

    connection = NearConnection(open_file)
    await connection
    return connection


def _may_wait(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    name = getattr(fn, "__name__", "")
    return name in WAITING_CALLS or (name == "execute" and args[0].startswith(WAITING_STATEMENTS))
