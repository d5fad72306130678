"""Updates on their way to the bot: asked for again and again (getUpdates), or posted to its webhook."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiogram import methods, types

from tests.e2e.telegram.wire import plain
from tests.e2e.telegram.world import Refused, wrong

FIRST_ID = 500_000_001
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
PORTS = {443, 80, 88, 8443}
AGAIN_SECONDS = 0.5  # before a webhook that failed is tried again
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
TAKEN = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
HOOKED = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
    " first"
)


class Updates:
    """The line of updates. What the bot has confirmed is gone; what it did not is given again.

    Attributes
    ----------
    waiting : not confirmed yet
    sent : every update that ever was, for tests that send one again
    times : when it was sent, in s, by its id
    allowed : the kinds that the bot wants; None or empty: Telegram's choice
    roads : by the address that the bot has told us, where it is reached (what speaks https is not here)
    hook_statuses : what the webhook answered
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self.waiting: list[types.Update] = []
        self.sent: list[types.Update] = []
        self.times: dict[int, float] = {}
        self.roads: dict[str, str] = {}
        self.allowed: list[str] | None = None
        self.hook: methods.SetWebhook | None = None
        self.hook_statuses: list[int] = []
        self._next = FIRST_ID
        self._ring = ring
        self._poll: asyncio.Event | None = None
        self._arrived = asyncio.Event()
        self._posting: dict[int, asyncio.Task[None]] = {}
        self._client: aiohttp.ClientSession | None = None

    def add(self, **content: Any) -> types.Update:
        """Put an update in line, unless the bot does not want its kind."""
        (kind,) = content
        update = types.Update(update_id=self._next, **content)
        self._next += 1
        self.sent.append(update)
        self.times[update.update_id] = time.monotonic()
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        if wanted:
            self.again(update)
        return update

    def again(self, update: types.Update) -> None:
        """Put an update in line, also one that was there before."""
        self.waiting.append(update)
        if self.hook is not None:
            self._post_soon()
        self._arrived.set()

    def all_taken(self) -> bool:
        """Say whether the bot has confirmed everything."""
        return not self.waiting

    async def get(self, call: methods.GetUpdates) -> list[types.Update]:
        """Answer getUpdates; the newer of two askers wins."""
        if self.hook is not None:
            raise Refused(409, HOOKED)
        if call.allowed_updates is not None:
            self.allowed = call.allowed_updates
        if self._poll is not None:
            self._poll.set()
        ended = self._poll = asyncio.Event()
        self._confirm(call.offset or 0)
        try:
            async with asyncio.timeout(call.timeout or 0):
                while not self.waiting and not ended.is_set():
                    self._arrived.clear()
                    await _first_of(self._arrived, ended)
        except TimeoutError:
            pass
        if ended.is_set():
            raise Refused(409, TAKEN)
        self._poll = None
        return self.waiting[: call.limit or 100]

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.waiting = [update for update in self.waiting if update.update_id >= offset]
        self._ring()

    def set_hook(self, call: methods.SetWebhook) -> bool:
        """Take a webhook."""
        if not call.url:
            return self.delete_hook(drop=bool(call.drop_pending_updates))
        address = urlsplit(call.url)
        if address.scheme != "https" or (address.port or 443) not in PORTS:
            raise wrong("bad webhook: HTTPS on 443, 80, 88 or 8443 is needed")
        if call.secret_token is not None and not SECRET.fullmatch(call.secret_token):
            raise wrong("bad webhook: secret token contains unallowed characters")
        if call.drop_pending_updates:
            self.waiting.clear()
        self.allowed = call.allowed_updates if call.allowed_updates is not None else self.allowed
        self.hook = call
        self._post_soon()
        self._ring()
        return True

    def delete_hook(self, *, drop: bool) -> bool:
        """Forget the webhook."""
        self.hook = None
        if drop:
            self.waiting.clear()
        self._ring()
        return True

    def hook_info(self) -> types.WebhookInfo:
        """Say how the webhook is set."""
        return types.WebhookInfo(
            url=self.hook.url if self.hook else "",
            has_custom_certificate=False,
            pending_update_count=len(self.waiting),
            allowed_updates=self.allowed,
        )

    def _post_soon(self) -> None:
        """Post what waits: in order within a chat, chats side by side."""
        for update in self.waiting:
            line = line_of(update)
            if line not in self._posting:
                self._posting[line] = asyncio.create_task(self._post_line(line))

    async def _post_line(self, line: int) -> None:
        try:
            while self.hook is not None and (mine := [u for u in self.waiting if line_of(u) == line]):
                if await self._post(self.hook, mine[0]):
                    self.waiting.remove(mine[0])
                    self._ring()
                else:
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            del self._posting[line]

    async def _post(self, hook: methods.SetWebhook, update: types.Update) -> bool:
        if self._client is None:
            self._client = aiohttp.ClientSession()
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        try:
            async with self._client.post(self.roads[hook.url], json=plain(update), headers=headers) as answer:
                self.hook_statuses.append(answer.status)
                return answer.ok
        except aiohttp.ClientError:
            return False

    async def close(self) -> None:
        """Stop posting and end the bot's long wait."""
        self.hook = None
        for task in list(self._posting.values()):
            task.cancel()
        await asyncio.gather(*self._posting.values(), return_exceptions=True)
        if self._poll is not None:
            self._poll.set()
        if self._client is not None:
            await self._client.close()


def line_of(update: types.Update) -> int:
    """Say in whose line an update stands."""
    if update.message is not None:
        return update.message.chat.id
    if update.callback_query is not None:
        return update.callback_query.from_user.id
    return update.my_chat_member.chat.id if update.my_chat_member is not None else 0


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
