"""Discord: direct messages, slash commands, and voice messages as they lie in any channel.

`connection` stays on Discord, `client` hears, `commands` and `controls` are what people use, `chat` is the
front end; `cards` writes messages, `post` brings them to their `places`, by an interaction's answer while it
lasts (`answers`); `board` shows progress. Inside this package `discord` is the library.
"""

from bot.frontends.discord.chat import PARTS, PLATFORM, Chat
from bot.frontends.discord.connection import serving

__all__ = ["PARTS", "PLATFORM", "Chat", "serving"]
