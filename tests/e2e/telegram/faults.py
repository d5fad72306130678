"""What goes wrong on request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """Something that goes wrong instead of (or after) a request that the server would have taken.

    Attributes
    ----------
    method : of the requests it hits ("sendVideo"; "file" for downloads; "*": all but getUpdates)
    chat : of the requests it hits; None: every chat
    times : how many of them
    processed : the request has its effect, only its answer is lost
    status, description, parameters : the answer; status 0: none, the connection is dropped
    plain : the answer is a page of a proxy and no JSON
    hang : s without an answer, then the connection is dropped
    when : hits only requests about which this says True
    """

    method: str
    chat: int | None = None
    times: int = 1
    processed: bool = False
    status: int = 0
    description: str = ""
    parameters: dict[str, int] = field(default_factory=dict)
    plain: bool = False
    hang: float = 0.0
    when: Callable[[Any], bool] = lambda request: True
    hits: int = 0

    def takes(self, method: str, chat: int | None, request: Any) -> bool:
        """Say whether this request is hit, and count it."""
        named = self.method == method or (self.method == "*" and method not in ("getUpdates", "file"))
        if not named or self.hits >= self.times or self.chat not in (None, chat) or not self.when(request):
            return False
        self.hits += 1
        return True


def flood(method: str, retry_after: int, **about: Any) -> Fault:
    """Make the server too busy: 429."""
    words = f"Too Many Requests: retry after {retry_after}"
    return Fault(method, status=429, description=words, parameters={"retry_after": retry_after}, **about)


def broken(method: str, status: int = 502, **about: Any) -> Fault:
    """Make the server answer like a proxy whose server is down."""
    return Fault(method, status=status, description="Bad Gateway", plain=True, **about)


def refused(method: str, status: int, description: str, **about: Any) -> Fault:
    """Make the server refuse."""
    return Fault(method, status=status, description=description, **about)


def dropped(method: str, *, processed: bool, **about: Any) -> Fault:
    """Drop the connection before or after the request had its effect."""
    return Fault(method, processed=processed, **about)


def silent(method: str, seconds: float, *, processed: bool, **about: Any) -> Fault:
    """Do not answer for some time, and then not either."""
    return Fault(method, processed=processed, hang=seconds, **about)
