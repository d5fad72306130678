"""How much one browser may ask for, and a bucket that counts it."""

from collections import OrderedDict
from collections.abc import Callable
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
    passwords: Rate = Rate(10, 0.2)  # wrong ones, in all
    tabs: int = 8  # of one visitor
    tabs_in_all: int = 1_000
    uploads_at_once: int = 12  # in all; each is in memory
    frame_bytes: int = 8_192  # of a message that comes in
    outbox: int = 256  # messages that may wait for one tab
    send_seconds: float = 10.0  # for a tab to take a message
    chunk_seconds: float = 15.0  # for the next piece of an upload
    upload_seconds: float = 300.0  # for a whole upload
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
