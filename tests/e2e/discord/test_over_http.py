"""Real HTTP and a real websocket: starting while Discord is away, uploads, being too fast, reconnecting."""

import asyncio
import logging
from pathlib import Path

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket

from bot.app import open_app
from bot.frontends.discord import PARTS, PLATFORM, serving
from bot.settings import DiscordSettings, QueueSettings
from bot.watchdog import Watchdog
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import RULES, settings_in
from tests.e2e.discord.local_discord import ANN, LocalDiscord, local_discord
from tests.e2e.discord.world import FAST
from tests.ports import free_port

TOKEN = "a-token-that-nobody-else-should-see"  # noqa: S105


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> LocalDiscord:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(discord.http.Route, "BASE", f"{address}/api")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(f"ws://127.0.0.1:{port}/gateway"))
    return LocalDiscord(address)


async def test_from_a_start_without_discord_to_a_reconnect(
    tmp_path: Path, local: LocalDiscord, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    storage, queue = settings_in(tmp_path), QueueSettings(_env_file=None)
    settings = DiscordSettings(_env_file=None, discord_token=TOKEN)
    port = int(local.address.rpartition(":")[2])
    ended = asyncio.Event()
    async with (
        open_app(storage, queue, FakeArtist(), RULES, {PLATFORM: PARTS}, watchdog=Watchdog()) as app,
        serving(settings, storage, app, FAST) as chat,
    ):
        house = asyncio.create_task(app.run({PLATFORM: chat}, ended.wait))
        await local.until(lambda: "no connection to Discord" in caplog.text)
        assert not chat.reaches("d:1:2:0")
        async with local_discord(local, port):
            await local.until(lambda: chat.reaches("d:1:2:0"))
            assert local.token == f"Bot {TOKEN}"

            local.refuse = 1
            await local.tell("MESSAGE_CREATE", local.message(ANN, "hello"))
            await local.until(lambda: local.posted)
            [greeting] = local.posted
            assert "Is that all right with you?" in greeting.payload["content"]
            assert greeting.payload["enforce_nonce"]
            agree = greeting.payload["components"][0]["components"][0]["custom_id"]
            assert agree.startswith("v1:agree:")

            await local.tell("INTERACTION_CREATE", local.press(agree))
            await local.until(
                lambda: any("Send me a selfie" in p.payload.get("content", "") for p in local.posted)
            )
            await local.tell("MESSAGE_CREATE", local.message(ANN, "", [local.photo()]))
            await local.until(lambda: any(posted.files for posted in local.posted))
            [preview] = [posted for posted in local.posted if posted.files]
            [(name, content)] = preview.files
            assert name == "preview.jpg"
            assert content.startswith(b"preview.jpg of my photo")
            assert preview.payload["attachments"][0]["description"]

            local.missed = [local.message(ANN, "/privacy")]
            assert local.socket is not None
            await local.socket.close(code=4000)
            await local.until(lambda: "What I keep" in local.posted[-1].payload.get("content", ""))
            assert local.ops.count(2) == 1  # one session, resumed
            assert 6 in local.ops
            ended.set()
            await house
    for secret in (TOKEN, ANN["id"], "1000000000000000003"):
        assert secret not in caplog.text
