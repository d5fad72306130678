"""Debian's chromium, without a window, with a camera and a microphone that are files."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.samples import SAMPLE_VOICE

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


def path_of_chromium() -> str:
    """Find the browser. A missing one skips the test, on CI it fails it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("chromium is missing: apt-get install chromium")
    if found is None:
        pytest.skip("needs chromium (Debian: apt-get install chromium)")
    return found


def spoken_wav(path: Path, seconds: float = 60.0) -> Path:
    """Write the beginning of the sample voice as a WAV file, such as chromium's fake microphone plays."""
    resampler = av.AudioResampler("s16", "mono", 48_000)
    with av.open(str(SAMPLE_VOICE)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for frame in source.decode(audio=0):
            if frame.time > seconds:
                break
            for piece in resampler.resample(frame):
                piece.pts = None
                target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return path


@asynccontextmanager
async def chromium(microphone: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path_of_chromium(),
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"],
        )
        try:
            yield browser
        finally:
            await browser.close()


class Visit:
    """Somebody at the page. Whatever the browser complains about is kept: a test ends with none."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context, self.page, self.address = context, page, address
        self.complaints: list[str] = []
        self._watch(page)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )

    async def another_tab(self) -> Page:
        page = await self.context.new_page()
        self._watch(page)
        await page.goto(self.address)
        await self.page.bring_to_front()  # a tab behind another one is slow
        return page

    async def press(self, label: str) -> None:
        """Press the newest button of that name in the conversation."""
        await self.page.locator("#messages").get_by_role("button", name=label).last.click()

    async def says(self, text: str, seconds: float = 30) -> None:
        """Wait for a message with this text."""
        message = self.page.locator("#messages > li", has_text=text).last
        await message.wait_for(timeout=seconds * 1_000)

    async def types(self, text: str) -> None:
        await self.page.locator("#words").fill(text)
        await self.page.keyboard.press("Enter")

    async def photo(self, content: bytes | Path = b"my photo") -> None:
        await self._attach("#photo-file", content, "selfie.jpg", "image/jpeg")

    async def voice(self, content: bytes | Path = b"my voice") -> None:
        await self._attach("#voice-file", content, "voice.ogg", "audio/ogg")

    async def _attach(self, field: str, content: bytes | Path, name: str, kind: str) -> None:
        file = {"name": name, "mimeType": kind, "buffer": content} if isinstance(content, bytes) else content
        await self.page.set_input_files(field, file)  # type: ignore[arg-type]

    async def sees(self, selector: str, count: int = 1, seconds: float = 30) -> None:
        """Wait until so many results of a kind are shown, loaded."""
        await self.page.wait_for_function(
            """([selector, count]) => [...document.querySelectorAll(selector)].filter(
                (e) => e.naturalWidth > 0 || e.readyState >= 1).length === count""",
            arg=[selector, count],
            timeout=seconds * 1_000,
        )

    async def has_character(self) -> None:
        await self.press("I agree")
        await self.says("Send me a selfie")
        await self.photo()
        await self.press("1. Webtoon")
        await self.sees("img.sticker")

    async def plays(self) -> float:
        """Play the newest video for a moment; gives how far it came, in seconds."""
        return await self.page.locator("#messages video").last.evaluate(
            """async (video) => {
                video.muted = true;
                await video.play();
                await new Promise((go) => setTimeout(go, 500));
                return video.currentTime;
            }"""
        )


@asynccontextmanager
async def visiting(browser: Browser, address: str, **about: object) -> AsyncIterator[Visit]:
    options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **about}
    context = await browser.new_context(**options)  # type: ignore[arg-type]
    page = await context.new_page()
    visit = Visit(context, page, address)
    await page.goto(address)
    yield visit
    await context.close()
    expected = ("ERR_CONNECTION", "WebSocket connection", "401 (Unauthorized)")
    left = [text for text in visit.complaints if not any(word in text for word in expected)]
    assert left == [], "the browser complains"
