"""Messages that were sent while the bot was away: Discord tells them only to who is connected.

A short break is bridged by the library (the session is resumed). After a longer one the direct messages of
who wrote lately are read again; what was handled before changes nothing. Who had never written is not known.
"""

import logging
from collections.abc import AsyncIterator, Sequence

import discord

LATELY = 86_400.0  # s
PEOPLE = 200  # asked about at most, two requests each
MESSAGES = 20  # of one person

log = logging.getLogger(__name__)


async def missed(
    client: discord.Client, last_events: Sequence[tuple[str, str]]
) -> AsyncIterator[discord.Message]:
    """Give direct messages newer than each person's newest update, oldest first.

    Parameters
    ----------
    last_events : (id of the person, id of their newest update: Discord's, with "-" and a number)
    """
    for person, event in last_events:
        after = discord.Object(int(event.partition("-")[0]))
        try:
            channel = await client.create_dm(discord.Object(int(person)))
            async for message in channel.history(limit=MESSAGES, after=after, oldest_first=True):
                if message.author.id == int(person):
                    yield message
        except discord.HTTPException as error:  # closed, or trouble of Discord's: the next person's are read
            log.info("somebody's direct messages cannot be read: %s", error)
