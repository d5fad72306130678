"""What the house clears away by itself, and what never ends it."""

import asyncio
import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import App, clear_scratch
from bot.liveness import worker_id
from storage.blobs import BlobStore, Stored


class Away(BlobStore):
    """A store that does not answer."""

    async def stored(self) -> list[Stored]:
        raise ConnectionError("the store is away")


async def test_a_store_that_is_away_while_tidying_ends_nothing(
    app: App, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    house = replace(app, blobs=Away(str(tmp_path / "blobs")))
    with caplog.at_level(logging.ERROR):
        tidying = asyncio.create_task(house._sweep_now_and_then())
        async with asyncio.timeout(20):
            while not caplog.records:
                await asyncio.sleep(0.01)
    assert not tidying.done()
    tidying.cancel()


def test_scratch_of_the_dead_goes_and_what_is_not_ours_stays(tmp_path: Path):
    host, _, process, number = worker_id().split("@")
    dead = "@".join((host, str(os.getpid()), process[::-1], number))
    for name in (dead, worker_id()):
        (tmp_path / name).mkdir()
        (tmp_path / name / "talk.mp4").touch()
    (tmp_path / ".DS_Store").touch()
    clear_scratch(tmp_path)
    left = [path.name for path in tmp_path.iterdir()]
    assert dead not in left
    assert (len(left), ".DS_Store" in left) == (2, True)
