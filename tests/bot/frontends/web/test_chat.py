"""The chat page's conversation: kept over reloads and restarts, the same in every tab, nobody else's."""

import asyncio
from pathlib import Path

from storage import messages, people
from tests.bot.frontends.web.site import Browser, PictureArtist, page_of
from tests.measures import SOON
from tests.waiting import until


async def test_from_a_newcomer_to_a_video(tmp_path: Path):
    async with page_of(tmp_path) as house, Browser(house.address) as me:
        await me.has_character()
        assert await me.send("voice", b"my voice") == 204
        async with me.http.get(await me.media("talk.mp4")) as answer:
            assert answer.status == 200
            assert answer.content_type == "video/mp4"
            assert (await answer.read())[4:8] == b"ftyp"
        assert [m["sent"] for m in me.messages if m.get("sent")] == ["photo", "voice"]
        assert any(frame["state"] == "running" for frame in me.progress)
        assert not me.live, "what showed progress has gone"


async def test_the_browsers_language_is_spoken(tmp_path: Path):
    async with page_of(tmp_path) as house, Browser(house.address, "fr, ko-KR;q=0.8, en") as me:
        await me.connect()
        assert "안녕하세요" in me.said()[0]
        async with me.http.get(house.address) as answer:
            page = await answer.text()
        assert '<html lang="ko">' in page
        assert "말하는 나만의 이모티콘" in page


async def test_a_reload_and_a_restart_keep_the_conversation(tmp_path: Path):
    """Also in the middle of a job: it is done after the restart, and shown to who comes back."""
    async with page_of(tmp_path, PictureArtist(stage_seconds=0.2)) as house, Browser(house.address) as me:
        await me.has_character()
        await me.send("voice")
        await me.until(lambda: any("Your talking video" in m["text"] for m in me.messages if m.get("job")))
        before = me.said()
        await me.leave()
        await me.connect()
        assert me.said() == before
        assert any(message.get("job") for message in me.messages)
        seen = {message["number"] for message in me.messages}
        await me.leave()
        cookies = [(c.key, c.value) for c in me.http.cookie_jar]
    async with page_of(tmp_path) as house, Browser(house.address) as again:
        again.http.cookie_jar.update_cookies(dict(cookies))
        await again.connect()
        assert [text for text in again.said() if text in before] == [t for t in before if t in again.said()]
        await again.media("talk.mp4")
        result = next(m for m in again.messages if m.get("media") and m["media"]["name"] == "talk.mp4")
        assert result["number"] not in seen, "a page that was open takes it for the message it knows"


async def test_ones_own_photos_and_voices_are_there_after_a_reload(tmp_path: Path):
    """A photo as long as it is kept; a voice goes when its video has come, and the page is told so."""
    async with page_of(tmp_path) as house, Browser(house.address) as me, Browser(house.address) as thief:
        await me.has_character()
        await me.send("voice", b"hang")

        async def sent_as_shown_again() -> dict[str, dict]:
            await me.leave()
            await me.connect()
            return {message["sent"]: message for message in me.messages if "sent" in message}

        addresses = {kind: house.origin + m["url"] for kind, m in (await sent_as_shown_again()).items()}
        house.artist.released.set()
        async with asyncio.timeout(20):
            while (await me.http.get(addresses["voice"])).status != 404:
                await asyncio.sleep(0.05)
        sent = await sent_as_shown_again()
        assert "gone" in sent["voice"]
        assert "gone" not in sent["photo"]
        async with me.http.get(addresses["photo"]) as answer:
            assert (answer.status, await answer.read()) == (200, b"my photo")
            assert answer.content_type == "application/octet-stream", "never what it is not known to be"
        await thief.connect()
        async with thief.http.get(addresses["photo"]) as answer:
            assert answer.status == 404


