"""The bot on Telegram: a thin adapter on python-telegram-bot.

`serving` starts and stops it; `reading` turns updates into events, `front` hands them to the service and
shows the replies by `sending`; `progress` keeps one message a job; `order` and `limiter` keep the order and
the limits; `albums` gathers photos sent together; `webhook` lets Telegram bring updates; `errors` tells the
operators.
"""

import os

from bot.frontends.telegram.front import PARTS, Telegram
from bot.frontends.telegram.reading import PLATFORM
from bot.frontends.telegram.serving import serving

# The library reads this whenever it is asked for a time: they are timedeltas, as in its next version anyway.
os.environ["PTB_TIMEDELTA"] = "true"

__all__ = ["PARTS", "PLATFORM", "Telegram", "serving"]
