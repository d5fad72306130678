"""The limiter's arithmetic, in a time that passes when nobody has anything else to do."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable
from typing import Any

import pytest
from telegram.error import RetryAfter

from bot.frontends.telegram.limiter import (
    ALL_MESSAGES,
    CHAT_BURST,
    GROUP_MESSAGES,
    IDLE_LANES,
    Dropped,
    Limiter,
    Urgency,
)


class Time:
    """Seconds; they pass at once when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.now + seconds, next(self._numbers), awake))
        await awake

    async def run(self, *work: Awaitable[Any]) -> list[Any]:
        together = asyncio.gather(*work, return_exceptions=True)
        while not together.done():
            for _ in range(50):
                await asyncio.sleep(0)
            if self._sleeping and not together.done():
                self.now, _, awake = heapq.heappop(self._sleeping)
                awake.set_result(None)
        return together.result()


class Telegram:
    """Remembers when what arrived; a request lasts `seconds`."""

    def __init__(self, time: Time, seconds: float = 0.0) -> None:
        self.time, self.seconds = time, seconds
        self.limiter = Limiter(time, time.sleep)
        self.arrived: list[tuple[float, int, object]] = []
        self.busy: dict[int, list[int]] = {}  # by chat: waits that are still to be asked for

    async def ask(
        self, chat: int, what: object = "", urgency: Urgency | None = None, method: str = "sendMessage"
    ) -> object:
        async def request() -> object:
            await self.time.sleep(self.seconds)
            if waits := self.busy.get(chat):
                raise RetryAfter(waits.pop(0))
            self.arrived.append((self.time.now, chat, what))
            return what

        return await self.limiter.process_request(request, (), {}, method, {"chat_id": chat}, urgency)

    def times(self, chat: int | None = None) -> list[float]:
        return [at for at, to, _ in self.arrived if chat in (None, to)]


@pytest.fixture
def api() -> Telegram:
    return Telegram(Time())


async def test_a_chat_gets_a_message_a_second_in_order_after_a_short_burst(api: Telegram):
    await api.time.run(*(api.ask(7, number) for number in range(12)))
    assert [what for _, _, what in api.arrived] == list(range(12))
    times = api.times()
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(times[1:]))
    assert times[CHAT_BURST - 1] == times[0]
    assert times[-1] - times[0] == pytest.approx(10.5, abs=0.1)


async def test_a_slow_upload_counts_from_its_end(api: Telegram):
    """It reaches Telegram only then; what follows must not come right behind it."""
    api.seconds = 5.0
    await api.time.run(*(api.ask(7, number) for number in range(4)))
    assert [what for _, _, what in api.arrived] == [0, 1, 2, 3], "one after the other"


async def test_chats_go_side_by_side_and_all_together_under_30_a_second(api: Telegram):
    await api.time.run(*(api.ask(chat) for chat in range(1, 121)))
    times = sorted(api.times())
    assert times[-1] - times[0] == pytest.approx(120 / ALL_MESSAGES, abs=1.0)
    assert max(sum(t <= u < t + 1.0 for u in times) for t in times) <= 30


async def test_a_group_gets_20_a_minute(api: Telegram):
    await api.time.run(*(api.ask(-7) for _ in range(45)))
    times = api.times()
    assert max(sum(t <= u < t + 60.0 for u in times) for t in times) == GROUP_MESSAGES
    assert times[-1] - times[0] < 140


async def test_progress_never_waits_and_nothing_waits_for_it(api: Telegram):
    """Only in a chat where nothing else happens progress is sent; beside anything else it is dropped."""
    (first,) = await api.time.run(api.ask(7, "progress", Urgency.PROGRESS))
    assert first == "progress"
    dropped, result = await api.time.run(
        api.ask(7, "progress", Urgency.PROGRESS), api.ask(7, "result", Urgency.RESULT)
    )
    assert isinstance(dropped, Dropped)
    assert result == "result"
    assert api.times()[1] == api.times()[0], "the result did not wait for the progress before it"
    many = await api.time.run(
        *(api.ask(chat) for chat in range(100, 130)), api.ask(9, "progress", Urgency.PROGRESS)
    )
    assert isinstance(many[-1], Dropped), "nor when the bot is busy elsewhere"


async def test_asked_to_wait_only_that_chat_waits(api: Telegram):
    api.busy = {7: [30, 10]}
    answered = await api.time.run(api.ask(7, "late"), api.ask(7, "later"), api.ask(8, "now"))
    assert answered == ["late", "later", "now"]
    start = api.times(8)[0]
    assert start == 1_000.0
    assert api.times(7)[0] - start == pytest.approx(41.0, abs=0.6)
    assert [what for _, chat, what in api.arrived if chat == 7] == ["late", "later"]


async def test_asked_to_wait_a_result_goes_back_to_the_courier_and_progress_is_dropped(api: Telegram):
    api.busy = {7: [30], 8: [30]}
    result, progress = await api.time.run(
        api.ask(7, "result", Urgency.RESULT), api.ask(8, "bar", Urgency.PROGRESS)
    )
    assert isinstance(result, RetryAfter)
    assert isinstance(progress, Dropped)
    (again,) = await api.time.run(api.ask(8, "bar", Urgency.PROGRESS))
    assert isinstance(again, Dropped), "the chat still waits"
    (early,) = await api.time.run(api.ask(7, "result", Urgency.RESULT))
    assert isinstance(early, RetryAfter), "a chat that is stopped for long keeps nobody's turn"
    assert api.time.now == 1_000.0
    api.time.now += 25
    await api.time.run(api.ask(7, "result", Urgency.RESULT))
    assert api.times(7)[0] - 1_000.0 >= 30


async def test_what_no_limit_is_about_goes_at_once(api: Telegram):
    await api.time.run(
        *(api.ask(7, method=name) for name in ("sendMessage", "sendMessage", "sendMessage", "deleteMessage")),
        *(api.ask(7, method="sendChatAction") for _ in range(5)),
    )
    assert sum(at == 1_000.0 for at in api.times()) == 2 + 1 + 5


async def test_quiet_chats_are_forgotten(api: Telegram):
    for first in range(0, 3 * IDLE_LANES, 100):
        await api.time.run(*(api.ask(chat) for chat in range(first + 1, first + 101)))
        api.time.now += 10
    assert len(api.limiter._lanes) <= IDLE_LANES
