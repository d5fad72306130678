"""Invalid requests: Discord shuts an address out after 10,000 answers of 401, 403 or 429 in ten minutes.

We stop far below that: a mistake (a token that was revoked, a loop) never costs the operator's address.
"""

import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

INVALID = frozenset({401, 403, 429})
WINDOW = 600.0  # s
MOST = 1_000  # in a window; Discord's own limit is 10,000


class InvalidRequests:
    """Counts them. `clock`: seconds that only go on."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: deque[float] = deque(maxlen=most)

    def note(self, status: int) -> None:
        """Count an answer."""
        if status in INVALID:
            self._at.append(self._clock())

    def wait(self) -> float:
        """Say for how many seconds nothing more may be sent; 0: go on."""
        if len(self._at) < (self._at.maxlen or 0):
            return 0.0
        return max(0.0, self._at[0] + WINDOW - self._clock())

    def trace(self) -> aiohttp.TraceConfig:
        """Make what listens to every answer that the library gets."""
        trace = aiohttp.TraceConfig()

        async def answered(
            session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
        ) -> None:
            self.note(params.response.status)

        trace.on_request_end.append(answered)
        return trace
