"""What is refused before anything else is looked at, and what every answer says to the browser.

A page of another site must not reach this one: not by a name that it owns (Host), not by its scripts
(Origin), not in a frame. So a name that is not ours is refused, and what changes something must come from
our own page.
"""

from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bot.settings import is_loopback

_OWN_PARTS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": _OWN_PARTS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)


def is_our_host(host: str, bound_to: str, names: frozenset[str]) -> bool:
    """Say whether a Host header names us.

    Loopback names always do. An address does when we listen on more than loopback: a number cannot be made
    to point elsewhere, so no foreign site can use it. Any other name must have been set.
    """
    name = _name_of(host)
    if name is None:
        return False
    if is_loopback(name) or name == bound_to.lower() or name in names:
        return True
    if is_loopback(bound_to):
        return False
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name_of(host: str) -> str | None:
    """Give the name or address in a Host header, without its port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.path or parts.query or parts.username is not None:
        return None
    return parts.hostname


def is_our_origin(origin: str | None, host: str) -> bool:
    """Say whether a request comes from a page of the same host and port."""
    if origin is None:
        return False
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


def guard(bound_to: str, names: frozenset[str]) -> Middleware:
    """Make the middleware that refuses what is not for us."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_our_host(request.host, bound_to, names):
            raise web.HTTPMisdirectedRequest(text="This is not my name.")
        changes = request.method not in (hdrs.METH_GET, hdrs.METH_HEAD)
        if (changes or hdrs.UPGRADE in request.headers) and not is_our_origin(
            request.headers.get(hdrs.ORIGIN), request.host
        ):
            raise web.HTTPForbidden(text="This does not come from my page.")
        return await handler(request)

    return refuse


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the browser what this page may do; added to every answer."""
    response.headers.update(HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
