"""The console as a chat: typed lines are messages, paths are photos and voices, numbers press buttons."""

import asyncio
import mimetypes
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TextIO

from bot.dialogue import Button, Reply
from bot.dialogue.buttons import event_of
from bot.dialogue.events import PhotoReceived, Sent, VoiceReceived
from bot.dialogue.typed import event_of_words
from bot.frontend import Progress, Shown
from bot.frontends.parts import CONSOLE
from bot.service import Service, Who
from bot.uploads import Load
from storage.models import LIVE

PLATFORM = "console"
PARTS = CONSOLE
BAR = 24  # characters
HELP = (
    "Type, or give the path of a photo or a sound. A button: its number. /wait waits for results, /quit ends."
)


class Console:
    """One person at one terminal.

    Parameters
    ----------
    write : shows a line
    folder : received files are saved here
    """

    platform = PLATFORM
    parts = PARTS

    def __init__(self, service: Service, who: Who, write: Callable[[str], None], folder: Path) -> None:
        self._service = service
        self._who = who
        self._write = write
        self._folder = folder
        self._buttons: list[Button] = []
        self._stages: dict[str, str] = {}  # what was last shown of each live job
        self._messages = 0

    async def say(self, line: str) -> None:
        """Do what a typed line means, and show the answer."""
        text = line.strip()
        if not text:
            return
        pressed, path = self._button(text), _file_at(text)
        if pressed is not None:
            await self._send(event_of(pressed.data))
        elif path is not None:
            await self._attach(path)
        else:
            await self._send(event_of_words(text))

    def reaches(self, address: str) -> bool:
        """See Frontend: another person's console is another process."""
        return address == self._who.address

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        """Show a result: see Frontend."""
        self._print(reply)
        if reply.media is not None and content is not None:
            await self._save(reply.media.name, content)
        return Shown(str(self._messages))

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        """Show progress, a line whenever its words change: see Frontend."""
        if progress.state not in LIVE:
            self._stages.pop(progress.job, None)
            return None
        text = progress.reply.text.replace("\n", ": ")
        if self._stages.get(progress.job) != text:
            self._stages[progress.job] = text
            filled = round(progress.done * BAR)
            self._write(f"  [{'#' * filled}{'.' * (BAR - filled)}] {text}")
        return None

    async def _attach(self, path: Path) -> None:
        kind, _ = mimetypes.guess_type(path.name)
        picture = (kind or "").startswith("image/") or path.suffix.lower() in (".heic", ".heif", ".webp")
        await self._send(PhotoReceived() if picture else VoiceReceived(), load_from(path))

    async def _send(self, event: Sent, load: Load | None = None) -> None:
        for reply in await self._service.handle(self._who, event, load):
            self._print(reply)
            if reply.media is not None:
                content = await self._service.content(self._who, reply.media.render)
                if content is not None:
                    await self._save(reply.media.name, content)

    def _print(self, reply: Reply) -> None:
        self._messages += 1
        for line in reply.text.splitlines():
            self._write(f"< {line}")
        for row in reply.buttons:
            self._write("  " + "  ".join(self._numbered(button) for button in row))

    def _numbered(self, button: Button) -> str:
        self._buttons.append(button)
        return f"[{len(self._buttons)}: {button.label}]"

    def _button(self, text: str) -> Button | None:
        """Find the button that a number or a label presses; of several with one label the newest."""
        if text.isdecimal() and 1 <= int(text) <= len(self._buttons):
            return self._buttons[int(text) - 1]
        return next((b for b in reversed(self._buttons) if b.label.casefold() == text.casefold()), None)

    async def _save(self, name: str, content: bytes) -> None:
        path = self._folder / f"{self._messages:03d}-{name}"
        await asyncio.to_thread(_write, path, content)
        self._write(f"  saved {path} ({len(content):,} bytes)")


def load_from(path: Path) -> Load:
    """Read a file when it is asked for."""

    async def load() -> bytes:
        return await asyncio.to_thread(path.read_bytes)

    return load


def _file_at(text: str) -> Path | None:
    """Find the file that a typed line names; most lines name none."""
    try:
        path = Path(text).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError):  # too long for a name, or the home of nobody
        return None


async def typed(source: TextIO) -> AsyncIterator[str]:
    """Give the lines that are typed. They are read in a thread of their own, which may wait for ever."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        for line in source:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="typing", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
