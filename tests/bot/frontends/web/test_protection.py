"""What is refused: foreign names and pages, stolen addresses, nonsense, who has no password.

After every refusal the page still works for somebody else.
"""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from bot.frontends.web.clients import client_of
from bot.frontends.web.guard import is_our_host
from bot.frontends.web.limits import Rate, WebLimits
from bot.frontends.web.visitors import Visitors, WrongPassword
from bot.settings import SettingWrong
from tests.bot.frontends.web.site import Browser, House, page_of, web_settings

PASSWORD = "open sesame"  # noqa: S105

ROUTES = [
    ("GET", ""),
    ("GET", "static/main.js"),
    ("POST", "session"),
    ("GET", "ws"),
    ("POST", "send/photo?id=12345678"),
    ("GET", "media/x/talk.mp4"),
]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "8.8.8.8", "a@b", ""]
)
async def test_a_foreign_host_is_refused_everywhere(house: House, host: str):
    """DNS rebinding: a foreign site's own name that points here."""
    async with Browser(house.address) as me:
        await me.connect()
        for method, path in ROUTES:
            headers = {"Host": host, "Origin": f"http://{host}"}
            async with me.http.request(method, house.address + path, headers=headers) as answer:
                assert answer.status in (400, 421), path


@pytest.mark.parametrize(
    ("host", "bound_to", "ours"),
    [
        ("localhost:8080", "127.0.0.1", True),
        ("[::1]:8080", "::1", True),
        ("192.168.1.5:8080", "0.0.0.0", True),  # noqa: S104
        ("192.168.1.5:8080", "127.0.0.1", False),
        ("chat.example", "0.0.0.0", True),  # noqa: S104
        ("other.example", "0.0.0.0", False),  # noqa: S104
        ("127.0.0.1:99999", "127.0.0.1", False),
        ("127.0.0.1/x", "127.0.0.1", False),
    ],
)
def test_which_hosts_are_ours(host: str, bound_to: str, ours: bool):
    assert is_our_host(host, bound_to, frozenset({"chat.example"})) is ours


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "", None])
async def test_a_foreign_page_is_refused(house: House, origin: str | None):
    """Another site's scripts can neither connect nor send, even with the person's cookie."""
    async with Browser(house.address) as me:
        await me.has_character()
        cookies = {c.key: c.value for c in me.http.cookie_jar}
        headers = {"Origin": origin} if origin is not None else {}
        async with aiohttp.ClientSession(cookies=cookies, headers=headers) as foreign:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await foreign.ws_connect(f"{house.address}ws")
            assert refused.value.status == 403
            for path in ("session", "send/photo?id=12345678"):
                async with foreign.post(house.address + path, data=b"x") as answer:
                    assert answer.status == 403


async def test_a_stolen_address_of_a_file_is_worth_nothing(house: House):
    async with Browser(house.address) as me, Browser(house.address) as thief:
        await me.has_character()
        url = await me.media("sticker.webp")
        await thief.connect()
        for browser, status in ((thief, 404), (me, 200)):
            async with browser.http.get(url) as answer:
                assert answer.status == status
        async with aiohttp.ClientSession() as nobody, nobody.get(url) as answer:
            assert answer.status == 401
        press = [b["data"] for m in me.messages for row in m.get("buttons", []) for b in row]
        for data in press:
            await thief.say(press=data, label="stolen")
            assert "does not work" in thief.said()[-1] or "agree" in thief.said()[-1]


async def test_names_are_never_paths(house: House):
    async with Browser(house.address) as me:
        await me.has_character()
        render = (await me.media("sticker.webp")).split("/")[-2]
        for path in (
            "static/..%2f..%2fserver.py",
            "static/%2e%2e/server.py",
            "static/index.html",
            f"media/{render}/..%2f..%2fmytalkcon.db",
            f"media/{render}/drawing.png",
            "media/..%2f..%2fmytalkcon.db/talk.mp4",
            f"media/{render}%00/talk.mp4",
        ):
            async with me.http.get(house.address + path) as answer:
                assert answer.status in (400, 404), path


