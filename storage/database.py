"""The database: connections, transactions, and what SQLite needs to keep promises.

WAL lets readers go on while one writes; `synchronous=FULL` keeps what was accepted even if the power fails;
`secure_delete` overwrites what is deleted, `erase` the rest. Write transactions of one process queue up at
a lock of ours, because SQLite's own waiting is a sleep that is neither fair nor short.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from storage.migrate import upgrade
from storage.near import connect

BUSY_MS = 10_000  # how long SQLite waits for another process that writes
SWITCH_PAUSE = 0.01  # s between tries to switch a new database to its log
PRIMARY_CODE = 0xFF  # of an extended result code of SQLite
CHECKPOINT_TRIES = 50  # a reader of another process may hold the log
CHECKPOINT_WAIT_MS, CHECKPOINT_PAUSE = 100, 0.1  # a try, in which nobody writes; s until the next

log = logging.getLogger(__name__)


class CheckpointBlocked(Exception):
    """Another process keeps the write-ahead log in use, so that deleted rows are still in it."""


class Work:
    """One transaction: its session, and what to do once it is committed."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self._afterwards: list[Callable[[], None]] = []

    async def owe_erasing(self) -> None:
        """Note in the database, as part of this transaction, that `Database.erase` has to follow."""
        if self.session.get_bind().dialect.name == "sqlite":
            noted = (await self.session.execute(text("PRAGMA user_version"))).scalar_one()
            owed = noted + (2 if _is_owed(noted) else 1)
            await self.session.execute(text(f"PRAGMA user_version = {owed}"))

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have `call` called when the transaction is committed, and only then."""
        self._afterwards.append(call)

    def committed(self) -> None:
        """Call what waits for the commit."""
        for call in self._afterwards:
            call()


class Database:
    """Transactions on the database at a URL (`sqlite+aiosqlite:///path`)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(
            engine.execution_options(begin="BEGIN IMMEDIATE"), expire_on_commit=False
        )
        self._writer = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Bring the tables up to date (SQLite only; others by `alembic upgrade head`) and connect."""
        if make_url(url).get_backend_name() != "sqlite":
            return cls(create_async_engine(url, hide_parameters=True))
        await asyncio.to_thread(migrate_sqlite, url)
        connecting = partial(connect, make_url(url).database or "")
        # what people are called is in the parameters of statements, and errors with them go to the log
        engine = create_async_engine(url, async_creator=connecting, hide_parameters=True)
        prepare_sqlite(engine.sync_engine)
        return cls(engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """Open a transaction that only reads; it sees one moment."""
        async with self._reading() as session:
            yield Work(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Work]:
        """Open a transaction that writes: all of it is kept, or, when the block raises, nothing."""
        async with self._writer, self._writing() as session:
            work = Work(session)
            yield work
            await session.commit()
        work.committed()

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the database file and empty it (SQLite only).

        Raises
        ------
        CheckpointBlocked
            when a reader in another process does not let go for some seconds
        """
        if self._engine.dialect.name != "sqlite":
            return
        for _ in range(CHECKPOINT_TRIES):
            async with self._writer, self._engine.connect() as connection:
                autocommit = await connection.execution_options(begin=None)
                await autocommit.exec_driver_sql(f"PRAGMA busy_timeout={CHECKPOINT_WAIT_MS}")
                result = await autocommit.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                busy = result.one()[0]
                await autocommit.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")
                if not busy:
                    return
            await asyncio.sleep(CHECKPOINT_PAUSE)
        raise CheckpointBlocked

    async def erase(self) -> None:
        """Overwrite what deleted rows have left behind (SQLite only).

        `secure_delete` clears the cells that are deleted, but not the copies that earlier moves between pages
        have left in their gaps: only writing the file anew does. Writers wait meanwhile (0.3 s with
        10,000 people). What another process forgets in the meantime stays owed.

        Raises
        ------
        CheckpointBlocked
            see `checkpoint`; what was deleted is gone from the file then, but not from the log
        """
        if self._engine.dialect.name != "sqlite":
            return
        async with self._writer, self._engine.connect() as connection:
            autocommit = await connection.execution_options(begin=None)
            noted = (await autocommit.exec_driver_sql("PRAGMA user_version")).scalar_one()
            await autocommit.exec_driver_sql("VACUUM")
        async with self.writing() as work:
            now = (await work.session.execute(text("PRAGMA user_version"))).scalar_one()
            if _is_owed(now) and now == noted:
                await work.session.execute(text(f"PRAGMA user_version = {now + 1}"))
        await self.checkpoint()

    async def erase_if_owed(self) -> bool:
        """Erase when that has to follow a transaction; False when it has not."""
        if self._engine.dialect.name != "sqlite":
            return False
        async with self.reading() as work:
            noted = (await work.session.execute(text("PRAGMA user_version"))).scalar_one()
        if not _is_owed(noted):
            return False
        await self.erase()
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _is_owed(noted: int) -> bool:
    """Say whether `user_version` means that erasing has to follow: it only grows, and odd numbers owe."""
    return noted % 2 == 1


def migrate_sqlite(url: str) -> None:
    """Create or upgrade the tables; a second process that starts at the same time waits."""
    engine = create_engine(make_url(url).set(drivername="sqlite"))
    prepare_sqlite(engine, foreign_keys=False)
    try:
        with engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
            upgrade(connection)
    finally:
        engine.dispose()


def prepare_sqlite(engine: Engine, *, foreign_keys: bool = True) -> None:
    """Set what every connection needs, and let transactions begin as we say (not as the driver guesses).

    Migrations need `foreign_keys=False`: they alter a table by copying and dropping it, and a dropped table
    would take with it what refers to it.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        _use_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        begin = connection.get_execution_options().get("begin", "BEGIN")
        if begin:
            connection.exec_driver_sql(begin)


def _use_wal(cursor: Any) -> None:
    """Switch a new database to its write-ahead log: the one thing for which SQLite itself does not wait."""
    give_up = monotonic() + BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY or monotonic() > give_up:
                raise
            sleep(SWITCH_PAUSE)
