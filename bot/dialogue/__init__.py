"""The conversation as pure functions: (conversation, event) -> (conversation, replies, wishes).

No input or output, no platform, no text: sentences are named by their ids. A front end knows `events` (what a
person does) and `replies` (what to show); `bot/service.py` fulfils the wishes and answers them by events.
"""

from bot.dialogue.answers import answer
from bot.dialogue.conversation import Conversation, House, Style, Turn
from bot.dialogue.events import Event
from bot.dialogue.replies import Button, Media, Reply, Said

__all__ = ["Button", "Conversation", "Event", "House", "Media", "Reply", "Said", "Style", "Turn", "answer"]
