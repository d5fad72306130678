"""The operator's commands on the database of a running bot."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.jobs import app as jobs_app
from storage.models import JobState
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, running
from tests.waiting import until


def operator(*words: str) -> str:
    result = CliRunner().invoke(jobs_app, words, env={"COLUMNS": "200"})
    return f"{result.exit_code} {result.output}"


async def test_list_show_retry_cancel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A job fails; the operator sees why and tries again; another one is cancelled and its person told."""
    monkeypatch.setenv("MYTALKCON_DATA_DIR", str(tmp_path))
    frontend, artist = FakeFrontend(), FakeArtist()
    async with running(tmp_path, artist, frontend) as app:
        ann = Human(app, frontend, "ann")
        await ann.has_character()
        (reply,) = await ann.voice(b"fail")
        job = reply.job
        await ann.idle()
        listed = await asyncio.to_thread(operator, "list", "--state", "failed")
        assert job in listed
        assert "told to fail" in listed
        shown = await asyncio.to_thread(operator, "show", job[:8])
        assert "state             failed" in shown
        assert "attempts          3" in shown
        artist._be_bad = lambda given: None  # the fault is repaired
        assert await asyncio.to_thread(operator, "retry", job) == "0 The job waits again.\n"
        await ann.idle()
        assert ann.files()[-1] == "talk.mp4", "its voice was kept for that"
        assert "not kept any more" in await asyncio.to_thread(operator, "retry", job)

        artist.stage_seconds = 20.0
        (slow,) = await ann.photo(b"another photo")
        await until(artist.working.is_set)
        assert "is not a failed job" in await asyncio.to_thread(operator, "retry", slow.job)
        assert await asyncio.to_thread(operator, "cancel", slow.job) == "0 The job is cancelled.\n"
        await until(lambda: not artist.working.is_set())  # it is noticed with the next heartbeat
        await ann.idle()
        assert "cancelled this" in ann.said()[-1]
        assert "had ended already" in await asyncio.to_thread(operator, "cancel", slow.job)
        assert "0 jobs have an id" in await asyncio.to_thread(operator, "show", "nothing")
    assert JobState.CANCELLED in await asyncio.to_thread(operator, "list")
