"""How much and how often: Telegram's flood limits, and the sizes of texts and keyboards.

From core.telegram.org/bots/faq ("My bot is hitting limits"): one message a second in a chat, with short
bursts, 20 a minute in a group, about 30 a second in all. An edit counts like a message.
"""

import re
from collections import defaultdict, deque
from html.parser import HTMLParser

from aiogram import types

from tests.e2e.telegram.world import Refused, wrong

CHAT_BURST, CHAT_RATE = 3.0, 1.0  # messages at once, messages/s
ALL_BURST, ALL_RATE = 30.0, 30.0
GROUP_MESSAGES, GROUP_SECONDS = 20, 60.0
JITTER = 0.25  # s that requests may come early: they are counted when they arrive

TEXT, CAPTION, TOAST = 4_096, 1_024, 200  # characters
DATA_BYTES = 64
BUTTONS, ROW = 100, 8
WAYS = ("callback_data", "url", "web_app", "login_url", "switch_inline_query", "copy_text", "pay")
WAYS += ("switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "callback_game")
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "code", "pre"}
TAGS |= {"blockquote", "tg-emoji"}


class Bucket:
    """Holds `burst` tokens, filled again at `rate` a second."""

    def __init__(self, burst: float, rate: float, jitter: float) -> None:
        self.burst, self.rate, self.jitter = burst, rate, jitter
        self.tokens, self.at = burst, 0.0

    def wait(self, now: float, wanted: int) -> float:
        """Take tokens; gives 0, or, taking none, the seconds until there are enough."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens + self.jitter * self.rate < wanted:
            return (wanted - self.tokens) / self.rate
        self.tokens -= wanted
        return 0.0


class Flood:
    """Counts messages and edits; the one that is too much is refused as Telegram does.

    Parameters
    ----------
    speed : how many of Telegram's seconds pass in one of ours; the way from the bot to here stays as it is
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed, self.jitter = speed, JITTER * speed
        self.all = Bucket(ALL_BURST, ALL_RATE, self.jitter)
        self.chats: dict[int, Bucket] = defaultdict(lambda: Bucket(CHAT_BURST, CHAT_RATE, self.jitter))
        self.groups: dict[int, deque[float]] = defaultdict(deque)

    def count(self, chat: int, now: float, messages: int = 1) -> None:
        """Count; `now` in our seconds. Raises 429 when it is too much."""
        now *= self.speed
        wait = max(self.chats[chat].wait(now, messages), self.all.wait(now, messages))
        if chat < 0:
            times = self.groups[chat]
            while times and times[0] <= now - GROUP_SECONDS + self.jitter:
                times.popleft()
            times.extend([now] * messages)
            if len(times) > GROUP_MESSAGES:
                wait = max(wait, times[0] + GROUP_SECONDS - now)
        if wait > 0:
            seconds = int(wait / self.speed) + 1
            words = f"Too Many Requests: retry after {seconds}"
            raise Refused(429, words, beyond=True, retry_after=seconds)


def length(text: str) -> int:
    """Count UTF-16 code units: never fewer than the characters that Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def check_text(text: str | None, parse_mode: object, most: int, what: str) -> None:
    """Check a text's length and markup."""
    shown = text or ""
    if isinstance(parse_mode, str):
        if parse_mode.upper() != "HTML":
            raise wrong(f"this server does not parse {parse_mode}")
        shown = _Markup.visible(shown)
    if what == "message" and not shown.strip():
        raise wrong("message text is empty")
    if length(shown) > most:
        raise wrong(f"{what} is too long: {length(shown)} of {most}")


class _Markup(HTMLParser):
    """Telegram's HTML: known tags, closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    @classmethod
    def visible(cls, text: str) -> str:
        if re.search(r"<(?![a-zA-Z/])|&(?!(lt|gt|amp|quot|#\d+|#x[0-9a-f]+);)", text):
            raise wrong("can't parse entities: a bare < or &")
        markup = cls()
        markup.feed(text)
        markup.close()
        if markup.open:
            raise wrong(f"can't parse entities: {markup.open} not closed")
        return "".join(markup.text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in TAGS:
            raise wrong(f'can\'t parse entities: unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise wrong(f'can\'t parse entities: unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check_keyboard(markup: object) -> types.InlineKeyboardMarkup | None:
    """Check an inline keyboard; gives it, or None when there is nothing to show."""
    if markup is None or isinstance(markup, types.ReplyKeyboardRemove | types.ForceReply):
        return None
    if not isinstance(markup, types.InlineKeyboardMarkup):
        raise wrong(f"this bot has only inline keyboards, not {type(markup).__name__}")
    rows = markup.inline_keyboard
    if sum(map(len, rows)) > BUTTONS or any(not 1 <= len(row) <= ROW for row in rows):
        raise wrong(f"reply markup: rows of {[len(row) for row in rows]} buttons")
    for button in (button for row in rows for button in row):
        ways = [way for way in WAYS if getattr(button, way) is not None]
        if len(ways) != 1 or not button.text.strip():
            raise wrong(f"reply markup: the button {button.text!r} does {ways}")
        if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= DATA_BYTES:
            raise wrong(f"BUTTON_DATA_INVALID: {len(button.callback_data.encode())} bytes")
    return markup if rows else None
