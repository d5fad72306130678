"""What a command made: each file with what it is, its size, and the seconds per stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.cli.terminal import print_json, say
from engine.errors import Notice

WHAT_IT_IS = {
    "sticker.webp": "sticker, 512 x 512, transparent",
    "sticker.png": "the same as PNG",
    "talk.mp4": "talking video with sound, 512 x 512",
    "talk.webm": "video sticker, transparent, silent, at most 3 s",
    "note.mp4": "round video note with sound, 384 x 384",
    "character.json": "the character: speaks again with `mytalkcon talk`",
}


@dataclass(frozen=True)
class Made:
    """Result of a command: files, words to the person, seconds per stage."""

    files: tuple[Path, ...]
    notices: tuple[Notice, ...]
    seconds: Mapping[str, float]


def print_made(made: Made, as_json: bool) -> None:
    """Print results to standard output, words to the person to standard error."""
    say(made.notices)
    files = sorted(made.files, key=lambda path: [*WHAT_IT_IS, path.name].index(path.name))
    if as_json:
        print_json(
            {
                "files": {path.name: {"path": str(path), "bytes": path.stat().st_size} for path in files},
                "notices": [notice.message_id for notice in made.notices],
                "seconds": dict(made.seconds),
            }
        )
        return
    width = max(len(str(path)) for path in files)
    for path in files:
        print(f"{path!s:<{width}}  {_size(path):>7}  {WHAT_IT_IS.get(path.name, '')}".rstrip())
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in made.seconds.items())
    print(f"{sum(made.seconds.values()):.1f} s: {stages}")


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1000:.0f} kB"
