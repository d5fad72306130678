"""Tidying: what is too old goes every hour, the last traces of who is forgotten soon after them.

To overwrite traces is to write the whole database anew (storage/database.py), while which nobody is answered.
So it is done at once, but then not again for a while: somebody who deletes over and over stalls nobody.
"""

import asyncio
import logging
from time import monotonic, time

from storage.blobs import BlobStore
from storage.database import CheckpointBlocked, Database
from storage.sweep import sweep

SWEEP_SECONDS = 3_600.0
ERASE_SECONDS = 60.0  # from the end of one erasing to the next
SHARE = 0.05  # of the time that a large database may be busy with it

log = logging.getLogger(__name__)


class Tidying:
    """Tidies up. What cannot be removed (a file of another user, a store that is away) ends nothing.

    Parameters
    ----------
    pause : seconds between two erasings, at least
    """

    def __init__(self, database: Database, blobs: BlobStore, pause: float = ERASE_SECONDS) -> None:
        self._database = database
        self._blobs = blobs
        self._pause = pause
        self._wanted = asyncio.Event()

    def erase_soon(self) -> None:
        """Say that somebody is forgotten, whose traces are to go."""
        self._wanted.set()

    async def run(self) -> None:
        """Tidy until cancelled; what is owed then is done before the end."""
        sweeping = asyncio.create_task(self._sweep_now_and_then())
        try:
            await self._erase_when_wanted()
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
            await self._erase()

    async def _sweep_now_and_then(self) -> None:
        while True:
            try:
                log.info("swept: %s", await sweep(self._database, self._blobs, time()))
            except Exception:  # whatever kind of store it is: people are answered all the same
                log.exception("what is too old could not be removed; again in %.0f s", SWEEP_SECONDS)
            self._wanted.set()  # a crash, or another process, may have left something to erase
            await asyncio.sleep(SWEEP_SECONDS)

    async def _erase_when_wanted(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            began = monotonic()
            if await self._erase():
                await asyncio.sleep(max(self._pause, (monotonic() - began) / SHARE))

    async def _erase(self) -> bool:
        """Overwrite what is owed, and empty the log of the database; False: there was nothing to do."""
        try:
            erased = await self._database.erase_if_owed()
            await self._database.checkpoint()
        except CheckpointBlocked:
            log.warning("another process reads all the time: the log of the database grows until it stops")
        except Exception:  # a full disk, another process that writes: people are answered all the same
            log.exception("traces of who is forgotten could not be overwritten yet")
        else:
            return erased
        self._wanted.set()
        return True
