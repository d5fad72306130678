"""`mytalkcon run`: a platform that cannot be reached keeps nobody from the others."""

import asyncio
import os
import re
import signal
from pathlib import Path

import aiohttp
import discord
import pytest

from bot.cli.run import _run
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import settings_in


async def test_the_chat_page_is_there_while_discord_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYTALKCON_WEB_PORT", "0")
    monkeypatch.setenv("MYTALKCON_DISCORD_TOKEN", "not-a-token")
    monkeypatch.setattr(discord.http.Route, "BASE", "http://127.0.0.1:1/api")
    running = asyncio.create_task(_run(settings_in(tmp_path), FakeArtist()))
    said = ""
    async with asyncio.timeout(30):
        while "Discord" not in said:
            await asyncio.sleep(0.05)
            said += capsys.readouterr().out
            assert not running.done()
    address = re.search(r"http://\S+", said)
    assert address is not None
    async with aiohttp.ClientSession() as session, session.get(address.group()) as page:
        assert page.status == 200
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 30)
