"""`mytalkcon run`: a platform that cannot be reached keeps nobody from the others."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
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


def test_what_is_set_up_wrong_is_said_once_and_ends_it(tmp_path: Path):
    """A port that another program has, and no sense: one sentence, exit code 2, no start over and over."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
        environment |= {"MYTALKCON_DATA_DIR": str(tmp_path), "LANG": "en_US.UTF-8", "COLUMNS": "200"}
        for value, said in ((port, f"127.0.0.1:{port} (Address already in use)"), ("many", "WEB_PORT: ")):
            ended = subprocess.run(
                [Path(sys.executable).with_name("mytalkcon"), "run", "--supervise"],
                cwd=tmp_path,
                env=environment | {"MYTALKCON_WEB_PORT": value},
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
            assert ended.returncode == 2, ended.stderr
            assert said in ended.stderr
            assert "MYTALKCON_WEB_PORT" in ended.stderr
            assert "Traceback" not in ended.stderr
            assert len(ended.stderr.splitlines()) == 1, ended.stderr
