"""Files made for somebody or sent by them, as answers: whole, or the range that a video player asks for.

They are sent piece by piece: who takes them slowly, or many at once, costs no more memory than a piece each.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import hdrs, web

from bot.service import KeptFile

PIECE = 262_144  # bytes

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
SIGN_BYTES = 16  # at the beginning of a file, in which its sign is


def kind_of(content: bytes) -> str:
    """Name what somebody has sent by its first SIGN_BYTES; a browser shows what it knows of it."""
    for kind, signs in SIGNS.items():
        if all(content.startswith(sign, place) for place, sign in signs):
            return kind
    return UNKNOWN


async def give(
    request: web.Request, file: KeptFile, kind: str, seconds: float, saved: str | None = None
) -> web.StreamResponse:
    """Answer with a file or a piece of it.

    Parameters
    ----------
    seconds : for the browser to take a piece; then it is cut off, and asks for the rest when it wants that
    saved : the browser keeps it as a file of that name

    Raises
    ------
    FileNotFoundError
        when it is gone, before anything was sent
    """
    try:
        asked = request.http_range
    except ValueError:
        return _beyond(file)
    first, stop, _ = asked.indices(file.size)
    whole = asked.start is None and asked.stop is None
    if first >= stop and not whole:
        return _beyond(file)
    piece = await file.read(first, min(first + PIECE, stop))
    answer = web.StreamResponse(status=200 if whole else 206)
    answer.content_type, answer.content_length = kind, stop - first
    answer.headers[hdrs.ACCEPT_RANGES] = "bytes"
    if saved is not None:
        answer.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{saved}"'
    if not whole:
        answer.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{stop - 1}/{file.size}"
    await answer.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return answer
    try:
        while piece:
            async with asyncio.timeout(seconds):
                await answer.write(piece)
            first += len(piece)
            piece = await file.read(first, min(first + PIECE, stop))
    except (TimeoutError, FileNotFoundError):  # nobody takes it; or it was removed at this very moment
        if request.transport is not None:
            request.transport.abort()
    return answer


def _beyond(file: KeptFile) -> web.Response:
    return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{file.size}"})
