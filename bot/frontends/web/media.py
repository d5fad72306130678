"""Files made for somebody, as answers: whole, or the range that a video player asks for."""

from aiohttp import hdrs, web

KINDS = {
    "preview.jpg": "image/jpeg",
    "sticker.webp": "image/webp",
    "sticker.png": "image/png",
    "talk.mp4": "video/mp4",
    "note.mp4": "video/mp4",
    "talk.webm": "video/webm",
}


def media_response(request: web.Request, content: bytes, name: str, *, save: bool) -> web.Response:
    """Answer with a file or a piece of it. `name` is one of KINDS; `save`: the browser keeps it as a file."""
    headers = {hdrs.CONTENT_TYPE: KINDS[name], hdrs.ACCEPT_RANGES: "bytes"}
    if save:
        headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="mytalkcon-{name}"'
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
