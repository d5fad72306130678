"""What an error of Telegram or of the network means for a message."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.frontend import NotDelivered, Unreachable
from bot.frontends.telegram.limiter import seconds_of

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # s between tries; doubled each time
TRIES = 8  # about a minute

# The request was not wholly written, so that nobody can have acted on it.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteTimeout)

# What Telegram says (400) when there is nobody to write to, in small letters; from its server's source
# (tdlib/telegram-bot-api) and core.telegram.org/api/errors.
NOBODY = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "user is deactivated",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "topic_closed",
    "topic_deleted",
    "message thread not found",
    "group chat was deactivated",
    "chat_restricted",
    "group is deactivated",
)

log = logging.getLogger(__name__)

Result = TypeVar("Result")


def is_unreachable(error: TelegramError) -> bool:
    """Say whether nobody will ever get a message there."""
    if isinstance(error, Forbidden):  # blocked, kicked, never started, account deleted
        return True
    return says(error, *NOBODY)


def says(error: TelegramError, *words: str) -> bool:
    """Say whether Telegram refused a request by one of these words."""
    text = str(error).lower()
    return isinstance(error, BadRequest) and any(word in text for word in words)


def surely_not_sent(error: TelegramError) -> bool:
    """Say whether a request certainly had no effect, though Telegram did not refuse it."""
    return isinstance(error, NetworkError) and isinstance(error.__cause__, NOT_SENT)


def may_pass(error: TelegramError) -> bool:
    """Say whether a request may work if it is made again; the library counts refusals as NetworkError too."""
    return isinstance(error, NetworkError | RetryAfter) and not isinstance(error, BadRequest)


def for_the_courier(error: TelegramError) -> Exception:
    """Say it in the courier's words; what nobody knows stays as it is."""
    if isinstance(error, RetryAfter):
        return NotDelivered(seconds_of(error))
    if surely_not_sent(error) or isinstance(error, InvalidToken):  # the operator may still mend a token
        return NotDelivered()
    if is_unreachable(error):
        return Unreachable()
    return error


async def persist(
    call: Callable[[], Awaitable[Result]],
    tries: int = TRIES,
) -> Result:
    """Call again after errors that may pass, with growing waits.

    Raises
    ------
    TelegramError
        any other error at once, and the last one when there were too many
    """
    wait = FIRST_WAIT
    for left in reversed(range(tries)):
        try:
            return await call()
        except TelegramError as error:
            if not left or not may_pass(error):
                raise
            pause = max(wait, seconds_of(error)) if isinstance(error, RetryAfter) else wait
            log.info("Telegram: %s, again in %.1f s", name_of(error), pause)
        await asyncio.sleep(pause)
        wait = min(2 * wait, LONGEST_WAIT)
    raise AssertionError("unreachable")


def name_of(error: BaseException) -> str:
    """Name an error without its words, which may hold an address with the token."""
    cause = error.__cause__
    return type(error).__name__ + (f" ({type(cause).__name__})" if cause is not None else "")