async def test_what_the_browser_is_told(house: House):
    """Nothing inline, nothing foreign, no frames; a cookie that no script and no other site gets."""
    async with Browser(house.address) as me:
        async with me.http.get(house.address) as answer:
            policy, page = answer.headers["Content-Security-Policy"], await answer.text()
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.count("<script") == page.count('<script type="module" src="/static/')
        assert not any(
            text in page for text in ("<style", " style=", " onclick", "javascript:", 'data-word=""')
        )
        assert "http://" not in page.replace("http://www.w3.org", "")
        async with me.http.post(f"{house.address}session", data="{}") as answer:
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        value = cookie.split("=", 1)[1].split(";")[0]
        assert len(value) == 43, "256 random bits"
        for path in ("", "static/main.js", "ws", "media/x/talk.mp4", "nothing"):
            async with me.http.get(house.address + path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path
                assert "Content-Security-Policy" in answer.headers, path


async def test_the_cookie_is_kept_and_is_not_in_the_database(house: House, tmp_path: Path):
    async with Browser(house.address) as me:
        await me.connect()
        (cookie,) = me.http.cookie_jar
        await me.let_in()
        assert [c.value for c in me.http.cookie_jar] == [cookie.value]
        await house.app.database.checkpoint()
        assert cookie.value.encode() not in (tmp_path / "mytalkcon.db").read_bytes()


GOOD_ID = "12345678"
MALFORMED = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "a number": "1e999",
    "deep": "[" * 4_000,
    "no id": json.dumps({"text": "hello"}),
    "odd id": json.dumps({"id": "../../etc", "text": "hello"}),
    "list as id": json.dumps({"id": ["12345678"], "text": "hello"}),
    "no words": json.dumps({"id": GOOD_ID, "text": "   "}),
    "number as words": json.dumps({"id": GOOD_ID, "text": 7}),
    "half a letter": '{"id": "12345678", "text": "\\ud83d"}',
    "zero letter": '{"id": "12345678", "text": "a\\u0000b"}',
    "long words": json.dumps({"id": GOOD_ID, "text": "x" * 2_001}),
    "too large": json.dumps({"id": GOOD_ID, "text": "x" * 20_000}),
    "odd command": json.dumps({"id": GOOD_ID, "command": "a b"}),
    "press without label": json.dumps({"id": GOOD_ID, "press": "v1:agree:x"}),
    "long press": json.dumps({"id": GOOD_ID, "press": "v1:" + "x" * 99, "label": "x"}),
    "unknown": json.dumps({"id": GOOD_ID, "shout": "hello"}),
}


@pytest.mark.parametrize("kind", MALFORMED)
async def test_a_malformed_message_ends_its_connection(house: House, kind: str):
    async with Browser(house.address) as me:
        await me.connect()
        assert me.socket is not None
        assert me._reading is not None
        await me.socket.send_str(MALFORMED[kind])
        await asyncio.wait_for(me._reading, 5)
        assert me.socket.close_code in (1008, 1009)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\x00\xff" * 64,
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /media/\xff\xfe/talk.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_http(house: House, sent: bytes):
    reader, writer = await asyncio.open_connection(*house.place)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(200), 5)
    assert b" 4" in answer[:12] or not answer, answer
    writer.close()


async def test_frames_that_are_no_websocket(house: House):
    async with Browser(house.address) as me:
        await me.connect()
        assert me.socket is not None
        for sent in (b"\xff" * 32, b"\x81\x05hello", b"\x83\x80abcd"):  # reserved bits, no mask, odd kind
            socket = await me.http.ws_connect(f"{house.address}ws")
            socket._writer.transport.write(sent)  # type: ignore[attr-defined]
            await asyncio.wait_for(_until_closed(socket), 5)
            assert socket.close_code in (1002, 1006, 1007, 1008), socket.close_code


async def test_binary_messages_are_not_taken(house: House):
    async with Browser(house.address) as me:
        await me.connect()
        assert me.socket is not None
        assert me._reading is not None
        await me.socket.send_bytes(b"{}")
        await asyncio.wait_for(me._reading, 5)
        assert me.socket.close_code == 1003


