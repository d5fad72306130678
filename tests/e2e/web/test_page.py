"""What people do at the page, on an engine that is quick and fake."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, FileChooser, Page, expect

from tests.bot.frontends.web.site import House, PictureArtist, page_of, web_settings
from tests.e2e.web.chromium import visiting
from tests.measures import SOON

PASSWORD = "open sesame"  # noqa: S105
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with page_of(tmp_path, PictureArtist(stage_seconds=0.05)) as house:
        yield house


async def test_cancel_while_waiting_and_while_running(house: House, browser: Browser):
    """Each card goes within half a second, and no video comes afterwards."""
    async with visiting(browser, house.address) as me:
        await me.has_character()
        await me.voice(b"slow voice")
        await me.voice(b"slow voice too")
        await expect(me.page.locator(".live")).to_have_count(2)
        for left in (1, 0):
            began = time.monotonic()
            await me.press("Cancel")
            await expect(me.page.locator(".live")).to_have_count(left)
            assert time.monotonic() - began < SOON
        await me.voice()
        await me.sees("video.talk")
        assert await me.page.locator("#messages video").count() == 1


async def test_two_people_at_once_and_a_second_tab(house: House, browser: Browser):
    async with visiting(browser, house.address) as me, visiting(browser, house.address) as other:
        tab = await me.another_tab()
        await asyncio.gather(me.has_character(), other.has_character())
        await me.voice()
        await me.sees("video.talk")
        await expect(tab.locator("video.talk")).to_have_count(1)
        assert await other.page.locator("#messages video").count() == 0
        assert await texts(tab) == await texts(me.page)
        stolen = await me.page.locator("#messages video").get_attribute("src")
        status = await other.page.evaluate("async (url) => (await fetch(url)).status", stolen)
        assert status == 404
        other.complaints.clear()  # the browser has noted that refusal


async def texts(page: Page) -> list[str]:
    return await page.locator("#messages .bubble:not(.sent), #messages .buttons").all_inner_texts()


async def test_a_photo_by_the_camera(house: House, browser: Browser):
    async with visiting(browser, house.address) as me:
        await me.press("I agree")
        await me.page.get_by_role("button", name="Attach").click()
        await me.page.get_by_role("button", name="Take a photo").click()
        await me.page.wait_for_function("() => document.getElementById('finder').videoWidth > 0")
        await me.page.get_by_role("button", name="Take the photo").click()
        await me.page.get_by_role("button", name="Take it again").click()
        await me.page.get_by_role("button", name="Take the photo").click()
        await me.page.get_by_role("button", name="Use this photo").click()
        await me.sees("img.sheet")
        assert await me.page.locator(".mine .sent img").count() == 1, "one's own photo is shown once"


async def test_where_camera_and_microphone_are_not_allowed(house: House, browser: Browser):
    """Without HTTPS a browser has neither: the page says why and opens a file chooser."""
    async with visiting(browser, house.address) as me:
        await me.context.add_init_script("delete Navigator.prototype.mediaDevices")
        await me.page.reload()
        await me.press("I agree")
        for name in ("Take a photo", "Record your voice"):
            if name == "Take a photo":
                await me.page.get_by_role("button", name="Attach").click()
            async with me.page.expect_file_chooser():
                await me.page.get_by_role("button", name=name).click()
            await expect(me.page.locator("#notice")).to_contain_text("only over HTTPS")


async def test_a_recording_thrown_away_and_one_at_its_limit(house: House, browser: Browser):
    async with visiting(browser, house.address) as me:
        await me.has_character()
        record = me.page.get_by_role("button", name="Record your voice")
        await me.page.evaluate(
            """() => {
                const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
                window.given = [];
                navigator.mediaDevices.getUserMedia = async (wish) => {
                    await new Promise((go) => setTimeout(go, 200)); // the browser asks the person
                    const stream = await ask(wish);
                    window.given.push(...stream.getTracks());
                    return stream;
                };
            }"""
        )
        await record.dblclick()
        await recording(me.page)
        await me.page.keyboard.press("Escape")
        await expect(record).to_be_focused()
        states = await me.page.evaluate("() => window.given.map((track) => track.readyState)")
        assert states == ["ended", "ended"], "a microphone is still open"
        await record.click()
        await recording(me.page)
        await me.page.evaluate(
            """() => {
                const now = performance.now.bind(performance);
                performance.now = () => now() + 59e3;
            }"""
        )
        await expect(me.page.locator("#notice")).to_contain_text("One minute")
        await me.page.get_by_role("button", name="Send the recording").click()
        await me.sees("video.talk")
        assert await me.page.locator(".mine audio").count() == 1


async def recording(page: Page) -> None:
    """Wait until the clock of the recording goes."""
    await expect(page.locator("#record-time")).not_to_have_text("0:00")


async def test_the_gallery(house: House, browser: Browser):
    """Another style, rename, choose, delete."""
    async with visiting(browser, house.address) as me:
        await me.has_character()
        await me.press("2. Pencil")
        await me.sees("img.sticker", 2)
        await me.page.locator("#rail").get_by_role("button", name="My characters").click()
        await me.says("Your characters: 2")
        await me.press("Rename")
        await me.says("What should")
        await me.page.get_by_label("Write a message").fill("<b>Ann & me</b>")
        await me.page.keyboard.press("Enter")
        await me.says("name is <b>Ann & me</b> now")
        await me.press("Let it speak")
        await me.says("speaks from now on")
        await me.press("Delete")
        await me.press("Delete this character")
        await me.says("is deleted")


async def test_delete_everything(house: House, browser: Browser):
    async with visiting(browser, house.address) as me:
        tab = await me.another_tab()
        await me.has_character()
        url = await me.page.locator("img.sticker").get_attribute("src")
        await me.page.locator("#rail").get_by_role("button", name="Delete everything").click()
        await me.press("Delete everything")
        await me.says("I have forgotten everything about you")
        for page in (me.page, tab):
            await expect(page.locator("#messages > li")).to_have_count(1)
        assert await me.page.evaluate("async (url) => (await fetch(url)).status", url) == 404
        me.complaints.clear()
        await me.press("Begin anew")
        await me.says("Is that all right with you?")


async def test_by_keyboard_alone(house: House, browser: Browser):
    """From consent to a video without a mouse; what has the focus is always visible."""
    async with visiting(browser, house.address) as me:
        chosen: asyncio.Queue[FileChooser] = asyncio.Queue()
        # long before the key is pressed: the browser takes a while to listen
        me.page.on("filechooser", chosen.put_nowait)
        await me.says("Is that all right with you?")
        await tab_to(me.page, "I agree")
        await me.page.keyboard.press("Enter")
        await me.says("Send me a selfie")
        await tab_to(me.page, "Attach a photo or a voice")
        await me.page.keyboard.press("Enter")
        await tab_to(me.page, "Choose a photo")
        await me.page.keyboard.press("Enter")
        chooser = await asyncio.wait_for(chosen.get(), 30)
        await chooser.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"my photo"})
        await me.sees("img.sheet")
        await tab_to(me.page, "1. Webtoon")
        await me.page.keyboard.press("Enter")
        await me.sees("img.sticker")
        await tab_to(me.page, "Record your voice")
        await me.page.keyboard.press("Enter")
        await recording(me.page)
        await me.page.keyboard.press("Enter")
        await me.sees("video.talk")


async def tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        found = await page.evaluate(
            """() => {
                const e = document.activeElement, style = getComputedStyle(e);
                const box = e.getBoundingClientRect();
                const seen = box.bottom > 0 && box.top < innerHeight && style.visibility === "visible";
                const marked = style.outlineStyle !== "none" || e.closest("#typing") || e === document.body;
                return [e.ariaLabel || e.textContent.trim(), Boolean(seen && marked)];
            }"""
        )
        assert found[1], f"the focus on {found[0]} cannot be seen"
        if found[0] == name:
            return
    raise AssertionError(f"Tab never comes to {name}")


async def test_korean_and_the_way_to_another_language(house: House, browser: Browser):
    async with visiting(browser, house.address, locale="ko-KR") as me:
        await me.says("동의하시나요?")
        assert await me.page.get_attribute("html", "lang") == "ko"
        words = me.page.locator("#words")
        await expect(words).to_have_attribute("placeholder", "메시지를 써 보세요")
        await words.fill("안녕")
        ends_a_syllable = {"key": "Enter", "keyCode": 229, "bubbles": True}  # as Safari tells it
        await words.dispatch_event("keydown", ends_a_syllable)
        await expect(words).to_have_value("안녕")
        await me.page.get_by_role("button", name="언어").click()
        await me.press("English")
        await expect(me.page.locator("#words")).to_have_attribute("placeholder", "Write a message")
        await me.page.reload()
        await expect(me.page.get_by_role("button", name="My characters")).to_be_visible()


async def test_what_is_typed_without_a_connection_is_sent_later(tmp_path: Path, browser: Browser):
    """The server goes and comes back: the page says so, and sends once what was typed meanwhile."""
    async with AsyncExitStack() as stack:
        first = AsyncExitStack()
        house = await first.enter_async_context(page_of(tmp_path))
        port = int(house.address.rsplit(":", 1)[1].strip("/"))
        me = await stack.enter_async_context(visiting(browser, house.address))
        await me.press("I agree")
        await me.says("Send me a selfie")
        await first.aclose()
        await expect(me.page.locator("#offline")).to_be_visible()
        await me.page.get_by_label("Write a message").fill("are you there?")
        await me.page.keyboard.press("Enter")
        await me.photo()
        await me.says("This was not sent.")
        await stack.enter_async_context(page_of(tmp_path, settings=web_settings(web_port=port)))
        await expect(me.page.locator("#offline")).to_be_hidden(timeout=20_000)
        await expect(me.page.locator(".mine:not(.pending)", has_text="are you there?")).to_have_count(1)
        await me.press("Try again")
        await me.sees("img.sheet")
        assert await me.page.locator(".mine .sent").count() == 1


async def test_the_door(tmp_path: Path, browser: Browser):
    async with (
        page_of(tmp_path, settings=web_settings(web_password=PASSWORD)) as house,
        visiting(browser, house.address) as me,
    ):
        for tried in ("wrong", PASSWORD):
            await me.page.get_by_label("This page asks for a password.").fill(tried)
            await me.page.get_by_role("button", name="Enter").click()
        await me.says("Is that all right with you?")
        await me.page.reload()
        await me.says("Is that all right with you?")


async def test_the_first_paint(house: House, browser: Browser, record_property):
    """Within 300 ms, with the cookie or without."""
    async with visiting(browser, house.address) as me:
        paints = []
        for _ in range(5):
            await me.page.reload()
            await me.says("Is that all right with you?")
            entry = await me.page.wait_for_function(
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            )
            paints.append(await entry.json_value())
        record_property("first paint", f"{sorted(paints)[2]:.0f} ms (median of 5)")
        assert sorted(paints)[2] < 900, "three times what is promised: shared machines are slow at times"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_can_be_seen_and_heard(house: House, browser: Browser, scheme: str):
    """On a phone: nothing is wider than the screen, targets are large, contrast is enough, all has a name."""
    async with visiting(browser, house.address, color_scheme=scheme, reduced_motion="reduce", **PHONE) as me:
        await me.has_character()
        await me.voice()
        await me.sees("video.talk")
        found = await me.page.evaluate((Path(__file__).parent / "look.js").read_text("utf-8"))
        assert found == []
        await me.page.get_by_role("button", name="Menu").click()
        gallery = me.page.locator("#rail").get_by_role("button", name="My characters")
        await expect(gallery).to_be_visible()
        await expect(me.page.locator("#rail-close")).to_be_focused()
        for _ in range(9):
            await me.page.keyboard.press("Tab")
        assert await me.page.evaluate("() => !document.activeElement.closest('main')"), (
            "Tab goes behind the menu"
        )
        await asyncio.sleep(0.1)
        assert await me.page.evaluate((Path(__file__).parent / "look.js").read_text("utf-8")) == []
        await me.page.keyboard.press("Escape")
        await expect(gallery).to_be_hidden()
