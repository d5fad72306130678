"""Files made for somebody or sent by them, as answers: whole, or the range that a video player asks for."""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import hdrs, web

KINDS = {
    "preview.jpg": "image/jpeg",
    "scene.jpg": "image/jpeg",
    "sticker.webp": "image/webp",
    "sticker.png": "image/png",
    "talk.mp4": "video/mp4",
    "note.mp4": "video/mp4",
    "talk.webm": "video/webm",
}


# What people send is never called by what they say it is: nothing here is a page or a script. (place, bytes)
SIGNS: Mapping[str, tuple[tuple[int, bytes], ...]] = MappingProxyType(
    {
        "image/jpeg": ((0, b"\xff\xd8\xff"),),
        "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
        "image/gif": ((0, b"GIF8"),),
        "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
        "audio/wav": ((0, b"RIFF"), (8, b"WAVE")),
        "audio/ogg": ((0, b"OggS"),),
        "audio/flac": ((0, b"fLaC"),),
        "audio/mpeg": ((0, b"ID3"),),
        "image/heic": ((4, b"ftyphei"),),
        "image/avif": ((4, b"ftypavif"),),
        "video/mp4": ((4, b"ftyp"),),
        "video/webm": ((0, b"\x1a\x45\xdf\xa3"),),
    }
)
UNKNOWN = "application/octet-stream"


def kind_of(content: bytes) -> str:
    """Name what somebody has sent by its first bytes; a browser shows what it knows of it."""
    for kind, signs in SIGNS.items():
        if all(content.startswith(sign, place) for place, sign in signs):
            return kind
    return UNKNOWN


def media_response(request: web.Request, content: bytes, kind: str, saved: str | None = None) -> web.Response:
    """Answer with a file or a piece of it; `saved`: the browser keeps it as a file of that name."""
    headers = {hdrs.CONTENT_TYPE: kind, hdrs.ACCEPT_RANGES: "bytes"}
    if saved is not None:
        headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{saved}"'
    size = len(content)
    try:
        asked = request.http_range
    except ValueError:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{size}"})
    if asked.start is None and asked.stop is None:
        return web.Response(body=content, headers=headers)
    first, stop, _ = asked.indices(size)
    if first >= stop:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{size}"})
    headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{stop - 1}/{size}"
    return web.Response(status=206, body=content[first:stop], headers=headers)
