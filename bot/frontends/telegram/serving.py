"""The bot on Telegram from start to stop: python-telegram-bot's Application with our limiter and order.

Telegram need not be reachable at the start: the bot keeps trying in the background, all else goes on.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from time import monotonic
from typing import Any

from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, CallbackContext, TypeHandler

from bot.frontends.telegram import menu, webhook
from bot.frontends.telegram.address import Address
from bot.frontends.telegram.albums import Album, Albums
from bot.frontends.telegram.errors import ErrorChat
from bot.frontends.telegram.front import Doors, Telegram
from bot.frontends.telegram.limiter import Limiter
from bot.frontends.telegram.order import InOrder
from bot.frontends.telegram.reading import read
from bot.frontends.telegram.sending import Sender
from bot.frontends.telegram.trouble import LONGEST_WAIT, name_of, persist
from bot.operators import Operators
from bot.redaction import hidden_in_logs
from bot.service import Service
from bot.settings import TelegramSettings

UPDATES = ["message", "callback_query"]
POLL_SECONDS = 30  # Telegram holds a question for updates open so long
MEDIA_WRITE_SECONDS = 600.0  # for 50 MB at 0.7 Mbit/s
READ_SECONDS, CONNECT_SECONDS, POOL_SECONDS = 20.0, 10.0, 5.0
CONNECTIONS = 64  # at the same time
EVER = 1_000_000  # tries
QUEUED = 10_000  # updates taken from the webhook and not handled yet
QUIET = ("httpx", "httpcore", "telegram")  # loggers of addresses with the token, and of what people send
COMPLAIN_SECONDS = 600.0  # between complaints about the same
STOP_SECONDS = 5.0  # for what is being answered when the process stops

log = logging.getLogger(__name__)

App = Application[Any, Any, Any, Any, Any, Any]


@asynccontextmanager
async def serving(
    settings: TelegramSettings, service: Service, operators: Operators, note: Callable[[str, str], None]
) -> AsyncIterator[Telegram]:
    """Run the bot on Telegram; gives the front end. `note`: told the message that shows a job."""
    token = settings.telegram_token.get_secret_value()
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    secret = settings.telegram_webhook_secret.get_secret_value() or secrets.token_urlsafe(32)
    async with AsyncExitStack() as stack:
        stack.enter_context(hidden_in_logs(token, secret))
        order = InOrder()
        app = _application(token, settings.telegram_api_url, order)
        doors = Doors(settings.allowed_users, settings.operators)
        front = Telegram(app.bot, service, operators, doors, note)
        stack.push_async_callback(_stop, app, front, _take_updates(app, front), order)
        if settings.telegram_error_chat:
            errors = ErrorChat(Sender(app.bot), Address.read(settings.telegram_error_chat))
            stack.enter_context(errors.listening())
            gone = "errors are not told on Telegram any more"
            await stack.enter_async_context(_in_background(errors.run(), gone))
        gone = "the bot is not on Telegram any more"
        await stack.enter_async_context(_in_background(_connect(app, settings, secret), gone))
        yield front


def _application(token: str, root: str, order: InOrder) -> App:
    return (
        Application.builder()
        .token(token)
        .base_url(f"{root}/bot")
        .base_file_url(f"{root}/file/bot")
        .rate_limiter(Limiter())
        .concurrent_updates(order)
        .job_queue(None)
        .connection_pool_size(CONNECTIONS)
        .connect_timeout(CONNECT_SECONDS)
        .read_timeout(READ_SECONDS)
        .write_timeout(READ_SECONDS)
        .media_write_timeout(MEDIA_WRITE_SECONDS)
        .pool_timeout(POOL_SECONDS)
        .get_updates_connect_timeout(CONNECT_SECONDS)
        .get_updates_read_timeout(READ_SECONDS)
        .build()
    )


def _take_updates(app: App, front: Telegram) -> Albums:
    """Lead updates to the front end; the photos of an album come back to the line as one."""
    albums = Albums(app.update_queue.put_nowait)

    async def take(update: Update, _: CallbackContext[Any, Any, Any, Any]) -> None:
        received = read(update, front.me)
        if received is not None and received.album is not None and received.address.private:
            albums.add(received)
        elif received is not None:
            await front.take(received)

    async def take_album(album: Album, _: CallbackContext[Any, Any, Any, Any]) -> None:
        await front.take(album)

    app.add_handler(TypeHandler(Update, take))
    app.add_handler(TypeHandler(Album, take_album))
    return albums


async def _connect(app: App, settings: TelegramSettings, secret: str) -> None:
    """Reach Telegram, however long that takes, and have updates come in until cancelled."""
    try:
        await _introduce(app)
    except InvalidToken:
        log.error("Telegram refuses MYTALKCON_TELEGRAM_TOKEN (or MYTALKCON_TELEGRAM_API_URL is not its API)")
        return
    await app.start()
    log.info("on Telegram as @%s", app.bot.username)
    if settings.telegram_webhook_url:
        await _be_called(app, settings, secret)
    elif app.updater is not None:
        await app.updater.start_polling(
            timeout=POLL_SECONDS, bootstrap_retries=-1, allowed_updates=UPDATES, error_callback=_Complaints()
        )
        await _write_menu(app)


async def _introduce(app: App) -> None:
    """Ask Telegram who we are, again and again; raises InvalidToken."""
    wait = 1.0
    while True:
        try:
            await app.initialize()
        except InvalidToken:
            raise
        except TelegramError as error:
            why = name_of(error)
            log.warning("Telegram cannot be reached (%s): I keep trying, again in %.0f s", why, wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        else:
            return


async def _be_called(app: App, settings: TelegramSettings, secret: str) -> None:
    """Have Telegram bring updates, until cancelled. It stays told where, so that nothing is lost."""
    url, queue = settings.telegram_webhook_url, app.update_queue

    def take(update: Update) -> bool:
        if queue.qsize() >= QUEUED:
            return False
        queue.put_nowait(update)
        return True

    place = (settings.telegram_webhook_host, settings.telegram_webhook_port)
    async with webhook.serving(*place, url, secret, app.bot, take):
        try:
            await persist(
                lambda: app.bot.set_webhook(url, allowed_updates=UPDATES, secret_token=secret), tries=EVER
            )
        except TelegramError as error:
            log.error("Telegram refuses MYTALKCON_TELEGRAM_WEBHOOK_URL: %s", error)
            return
        await _write_menu(app)
        await asyncio.Event().wait()


async def _write_menu(app: App) -> None:
    try:
        await persist(lambda: menu.keep_up_to_date(app.bot))
    except TelegramError as error:
        log.warning("the menu of commands was not written: %s", name_of(error))


class _Complaints:
    """Logs why updates could not be fetched, the same reason now and then; the library tries again."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def __call__(self, error: TelegramError) -> None:
        why, now = name_of(error), monotonic()
        if now - self._said.get(why, float("-inf")) < COMPLAIN_SECONDS:
            return
        self._said[why] = now
        if isinstance(error, Conflict):
            log.error("another process runs a bot with the same token: each gets a part of the messages")
        else:
            log.warning("Telegram gave no updates (%s): I keep trying", why)


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None], gone: str) -> AsyncIterator[None]:
    """Work for the length of the block; what goes wrong is logged as `gone`, and the house goes on."""

    def log_failure(ended: asyncio.Task[None]) -> None:
        if not ended.cancelled() and ended.exception() is not None:
            log.error("%s", gone, exc_info=ended.exception())

    task = asyncio.create_task(work)
    task.add_done_callback(log_failure)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _stop(app: App, front: Telegram, albums: Albums, order: InOrder) -> None:
    """Fetch nothing more, answer what has come, leave."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            if app.updater is not None and app.updater.running:
                await app.updater.stop()
    albums.close_all()
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            if app.running:
                await app.stop()
    await order.give_up()
    await front.board.close()
    await app.shutdown()
