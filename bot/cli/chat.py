"""`mytalkcon chat`: the whole bot at the terminal, for trying it without any platform."""

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.app import App, engine_artist, house_of, open_app
from bot.artist import Artist
from bot.cli.terminal import language
from bot.frontends.console import HELP, PLATFORM, Console, typed
from bot.frontends.parts import EVERYWHERE
from bot.service import Who
from bot.settings import EngineSettings, QueueSettings, StorageSettings
from bot.watchdog import Watchdog
from storage import deliveries, jobs, people

LOOK_SECONDS = 0.1


def chat(
    out: Annotated[Path, typer.Option(help="Folder for what you receive.")] = Path("out/chat"),
    person: Annotated[str, typer.Option(help="Who you are; another name is another person.")] = "",
) -> None:
    """Chat with the bot here: type, give paths of photos and sounds, press buttons by their numbers."""
    who = Who(PLATFORM, person or getpass.getuser(), person or getpass.getuser(), language())
    storage = StorageSettings()
    settings = EngineSettings()
    with engine_artist(storage, settings.engine, settings.options) as artist:
        asyncio.run(_chat(storage, artist, who, out))


async def _chat(storage: StorageSettings, artist: Artist, who: Who, out: Path) -> None:
    settings = QueueSettings()
    async with open_app(storage, settings, artist, house_of(storage), EVERYWHERE, watchdog=Watchdog()) as app:
        console = Console(app.service, who, typer.echo, out)

        async def talk() -> None:
            typer.echo(HELP)
            await console.say("/start")
            async for line in typed(sys.stdin):
                if not sys.stdin.isatty():
                    typer.echo(f"> {line.rstrip()}")
                if line.strip() == "/quit":
                    return
                if line.strip() == "/wait":
                    await _idle(app, who)
                else:
                    await console.say(line)
            await _idle(app, who)

        await app.run({PLATFORM: console}, talk)


async def _idle(app: App, who: Who) -> None:
    """Wait until nothing is waiting, running or on its way for somebody."""
    while True:
        async with app.database.reading() as work:
            person = await people.find(work, who.platform, who.platform_id)
            live = await jobs.live(work, person.id) if person else ()
            waiting = await deliveries.undelivered(work, person.id) if person else 0
        if not live and not waiting:
            return
        await asyncio.sleep(LOOK_SECONDS)
