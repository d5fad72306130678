"""The product as a newcomer meets it: `mytalkcon run`, a real browser, the real engine."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from engine.weights import locate
from tests.e2e.web.chromium import VOICE, visiting

START_SECONDS = 60.0
ENGINE_SECONDS = 120.0  # for one job on a slow machine


class Server:
    """`mytalkcon run` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MYTALKCON_")}
        environment |= {"MYTALKCON_DATA_DIR": str(self.folder), "MYTALKCON_WEB_PORT": str(self.port)}
        if "MYTALKCON_WEIGHTS_DIR" in os.environ:
            environment["MYTALKCON_WEIGHTS_DIR"] = os.environ["MYTALKCON_WEIGHTS_DIR"]
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("mytalkcon"), "run"],
            env=environment | {"PYTHONUNBUFFERED": "1"},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline() + self.process.stdout.readline()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.process.kill()
        server.process.wait()


@pytest.mark.timeout(600)
async def test_from_a_newcomer_to_videos_over_a_reload_and_a_crash(server: Server, browser: Browser):
    """Consent, photo, style, microphone, video; a second voice during which the page is reloaded; another
    style; a third voice during which the server is killed and started again."""
    assert server.address in server.said
    assert "Telegram" in server.said
    async with visiting(browser, server.address) as me:
        await me.says("Is that all right with you?")
        await me.press("I agree")
        await me.says("Send me a selfie")
        await me.photo(locate("astronaut.png"))
        await me.page.locator(".live .bar").wait_for()
        await me.sees("img.sheet", seconds=ENGINE_SECONDS)
        await me.press("1. Webtoon")
        await me.sees("img.sticker", seconds=ENGINE_SECONDS)

        await me.page.get_by_role("button", name="Record your voice").click()
        await asyncio.sleep(4)
        heard = await me.page.locator("#level").get_attribute("aria-valuenow")
        assert heard is not None
        await me.page.get_by_role("button", name="Send the recording").click()
        await me.page.locator(".live .bar").wait_for()
        await me.sees("video.talk", seconds=ENGINE_SECONDS)
        assert await me.plays() > 0.2

        await me.voice(VOICE)
        await me.page.locator(".live .bar").wait_for()
        await me.page.reload()
        await me.sees("video.talk", 2, seconds=ENGINE_SECONDS)
        assert await me.plays() > 0.2

        await me.press("Another style")
        await me.sees("img.sheet", 2, seconds=ENGINE_SECONDS)
        await me.press("Pencil")
        await me.sees("img.sticker", 2, seconds=ENGINE_SECONDS)

        await me.voice(VOICE)
        await me.page.locator(".live:not(.idle) .bar").wait_for()
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
        await expect(me.page.locator("#offline")).to_be_visible()
        await asyncio.to_thread(server.start)
        await me.sees("video.talk", 3, seconds=ENGINE_SECONDS)
        await expect(me.page.locator("#offline")).to_be_hidden()
        assert await me.plays() > 0.2

        async with me.page.expect_download() as saved:
            await me.page.get_by_role("link", name="Download").last.click()
        assert (await saved.value).suggested_filename == "mytalkcon-talk.mp4"
        await me.press("As a round video")
        await me.sees("video.note")
        await me.press("As a moving sticker")
        await me.sees("video.moving")
    assert server.stop() == 0
