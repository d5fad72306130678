"""How much one browser may ask for: buckets count how often, places how many at the same time."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True)
class Rate:
    """At most `burst` at once, then `per_second`."""

    burst: float
    per_second: float


@dataclass(frozen=True)
class WebLimits:
    """Far above what a person does by hand, far below what hurts."""

    messages: Rate = Rate(30, 5)  # of one visitor
    uploads: Rate = Rate(8, 0.5)  # of one visitor
    newcomers: Rate = Rate(300, 20)  # cookies given out, in all
    passwords: Rate = Rate(10, 0.2)  # tried from one address
    passwords_in_all: Rate = Rate(200, 2)  # tried, by whomever: who is in already needs none
    connections: int = 200  # from one address
    connections_in_all: int = 800  # a process has 1,024 open files where nobody has changed that
    tabs: int = 8  # of one visitor
    tabs_in_all: int = 600
    uploads_at_once: int = 4  # from one address
    uploads_at_once_in_all: int = 12  # each is in memory
    uploads_waiting: int = 200  # for their turn, in all
    frame_bytes: int = 8_192  # of a message that comes in
    outbox: int = 256  # messages that may wait for one tab
    send_seconds: float = 10.0  # for a tab to take a message
    chunk_seconds: float = 15.0  # for the next piece of an upload; also before it has to be fast enough
    upload_rate: float = 8_000.0  # bytes a second of an upload, at least: a bad mobile network
    upload_seconds: float = 300.0  # for a whole upload
    take_seconds: float = 60.0  # for a browser to take a piece of a file: players pause
    head_seconds: float = 15.0  # for a connection to ask for something


class Bucket:
    """A token bucket."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = rate.burst
        self._at = clock()

    def take(self) -> bool:
        """Take a token; False when there is none."""
        now = self._clock()
        self._tokens = min(self._rate.burst, self._tokens + (now - self._at) * self._rate.per_second)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Buckets:
    """A bucket a visitor; of too many visitors the one who came longest ago is forgotten."""

    def __init__(self, rate: Rate, most: int = 4_096) -> None:
        self._rate = rate
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, visitor: str) -> bool:
        """Take a token of a visitor; False when there is none."""
        bucket = self._buckets.pop(visitor, None) or Bucket(self._rate)
        self._buckets[visitor] = bucket
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket.take()


class TooManyAtOnce(Exception):
    """No place is free."""


class Places:
    """So many at the same time, of one and in all."""

    def __init__(self, each: int, in_all: int) -> None:
        self._each = each
        self._in_all = in_all
        self._taken: Counter[str | None] = Counter()

    @contextmanager
    def place(self, whose: str | None) -> Iterator[None]:
        """Take a place for the length of the block; nobody knows whose it is: it counts in all only.

        Raises
        ------
        TooManyAtOnce
        """
        one_has_all = whose is not None and self._taken[whose] >= self._each
        if one_has_all or self._taken.total() >= self._in_all:
            raise TooManyAtOnce
        self._taken[whose] += 1
        try:
            yield
        finally:
            self._taken[whose] -= 1
            if not self._taken[whose]:
                del self._taken[whose]
