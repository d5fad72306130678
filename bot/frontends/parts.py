"""Which files of a result each platform shows.

They are known without any platform's library: whoever does somebody's job keeps its result as their platform
shows it, be the process on that platform or not (`mytalkcon chat` beside the bot, another engine).
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.frontend import PLAIN_PARTS, Parts
from bot.kinds import JobKind
from storage.deliveries import AFTER

WEB: Parts = PLAIN_PARTS
CONSOLE: Parts = {**PLAIN_PARTS, JobKind.SPEAK: ("talk.webm", "talk.mp4")}
DISCORD: Parts = {**PLAIN_PARTS, JobKind.DRAW: ("sticker.png",)}
TELEGRAM: Parts = {
    **PLAIN_PARTS,
    JobKind.DRAW: ("sticker.webp", AFTER),
    JobKind.SPEAK: ("note.mp4", "talk.webm", AFTER),
}

EVERYWHERE: Mapping[str, Parts] = MappingProxyType(
    {"web": WEB, "console": CONSOLE, "discord": DISCORD, "telegram": TELEGRAM}
)
"""By platform."""
