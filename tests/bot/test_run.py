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
import typer
from sqlalchemy import select

from bot.app import house_of, open_app
from bot.cli.run import _run, run
from bot.cli.terminal import with_exit_codes
from bot.dialogue.events import TextReceived
from bot.service import Who
from bot.settings import QueueSettings
from bot.watchdog import Watchdog
from storage.models import Delivery
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import FakeFrontend, Human, settings_in


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


def test_a_port_that_is_taken_is_said_once_and_ends_it(tmp_path: Path):
    """One sentence, exit code 2, no start over and over; and nobody else looks into the new data folder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
        environment |= {"MYTALKCON_DATA_DIR": str(tmp_path / "data"), "MYTALKCON_WEB_PORT": port}
        ended = subprocess.run(
            [Path(sys.executable).with_name("mytalkcon"), "run", "--supervise"],
            cwd=tmp_path,
            env=environment | {"LANG": "en_US.UTF-8", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert ended.returncode == 2, ended.stderr
    (said,) = ended.stderr.splitlines()
    assert f"127.0.0.1:{port} (Address already in use): set MYTALKCON_WEB_PORT" in said
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_wrong_setting_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("MYTALKCON_WEB_PORT", "many")
    with pytest.raises(typer.Exit) as ended:
        with_exit_codes(run)(supervise=True)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.startswith("MYTALKCON_WEB_PORT: ")


async def test_an_engine_alone_does_jobs_of_every_platform(tmp_path: Path):
    """What it makes is kept as the person's platform shows it, and left for who answers there."""
    settings = settings_in(tmp_path)
    engine = asyncio.create_task(_run(settings, FakeArtist(), engine_only=True))
    limits, house = QueueSettings(_env_file=None), house_of(settings)
    async with open_app(settings, limits, FakeArtist(), house, {}, watchdog=Watchdog()) as app:
        ann = Human(app, FakeFrontend(), "ann")
        ann.who = Who("telegram", "1", "1", "en")
        await ann.agree()
        await ann.photo()
        async with asyncio.timeout(30):
            while not (replies := await ann.do(TextReceived("and now?")))[0].buttons:
                await asyncio.sleep(0.2)
            await ann.press("1. Webtoon", replies)
            parts: list[tuple[str, str]] = []
            while len(parts) < 3:
                await asyncio.sleep(0.2)
                async with app.database.reading() as work:
                    rows = await work.session.execute(select(Delivery.part, Delivery.state))
                    parts = [(part, state) for part, state in rows.all()]
    assert sorted(parts) == [("after", "pending"), ("preview.jpg", "pending"), ("sticker.webp", "pending")]
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(engine, 30)
