"""The console front end: lines become events, results become files; everybody sees only their own."""

from pathlib import Path

from bot.app import open_app
from bot.frontends.console import PARTS, Console
from bot.service import Who
from bot.settings import QueueSettings
from bot.watchdog import Watchdog
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import RULES, FakeFrontend, Human, settings_in

STRANGE = ("a caption " * 60, "²", "~nobody-of-that-name/x", "x" * 5_000)  # only words, no paths, no numbers


async def test_a_conversation_by_lines_paths_and_numbers(tmp_path: Path):
    photo, voice = tmp_path / "me.jpg", tmp_path / "hello.ogg"
    photo.write_bytes(b"a photo")
    voice.write_bytes(b"a voice")
    lines: list[str] = []
    settings, limits = settings_in(tmp_path / "data"), QueueSettings(_env_file=None)
    parts = {"console": PARTS}
    async with open_app(settings, limits, FakeArtist(), RULES, parts, watchdog=Watchdog()) as app:
        ann = Human(app, FakeFrontend(), "ann")
        ann.who = Who("console", "ann", "ann", "en")
        console = Console(app.service, ann.who, lines.append, tmp_path / "out")

        async def talk() -> None:
            for line in (
                "/start",
                "I agree",
                str(photo),
                "2. Pencil",
                str(voice),
                "/characters",
                *STRANGE,
                "hello?",
            ):
                await console.say(line)
                await ann.idle()

        await app.run({"console": console}, talk)
    assert sorted(path.name.split("-", 1)[1] for path in (tmp_path / "out").iterdir()) == [
        "preview.jpg", "sticker.webp", "sticker.webp", "talk.mp4", "talk.webm",
    ]  # fmt: skip
    assert lines[0].startswith("< Hello! I make your talking emoticon")
    assert "  [1: I agree]" in lines
    assert "/help tells you" in lines[-1]


def test_one_console_never_shows_another_persons_messages(tmp_path: Path):
    console = Console(None, Who("console", "ann", "ann"), print, tmp_path)  # type: ignore[arg-type]
    assert console.reaches("ann")
    assert not console.reaches("bob")
