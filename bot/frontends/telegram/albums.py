"""Albums: photos sent together come as messages of their own; they are gathered, and go on as one.

Telegram does not say how many there are, so an album is whole when nothing more of it has come for a moment.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.frontends.telegram.reading import Received

MOMENT = 0.7  # s
MOST = 10  # photos of an album; Telegram allows no more


@dataclass(frozen=True)
class Album:
    """Photos that were sent together, in their order."""

    photos: tuple[Received, ...]


class Albums:
    """Gathers albums.

    Parameters
    ----------
    pass_on : takes an album that is whole
    """

    def __init__(self, pass_on: Callable[[Album], None]) -> None:
        self._pass_on = pass_on
        self._open: dict[tuple[int, str], list[Received]] = {}
        self._timers: dict[tuple[int, str], asyncio.TimerHandle] = {}

    def add(self, photo: Received) -> None:
        """Take a photo of an album."""
        key = (photo.address.chat, photo.album or "")
        photos = self._open.setdefault(key, [])
        photos.append(photo)
        if key in self._timers:
            self._timers.pop(key).cancel()
        if len(photos) >= MOST:
            self._close(key)
        else:
            self._timers[key] = asyncio.get_running_loop().call_later(MOMENT, self._close, key)

    def close_all(self) -> None:
        """Pass on what there is: the process stops."""
        for key in list(self._open):
            self._close(key)

    def _close(self, key: tuple[int, str]) -> None:
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        photos = sorted(self._open.pop(key), key=lambda photo: photo.message_id or 0)
        self._pass_on(Album(tuple(photos)))
