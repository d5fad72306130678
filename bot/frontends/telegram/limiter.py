"""How fast requests go out, so that Telegram never has to refuse one.

Messages and edits of one chat go one after the other in the order they were asked for; chats go side by side.
A progress edit never waits and never makes anything wait: when its turn is not now, it is dropped. Everything
else waits as long as it takes. When Telegram asks to wait (429), that chat waits and no other.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from time import monotonic
from typing import Any

from telegram.error import RetryAfter, TelegramError
from telegram.ext import BaseRateLimiter

# core.telegram.org/bots/faq: one message a second in a chat, short bursts allowed; 20 a minute in a group;
# about 30 a second in all. An edit counts as a message.
CHAT_BURST, CHAT_SECONDS = 2, 1.05
GROUP_MESSAGES, GROUP_SECONDS = 20, 61.0
ALL_MESSAGES, ALL_SECONDS = 28, 1.0
PATIENCE = 10.0  # s that a result waits here for a chat that Telegram has stopped; the courier waits longer
SLACK = 0.5  # s more than Telegram asks us to wait: clocks and roads differ
IDLE_LANES = 1_000  # so many chats are remembered before those that are quiet are forgotten

COUNTED = ("send", "edit", "copy", "forward")  # beginnings of the methods that flood limits are about
FREE = frozenset({"sendChatAction"})  # shown for seconds, kept by nobody

Callback = Callable[..., Coroutine[Any, Any, Any]]


class Urgency(Enum):
    """What becomes of a request whose turn is not now."""

    ANSWER = auto()  # waits; asked to wait by Telegram, it waits and tries again
    RESULT = auto()  # waits; asked to wait by Telegram, it goes back to the courier, who comes again then
    PROGRESS = auto()  # is dropped


class Dropped(TelegramError):
    """A progress edit was not sent: others go first."""

    def __init__(self) -> None:
        super().__init__("others go first")


class Window:
    """At most `most` in any `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=most)

    def wait(self, now: float) -> float:
        """Give the seconds until there is room."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0.0
        return max(0.0, self._times[0] + self._seconds - now)

    def take(self, now: float) -> None:
        """Note a message."""
        self._times.append(now)

    def is_idle(self, now: float) -> bool:
        """Say whether nothing is remembered that still matters."""
        return not self._times or self._times[-1] + self._seconds <= now


@dataclass
class Lane:
    """One chat's messages."""

    rate: "Pace"
    minute: Window | None  # groups only
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    stopped_until: float = 0.0
    using: int = 0

    def wait(self, now: float) -> float:
        """Give the seconds until the next message may go."""
        waits = [self.stopped_until - now, self.rate.wait(now)]
        return max(0.0, *waits, self.minute.wait(now) if self.minute else 0.0)

    def take(self, now: float) -> None:
        """Note a message."""
        self.rate.take(now)
        if self.minute:
            self.minute.take(now)

    def is_idle(self, now: float) -> bool:
        """Say whether the lane can be forgotten."""
        in_use = self.using or self.stopped_until > now or not self.rate.is_full(now)
        return not in_use and (self.minute is None or self.minute.is_idle(now))


class Pace:
    """A message every CHAT_SECONDS, CHAT_BURST of them at once after a pause."""

    def __init__(self) -> None:
        self._full_at = 0.0  # when all messages of a burst are free again

    def wait(self, now: float) -> float:
        """Give the seconds until one message is free."""
        return max(0.0, self._full_at - now - (CHAT_BURST - 1) * CHAT_SECONDS)

    def take(self, now: float) -> None:
        """Use one message."""
        self._full_at = max(self._full_at, now) + CHAT_SECONDS

    def is_full(self, now: float) -> bool:
        """Say whether a whole burst is free."""
        return self._full_at <= now


class Limiter(BaseRateLimiter[Urgency]):
    """The flood limits as python-telegram-bot asks for them.

    Parameters
    ----------
    clock : seconds
    sleep : as asyncio.sleep
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[str, Lane] = {}
        self._all = Window(ALL_MESSAGES, ALL_SECONDS)
        self._all_turn = asyncio.Lock()

    async def initialize(self) -> None:
        """Do nothing: see BaseRateLimiter."""

    async def shutdown(self) -> None:
        """Do nothing: who waits here is cancelled by who made them wait."""

    async def process_request(
        self,
        callback: Callback,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Urgency | None,
    ) -> Any:
        """Call when it is this request's turn: see BaseRateLimiter."""
        urgency, chat = rate_limit_args or Urgency.ANSWER, data.get("chat_id")
        if chat is None or endpoint in FREE or not endpoint.startswith(COUNTED):
            return await self._uncounted(callback, args, kwargs, str(chat), urgency)
        lane = self._lane(str(chat))
        if urgency is Urgency.PROGRESS:
            return await self._now_or_never(lane, callback, args, kwargs)
        stopped = lane.stopped_until - self._clock()
        if urgency is Urgency.RESULT and stopped > PATIENCE:
            raise RetryAfter(math.ceil(stopped))
        lane.using += 1
        try:
            return await self._in_turn(lane, callback, args, kwargs, urgency)
        finally:
            lane.using -= 1

    async def _uncounted(
        self, callback: Callback, args: Any, kwargs: dict[str, Any], chat: str, urgency: Urgency
    ) -> Any:
        """Call at once what no limit is known for; asked to wait, wait once, or drop what does not matter."""
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as asked:
            if urgency is Urgency.PROGRESS:
                self._stop(self._lane(chat), asked)
                raise Dropped from None
            await self._sleep(seconds_of(asked) + SLACK)
            return await callback(*args, **kwargs)

    async def _now_or_never(self, lane: Lane, callback: Callback, args: Any, kwargs: dict[str, Any]) -> Any:
        """Send a progress edit if it takes nothing from anybody: a whole burst must be free."""
        now = self._clock()
        busy = lane.using or lane.turn.locked() or lane.wait(now) or not lane.rate.is_full(now)
        if busy or self._all_turn.locked() or self._all.wait(now):
            raise Dropped
        async with lane.turn:
            try:
                return await self._call(lane, callback, args, kwargs)
            except RetryAfter as asked:
                self._stop(lane, asked)
                raise Dropped from None

    async def _in_turn(
        self, lane: Lane, callback: Callback, args: Any, kwargs: dict[str, Any], urgency: Urgency
    ) -> Any:
        async with lane.turn:
            while True:
                while wait := lane.wait(self._clock()):
                    await self._sleep(wait)
                async with self._all_turn:
                    while wait := self._all.wait(self._clock()):
                        await self._sleep(wait)
                    self._all.take(self._clock())
                try:
                    return await self._call(lane, callback, args, kwargs, counted=True)
                except RetryAfter as asked:
                    self._stop(lane, asked)
                    if urgency is Urgency.RESULT:
                        raise

    async def _call(
        self, lane: Lane, callback: Callback, args: Any, kwargs: dict[str, Any], *, counted: bool = False
    ) -> Any:
        """Send; the message counts from when it was answered: it reached Telegram before that."""
        if not counted:
            self._all.take(self._clock())
        try:
            return await callback(*args, **kwargs)
        finally:
            lane.take(self._clock())

    def _stop(self, lane: Lane, asked: RetryAfter) -> None:
        lane.stopped_until = max(lane.stopped_until, self._clock() + seconds_of(asked) + SLACK)

    def _lane(self, chat: str) -> Lane:
        lane = self._lanes.get(chat)
        if lane is None:
            if len(self._lanes) >= IDLE_LANES:
                now = self._clock()
                self._lanes = {c: lane for c, lane in self._lanes.items() if not lane.is_idle(now)}
            group = Window(GROUP_MESSAGES, GROUP_SECONDS) if is_group(chat) else None
            lane = self._lanes[chat] = Lane(Pace(), group)
        return lane


def is_group(chat: str) -> bool:
    """Say whether a chat is a group or a channel: their ids are negative, or names."""
    return chat.startswith(("-", "@"))


def seconds_of(asked: RetryAfter) -> float:
    """Read how long Telegram asks us to wait: a timedelta, a number only for who wants it (PTB_TIMEDELTA)."""
    wait: int | timedelta = asked.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
