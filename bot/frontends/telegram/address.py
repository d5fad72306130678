"""Addresses: which chat of Telegram a message belongs to, and in a group with topics which topic.

Written as "<chat>" or "<chat>/<topic>"; kept with jobs and deliveries.
"""

from dataclasses import dataclass
from typing import Self

from telegram import Message


@dataclass(frozen=True)
class Address:
    """A chat, and a topic in it."""

    chat: int
    topic: int | None = None

    @classmethod
    def of(cls, message: Message) -> Self:
        """Give the place where a message was written."""
        return cls(message.chat.id, message.message_thread_id if message.is_topic_message else None)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` has written."""
        chat, _, topic = text.partition("/")
        return cls(int(chat), int(topic) if topic else None)

    def __str__(self) -> str:
        return str(self.chat) if self.topic is None else f"{self.chat}/{self.topic}"

    @property
    def private(self) -> bool:
        """Whether only one person reads there: groups have negative ids."""
        return self.chat > 0
