"""The queue: what any backend must do (protocol.py), and the one inside our own process (embedded.py)."""

from bot.queue.embedded import EmbeddedQueue
from bot.queue.news import News, Subscription
from bot.queue.protocol import Limits, Order, Queue, Refusal, Refused

__all__ = ["EmbeddedQueue", "Limits", "News", "Order", "Queue", "Refusal", "Refused", "Subscription"]
