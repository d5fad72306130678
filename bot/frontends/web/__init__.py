"""The chat page on this machine: the whole bot in a browser, without any platform.

`server` is the HTTP side (routes, what is refused), `chat` the front end, `tabs` the open connections,
`visitors` who is who, `frames` what goes over the connection, `static/` the page itself (no build step).
"""

from bot.frontends.web.chat import PARTS, PLATFORM, Chat
from bot.frontends.web.server import serving

__all__ = ["PARTS", "PLATFORM", "Chat", "serving"]
