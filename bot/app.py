"""Composition root: the only file that wires the concrete parts together."""

import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import overload

from bot.artist import Artist, EngineArtist
from bot.courier import Courier
from bot.dialogue import House, Style
from bot.frontend import Frontend, Parts
from bot.liveness import is_dead, worker_id
from bot.operators import Operators
from bot.queue import EmbeddedQueue, Queue
from bot.records import Records
from bot.service import Service
from bot.settings import QueueSettings, StorageSettings
from bot.teller import Teller
from bot.tidying import Tidying
from bot.watchdog import Watchdog
from bot.workshop import Workshop
from engine.engine import Engine
from engine.styles import styles
from engine.talking.animator import TalkingEngine
from engine.worker import EngineThread
from storage.blobs import BlobStore
from storage.database import Database

log = logging.getLogger(__name__)

KEEP_SCRATCH = 86_400.0  # s, where nothing tells that the process is gone
SWITCH_SECONDS = 0.0005  # what Python the engine runs soon makes way for people's events
OTHERS = 0o077  # rights of the group and of everybody
STOP_SECONDS = 10.0  # the engine is asked to stop at least every 0.5 s, in speech every 10 s of voice


@dataclass(frozen=True)
class App:
    """Everything behind the front ends, put together."""

    database: Database
    blobs: BlobStore
    queue: Queue
    house: House
    service: Service
    operators: Operators
    courier: Courier
    teller: Teller
    tidying: Tidying
    workshop: Workshop

    async def run(self, frontends: Mapping[str, Frontend], until: Callable[[], Awaitable[object]]) -> None:
        """Work until `until` returns; if a part of the house fails, everything ends with its error."""
        tasks = [
            asyncio.create_task(self.workshop.run(), name="workshop"),
            asyncio.create_task(self.courier.run(frontends), name="courier"),
            asyncio.create_task(self.teller.run(frontends), name="teller"),
            asyncio.create_task(self.tidying.run(), name="tidying"),
        ]
        end = asyncio.ensure_future(until())
        try:
            done, _ = await asyncio.wait([*tasks, end], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._stop([*tasks, end])
        for task in done:
            task.result()

    async def _stop(self, tasks: list["asyncio.Task[None] | asyncio.Future[object]"]) -> None:
        """Give the running job back, let messages on their way arrive, end the rest."""
        self.workshop.stop()
        await asyncio.wait(tasks[:1], timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_app(
    storage: StorageSettings,
    queue_settings: QueueSettings,
    artist: Artist,
    house: House,
    parts: Mapping[str, Parts],
    *,
    watchdog: Watchdog,
) -> AsyncIterator[App]:
    """Put the house together on its database; `parts`: by platform, which files of a result are shown."""
    storage.make_data_dir()
    if sys.platform != "win32" and storage.data_dir.stat().st_mode & OTHERS:
        log.warning("others on this machine may look into %s: chmod 700 ends that", storage.data_dir)
    database = await Database.open(storage.database)
    try:
        blobs = BlobStore(storage.blobs)
        queue = EmbeddedQueue(database, queue_settings.limits)
        courier = Courier(database, blobs, house)
        tidying = Tidying(database, blobs)
        service = Service(
            database, blobs, queue, house, deliver_soon=courier.wake, erase_soon=tidying.erase_soon
        )
        records = Records(service, house, parts, time)
        workshop = Workshop(
            database, blobs, queue, artist, records, watchdog=watchdog, deliver_soon=courier.wake
        )
        operators, teller = Operators(database, queue, artist.remarks), Teller(database, queue)
        yield App(database, blobs, queue, house, service, operators, courier, teller, tidying, workshop)
    finally:
        watchdog.close()
        await database.close()


@contextmanager
def engine_artist(
    storage: StorageSettings, talking: TalkingEngine, options: Mapping[TalkingEngine, str] | None = None
) -> Iterator[Artist]:
    """Start the engine in its thread; `talking` is what makes characters speak, `options` is asked of it."""
    storage.make_data_dir()
    folder = storage.data_dir / "scratch"
    scratch = folder / worker_id()
    scratch.mkdir(parents=True, mode=0o700)
    clear_scratch(folder)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with EngineThread(lambda: Engine(talking=talking, options=options)) as thread:
            yield EngineArtist(thread, scratch, talking)
    finally:
        shutil.rmtree(scratch)


def clear_scratch(folder: Path) -> None:
    """Remove what processes that died have left behind."""
    for left in folder.glob("*@*@*@*"):  # other names are not ours
        with suppress(FileNotFoundError):  # another process that starts now clears it away as well
            if is_dead(left.name, time() - left.stat().st_mtime - KEEP_SCRATCH):
                shutil.rmtree(left)


class OfferedStyles(Sequence[Style]):
    """The engine's styles as they are now: a pack that is added becomes a button at once."""

    @overload
    def __getitem__(self, index: int) -> Style: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Style]: ...
    def __getitem__(self, index: int | slice) -> Style | Sequence[Style]:
        return self._now()[index]

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Iterator[Style]:
        return iter(self._now())

    @staticmethod
    def _now() -> tuple[Style, ...]:
        return tuple(Style(style.id, style.names) for style in styles())


def house_of(storage: StorageSettings) -> House:
    """State the house rules: the engine's styles, the settings' times."""
    return House(OfferedStyles(), storage.keep_photo_hours, storage.keep_render_days)
