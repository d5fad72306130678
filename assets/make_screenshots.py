"""Take the pictures of the chat page that docs/ shows: five states, two languages, two widths.

    .venv/bin/python -m assets.make_screenshots docs/screenshots

Needs chromium and the sample photo (`mytalkcon weights fetch`); the engine is the real one.
"""

import asyncio
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Browser, Page

from bot.app import engine_artist, house_of, open_app
from bot.frontends.web import PARTS, PLATFORM, Chat, serving
from bot.settings import QueueSettings, StorageSettings, WebSettings
from bot.watchdog import Watchdog
from engine.talking.animator import TalkingEngine
from engine.weights import locate
from tests.e2e.web.chromium import chromium, spoken_wav

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}  # CSS px
QUALITY = 72  # of WEBP: text stays crisp
WAIT = 120_000  # ms, for the engine
WORDS = {
    "en": ("I agree", "1. ", "Record your voice", "Send the recording", "My characters"),
    "ko": ("동의해요", "1. ", "음성 녹음하기", "녹음 보내기", "내 캐릭터"),
}


async def main(folder: Path) -> None:
    """Take all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        storage = StorageSettings(_env_file=None, data_dir=Path(scratch))
        voice = spoken_wav(Path(scratch) / "hello.wav")
        with engine_artist(storage, TalkingEngine.WARP) as artist:
            parts, ended = {PLATFORM: PARTS}, asyncio.Event()
            limits = QueueSettings(_env_file=None)
            async with (
                open_app(storage, limits, artist, house_of(storage), parts, watchdog=Watchdog()) as app,
                serving(
                    WebSettings(_env_file=None, web_port=0),
                    lambda tabs: Chat(app.database, app.service, tabs),
                ) as (chat, address),
                chromium(voice) as browser,
            ):
                running = asyncio.create_task(app.run({PLATFORM: chat}, ended.wait))
                for language in WORDS:
                    for size in SIZES:
                        await take(browser, address, language, size, folder)
                ended.set()
                await running


async def take(browser: Browser, address: str, language: str, size: str, folder: Path) -> None:
    """Go through a conversation in one language at one width."""
    agree, style, record, send, gallery = WORDS[language]
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        reduced_motion="reduce",
        has_touch=size == "phone",
    )
    page = await context.new_page()

    async def shot(state: str) -> None:
        await page.wait_for_timeout(700)
        image = Image.open(io.BytesIO(await page.screenshot()))
        image.save(folder / f"{state}-{language}-{size}.webp", "WEBP", quality=QUALITY, method=6)

    await page.goto(address)
    await page.get_by_role("button", name=agree).wait_for()
    await shot("1-welcome")
    await page.get_by_role("button", name=agree).click()
    await page.set_input_files("#photo-file", locate("astronaut.png"))
    chosen = page.get_by_role("button", name=style)
    await chosen.wait_for(timeout=WAIT)
    await shot("2-styles")
    await chosen.click()
    await page.locator("img.sticker").wait_for(timeout=WAIT)
    await page.get_by_role("button", name=record).click()
    await page.wait_for_timeout(3_500)
    await shot("3-recording")
    await page.get_by_role("button", name=send).click()
    await page.locator("video.talk").wait_for(timeout=WAIT)
    await seek(page)
    await shot("4-video")
    await page.emulate_media(color_scheme="dark")
    await page.locator("#messages").get_by_role("button", name=gallery).last.click()
    await page.locator("img.sticker").nth(1).wait_for()
    await page.locator("#scroller").evaluate("(e) => { e.scrollTop = e.scrollHeight; }")
    await shot("5-gallery-dark")
    await context.close()


async def seek(page: Page) -> None:
    """Show the video where it speaks, once the player has all of it (till then it draws a ring)."""
    await page.locator("video.talk").evaluate(
        """(video) => new Promise((done) => {
            const seek = () => {
                video.onseeked = () => setTimeout(done, 500);
                video.currentTime = 0.6;
            };
            video.preload = "auto";
            if (video.readyState === video.HAVE_ENOUGH_DATA) seek();
            else video.addEventListener("canplaythrough", seek, {once: true});
        })"""
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