async def _until_closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def test_a_password_is_asked_for_everywhere(tmp_path: Path):
    settings = web_settings(web_password=PASSWORD)
    limits = WebLimits(passwords=Rate(4, 0.001))
    async with page_of(tmp_path, settings=settings, limits=limits) as house, Browser(house.address) as me:
        assert await me.let_in() == 401
        assert await me.let_in("open says me") == 401
        for method, path in (ROUTES[3], ROUTES[4], ROUTES[5]):
            async with me.http.request(method, house.address + path) as answer:
                assert answer.status == 401, path
        me.http.cookie_jar.update_cookies({"mytalkcon": "A" * 43})
        async with me.http.get(f"{house.address}media/x/talk.mp4") as answer:
            assert answer.status == 401, "an id of one's own invention is not signed"
        assert await me.let_in("\ud800") == 401, "half of a letter is no password"
        strange = {"Cookie": f'mytalkcon="{"A" * 43}.\udcff"'}
        async with me.http.get(f"{house.address}media/x/talk.mp4", headers=strange) as answer:
            assert answer.status == 401
        assert await me.let_in(PASSWORD) == 204
        socket = await me.http.ws_connect(f"{house.address}ws")
        assert (await socket.receive_json())["kind"] == "everything"
        async with Browser(house.address) as guesser:
            tries = [await guesser.let_in(f"guess {number}") for number in range(5)]
            assert tries[-1] == 429


async def test_who_guesses_passwords_shuts_out_nobody_elsewhere(tmp_path: Path):
    """Through a proxy that is trusted: its word is believed, what the guesser writes before it is not."""
    settings = web_settings(web_password=PASSWORD, web_proxies="127.0.0.1, 10.0.0.0/8")
    limits = WebLimits(passwords=Rate(3, 0.001))
    async with page_of(tmp_path, settings=settings, limits=limits) as house:
        async with Browser(house.address) as guesser:
            for number in range(4):
                guesser.http.headers["X-Forwarded-For"] = f"192.0.2.{number}, 203.0.113.7, 10.1.2.3"
                tried = await guesser.let_in(f"guess {number}")
            assert tried == 429
        async with Browser(house.address) as owner:
            owner.http.headers["X-Forwarded-For"] = "198.51.100.1"
            assert await owner.let_in(PASSWORD) == 204


async def test_many_who_guess_together_shut_out_nobody_who_is_in(tmp_path: Path):
    settings = web_settings(web_password=PASSWORD, web_proxies="127.0.0.1")
    limits = WebLimits(passwords_in_all=Rate(5, 0.001))
    async with page_of(tmp_path, settings=settings, limits=limits) as house, Browser(house.address) as owner:
        assert await owner.let_in(PASSWORD) == 204
        async with Browser(house.address) as crowd:
            for number in range(6):
                crowd.http.headers["X-Forwarded-For"] = f"203.0.113.{number}"
                tried = await crowd.let_in("guess")
            assert tried == 429
        assert await owner.let_in(PASSWORD) == 204
        await owner.connect()


PROXIES = web_settings(web_proxies="127.0.0.1, ::1, 10.0.0.0/8, 2001:db8:1::/48").proxies


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # who is no proxy has no word
        ("127.0.0.1", "", None),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "192.0.2.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("::1", "2001:db8:2:3:4:5:6:7", "2001:db8:2:3::"),
        ("2001:db8:2:3::8", "", "2001:db8:2:3::"),
        ("2001:db8:1::1", "198.51.100.1", "198.51.100.1"),
        (None, "198.51.100.1", None),
    ],
)
def test_whose_word_is_believed_about_who_asks(peer: str | None, forwarded: str, client: str | None):
    assert client_of(peer, forwarded, PROXIES) == client


def test_a_proxy_is_an_address():
    with pytest.raises(SettingWrong, match="MYTALKCON_WEB_PROXIES"):
        web_settings(web_proxies="127.0.0.1, nginx")


def test_another_password_lets_nobody_stay():
    old, new = Visitors("old"), Visitors("new")
    cookie = old.let_in("old", None)
    assert old.recognise(cookie) is not None
    assert new.recognise(cookie) is None
    with pytest.raises(WrongPassword):
        new.let_in("old", cookie)
    assert new.recognise(new.let_in("new", cookie)) == old.recognise(cookie), "the same person again"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "my-machine"])  # noqa: S104
def test_an_open_address_needs_a_password(host: str):
    with pytest.raises(SettingWrong, match="MYTALKCON_WEB_PASSWORD"):
        web_settings(web_host=host)
    assert web_settings(web_host=host, web_password=PASSWORD).web_host == host
    assert web_settings(web_host="::1").web_host == "::1"