async def test_a_second_tab_stays_in_step_and_another_browser_sees_nothing(tmp_path: Path):
    async with (
        page_of(tmp_path) as house,
        Browser(house.address) as one,
        Browser(house.address) as two,
        Browser(house.address) as stranger,
    ):
        await one.connect()
        two.http.cookie_jar.update_cookies({c.key: c.value for c in one.http.cookie_jar})
        await two.connect()
        await stranger.connect()
        await one.press("I agree")
        await one.send("photo")
        await two.media("preview.jpg")
        await two.press("2. Pencil")
        await one.media("sticker.webp")
        await two.media("sticker.webp")
        assert one.said() == two.said()
        assert len(stranger.messages) == 1, stranger.said()
        await one.say(command="delete")
        await one.press("Delete everything")
        await two.until(lambda: len(two.messages) == 1)
        assert "forgotten" in two.said()[0]
        async with house.app.database.reading() as work:
            assert await people.count(work) == 1


async def test_what_is_sent_twice_happens_once(tmp_path: Path):
    """The page sends again what was not answered: perhaps only the answer was lost."""
    async with page_of(tmp_path) as house, Browser(house.address) as me:
        await me.connect()
        await me.press("I agree")
        await asyncio.gather(*(me.send("photo", b"my photo", "the-same-photo") for _ in range(3)))
        await me.media("preview.jpg")
        me.answered.clear()
        await me.say(text="hello", id="the-same-text")
        me.answered.clear()
        await me.say(text="hello", id="the-same-text")
        assert me.said().count("hello") == 1
        assert [m.get("sent") for m in me.messages].count("photo") == 1
        assert house.artist.done == 1


async def test_cancel_is_shown_at_once_and_nothing_comes_afterwards(tmp_path: Path):
    """While one job runs and one waits: both go within half a second each."""
    async with page_of(tmp_path) as house, Browser(house.address) as me:
        await me.has_character()
        await me.send("voice", b"slow voice")
        await me.send("voice", b"slow voice too")
        artist = house.artist

        def cards() -> int:
            return sum("job" in message for message in me.messages)

        await me.until(lambda: cards() == 2 and any(f["state"] == "running" for f in me.live.values()))
        for _ in range(2):
            clock = asyncio.get_running_loop().time
            began, before = clock(), cards()
            await me.press("Cancel")
            await me.until(lambda n=before: cards() < n)
            assert clock() - began < SOON
        assert me.said().count("Cancelled.") == 2
        await until(lambda: not artist.working.is_set())
        await me.send("voice", b"at last")
        await me.media("talk.mp4")
        assert [m["media"]["name"] for m in me.messages if m.get("media")].count("talk.mp4") == 1
        assert len(artist.spoken) == 2, "what was cancelled while it waited is never begun"


async def test_only_the_newest_messages_are_kept(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(messages, "KEEP", 6)
    async with page_of(tmp_path) as house, Browser(house.address) as me:
        await me.connect()
        for number in range(8):
            await me.say(text=f"text {number}")
        await me.leave()
        await me.connect()
        assert len(me.messages) == 6
        assert me.said()[-2] == "text 7"


async def test_pieces_of_a_video_can_be_asked_for(tmp_path: Path):
    """A player jumps: it asks for a range."""
    async with page_of(tmp_path) as house, Browser(house.address) as me:
        await me.has_character()
        url = await me.media("sticker.webp")
        async with me.http.get(url) as answer:
            whole = await answer.read()
        for asked, expected in (("0-9", whole[:10]), ("10-", whole[10:]), ("-5", whole[-5:])):
            async with me.http.get(url, headers={"Range": f"bytes={asked}"}) as answer:
                assert (answer.status, await answer.read()) == (206, expected), asked
        async with me.http.get(url, headers={"Range": f"bytes={len(whole)}-"}) as answer:
            assert answer.status == 416
        async with me.http.get(f"{url}?save") as answer:
            assert "mytalkcon-sticker.webp" in answer.headers["Content-Disposition"]
