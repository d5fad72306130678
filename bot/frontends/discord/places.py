"""Where an answer belongs: the address that jobs and deliveries carry on Discord."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """How a place is reached."""

    DIRECT = "d"  # the direct messages with the bot: always reached through the channel
    OPEN = "o"  # an answer that everybody in a channel sees
    PRIVATE = "p"  # an answer that only the person sees


@dataclass(frozen=True)
class Place:
    """Somebody's place. Ids are Discord's; `interaction` is 0 in direct messages.

    Written `<kind>:<user>:<channel>:<interaction>`, at most 64 characters as long as ids have 19 digits
    (until the year 2084).
    """

    kind: Kind
    user: int
    channel: int
    interaction: int = 0

    @classmethod
    def parse(cls, address: str) -> Self:
        """Read an address; raises ValueError for what is none."""
        kind, user, channel, interaction = address.split(":")
        return cls(Kind(kind), int(user), int(channel), int(interaction))

    def __str__(self) -> str:
        return f"{self.kind}:{self.user}:{self.channel}:{self.interaction}"
