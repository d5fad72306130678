"""The product as a newcomer meets it: `mytalkcon run`, a real browser, the real engine."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from engine.weights import locate
from tests.e2e.running import Running, running
from tests.e2e.scene import SKY, hums, lies_before, says_words
from tests.e2e.web.chromium import Visit, spoken_wav, visiting

ENGINE_SECONDS = 120.0  # for one job on a slow machine


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short one: the engine works for as long as it is."""
    return spoken_wav(tmp_path_factory.mktemp("voice") / "hello.wav", 1.6)


async def speaks_as_chosen(me: Visit, server: Running, voice: Path) -> None:
    """Choose effect, background and caption; reload while the character speaks; find them in the video."""
    for setting, choice in (("Voice effect", "Robot"), ("Background", "Sky")):
        await me.page.locator("nav").get_by_role("button", name="Settings").click()
        await me.press(setting)
        await me.press(choice)
        await me.says("from now on")
    await me.types("/caption Hello! 안녕하세요")
    await me.says("Your next video shows")
    await me.voice(voice)
    await me.page.locator(".live .bar").wait_for()
    await me.page.reload()
    await me.sees(".sent img")  # my own photo
    await me.sees("video.talk", 2, seconds=ENGINE_SECONDS)
    assert await me.plays() > 0.2
    address = await me.page.locator("video.talk").last.get_attribute("src")
    video = await (await me.context.request.get(f"{server.address.rstrip('/')}{address}")).body()
    assert lies_before(video, SKY)
    assert says_words(video)
    assert hums(video)


@pytest.mark.timeout(600)
async def test_from_a_newcomer_to_videos_over_a_reload_and_a_crash(
    server: Running, browser: Browser, voice: Path
):
    """Consent, photo, style, microphone, video; a second voice during which the page is reloaded; another
    style; a third voice during which the server is killed and started again."""
    assert server.address in server.said
    assert "Discord" in server.said
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
        hears = "() => document.getElementById('level').ariaValueNow > 20"
        await me.page.wait_for_function(hears)
        await asyncio.sleep(3)
        await me.page.get_by_role("button", name="Send the recording").click()
        await me.page.locator(".live .bar").wait_for()
        await me.sees("video.talk", seconds=ENGINE_SECONDS)
        assert await me.plays() > 0.2

        await speaks_as_chosen(me, server, voice)

        await me.press("Another style")
        await me.sees("img.sheet", 2, seconds=ENGINE_SECONDS)
        await me.press("Pencil")
        await me.sees("img.sticker", 2, seconds=ENGINE_SECONDS)

        await me.voice(voice)
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
