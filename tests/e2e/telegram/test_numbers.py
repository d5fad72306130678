"""The promised numbers; `python -m tests.e2e.telegram.measure` prints them."""

import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.telegram.measure import answer_times, memory
from tests.e2e.telegram.server import Server
from tests.measures import SLACK

ANSWERED = 0.150  # s from an update to its first answer, the half of all
GROWTH_MB = 150.0

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


async def test_people_are_answered_at_once_while_the_engine_works(
    api: Server, tmp_path: Path, record_property: Callable[..., None]
):
    times = await answer_times(api, tmp_path)
    median = statistics.median(times)
    record_property("answered", f"median {1_000 * median:.0f} ms of {len(times)}")
    assert median <= ANSWERED * SLACK, sorted(times)


async def test_a_thousand_chats_leave_little_behind(
    quick: Server, tmp_path: Path, record_property: Callable[..., None]
):
    used = await memory(quick, tmp_path)
    record_property("memory", f"{used.idle:.0f} MB idle, {used.after:.0f} MB after 1,000 chats")
    assert used.after - used.idle <= GROWTH_MB, used
