"""What people send along: fetched, put into the store, and taken out again when nobody keeps it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from bot.dialogue import House
from bot.dialogue.replies import Said, say
from bot.wishes import HOUR, VOICE_HOURS
from storage.blobs import BlobStore
from storage.ids import new_id
from storage.models import Blob, Purpose

UPLOAD_BYTES = 20_000_000  # of a photo or a voice; also the most that Telegram hands out

Load = Callable[[], Awaitable[bytes]]


class CannotLoad(Exception):
    """A file cannot be had, and why is for the person to hear."""

    def __init__(self, why: Said) -> None:
        super().__init__(why.message_id)
        self.why = why


def few_at_once(load: Load, downloads: asyncio.Semaphore) -> Load:
    """Let a file wait its turn before it is fetched: each is in memory."""

    async def fetch() -> bytes:
        async with downloads:
            return await load()

    return fetch


class Uploads:
    """Puts files of people into the store.

    Parameters
    ----------
    house : says how long a photo is kept
    clock : Unix seconds
    """

    def __init__(self, blobs: BlobStore, house: House, clock: Callable[[], float]) -> None:
        self._blobs = blobs
        self._house = house
        self._clock = clock

    async def store(self, person_id: str, loads: Sequence[Load], *, photos: bool) -> list[Blob]:
        """Fetch photos or voices and store them; of several those that cannot be had are left out.

        Raises
        ------
        CannotLoad
            when none can be had
        whatever a load raises else; nothing is stored then
        """
        stored, why = list[Blob](), say("input-gone")
        try:
            for load in loads:
                try:
                    stored.append(await self._store(person_id, await load(), photo=photos))
                except CannotLoad as problem:
                    why = problem.why
        except Exception:
            await self.discard(stored)
            raise
        if not stored:
            raise CannotLoad(why)
        return stored

    async def discard(self, stored: Iterable[Blob]) -> None:
        """Remove files that nobody keeps."""
        await self._blobs.delete([blob.key for blob in stored])

    async def _store(self, person_id: str, content: bytes, *, photo: bool) -> Blob:
        if len(content) > UPLOAD_BYTES:
            raise CannotLoad(say("file-too-large", megabytes=UPLOAD_BYTES // 1_000_000))
        hours = self._house.photo_hours if photo else VOICE_HOURS
        blob = Blob(
            id=new_id(),
            person_id=person_id,
            purpose=Purpose.PHOTO if photo else Purpose.VOICE,
            name="photo" if photo else "voice",
            size=len(content),
            created_at=self._clock(),
            expires_at=self._clock() + hours * HOUR,
        )
        await self._blobs.write(blob.key, content)
        return blob
