"""News about jobs, for whoever shows progress.

News may be lost by design: the rows are the truth. A slow subscriber keeps only the newest of each job, so
its memory is bounded by the number of live jobs.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from storage.models import JobState


@dataclass(frozen=True)
class News:
    """Where a job stands.

    Attributes
    ----------
    position : jobs served before it while it waits
    stage, fraction : what the engine does while it runs; fraction of that stage in 0..1
    """

    job_id: str
    person_id: str
    state: JobState
    position: int = 0
    stage: str | None = None
    fraction: float = 0.0


class Subscription:
    """A stream of news: `async with queue.news() as news: async for item in news`."""

    def __init__(self, subscribers: set["Subscription"]) -> None:
        self._subscribers = subscribers
        self._latest: dict[str, News] = {}
        self._arrived = asyncio.Event()
        self._closed = False

    async def __aenter__(self) -> Self:
        self._subscribers.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the stream."""
        self._subscribers.discard(self)
        self._closed = True
        self._arrived.set()

    def tell(self, news: News) -> None:
        """Add news; older news of the same job that nobody read yet is replaced."""
        self._latest.pop(news.job_id, None)
        self._latest[news.job_id] = news
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[News]:
        while not self._closed:
            while self._latest:
                yield self._latest.pop(next(iter(self._latest)))
            self._arrived.clear()
            if not self._closed:
                await self._arrived.wait()
