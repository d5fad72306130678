"""Write docs/telegram-conversation.md: one conversation with the real bot, as Telegram's server saw it.

    .venv/bin/python -m tests.e2e.telegram.show docs

Needs the sample photo (`mytalkcon weights fetch`); the voice is that of the repository.
"""

import asyncio
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from aiogram import types
from PIL import Image, ImageDraw

from tests.e2e.telegram.command import ENGINE_SECONDS, bot_on, selfie
from tests.e2e.telegram.looks import played
from tests.e2e.telegram.methods import MEASURE
from tests.e2e.telegram.person import Person, labels, said
from tests.e2e.telegram.server import Call, Server, serving
from tests.samples import SAMPLE_VOICE

PICTURES = "telegram"  # folder beside the document
FRAMES, TILE = 6, 160  # pictures of a strip, px
WORDS = 110  # characters of a text in the table
QUIET = ("getMe", "getMyCommands", "deleteWebhook", "file")  # left out of the table

HEAD = """# A conversation on Telegram, as the server saw it

Written by `python -m tests.e2e.telegram.show docs`: the real command `mytalkcon run` with the real engine,
over real HTTP, against the server of the tests. That server takes only what Telegram takes: requests are
parsed by aiogram's methods, files are opened and measured, limits are counted. How the bot is set up and what
it can do: [telegram.md](telegram.md). Times are those of a busy machine with two cores.

"""
PARTS = {
    "selfie": "Ada sends a selfie (the sample photo: NASA, public domain).",
    "preview": "The bot answers with her own face in every style, numbered like the buttons below it.",
    "sticker": "She presses one and gets her sticker.",
    "note": "She sends a voice note of 4.3 s and gets a round video with her voice ...",
    "moving": "... and the same as a moving sticker without sound. Every new voice note becomes a new video.",
}


async def converse(api: Server, folder: Path) -> dict[str, Image.Image | list[Image.Image]]:
    """Go from the first contact to a video; gives the pictures."""
    async with bot_on(api, folder):
        ada = Person(api)
        await ada.says("/start")
        await ada.press("I agree", await ada.reads("Is that all right with you?"))
        await ada.reads("Send me a selfie")
        await ada.photo(selfie())
        preview = await ada.gets("photo", ENGINE_SECONDS)
        await ada.press("1. ", preview)
        sticker = await ada.gets("sticker", ENGINE_SECONDS)
        await ada.reads("Now send a voice note")
        await ada.voice(SAMPLE_VOICE.read_bytes())
        note = await ada.gets("video_note", ENGINE_SECONDS)
        moving = await ada.gets("sticker")
        await ada.press("As a video file", await ada.reads("Every new voice note"))
        await ada.gets("video")
        await ada.says("/characters")
        await ada.gets("sticker")
        await ada.reads("this one speaks")
    return {
        "selfie": smaller(Image.open(io.BytesIO(selfie())), 240),
        "preview": smaller(Image.open(io.BytesIO(ada.file(preview).content)), 480),
        "sticker": smaller(Image.open(io.BytesIO(ada.file(sticker).content)), 240),
        "note": round_strip(played(ada.file(note).content).frames),
        "moving": moving_pictures(ada.file(moving).content),
    }


def smaller(image: Image.Image, side: int) -> Image.Image:
    """Shrink a picture to at most `side` px."""
    copy = image.convert("RGBA" if image.mode in ("RGBA", "P") else "RGB")
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def round_strip(frames: np.ndarray) -> Image.Image:
    """Put frames of a round video side by side, as round as apps show them."""
    mask = Image.new("L", (4 * TILE, 4 * TILE), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, 4 * TILE - 1, 4 * TILE - 1), 255)
    mask = mask.resize((TILE, TILE), Image.Resampling.LANCZOS)
    strip = Image.new("RGBA", (FRAMES * TILE, TILE))
    for number, at in enumerate(np.linspace(5, len(frames) - 6, FRAMES).astype(int)):
        tile = Image.fromarray(frames[at]).resize((TILE, TILE), Image.Resampling.LANCZOS)
        strip.paste(tile, (number * TILE, 0), mask)
    return strip


def moving_pictures(content: bytes) -> list[Image.Image]:
    """Decode a video sticker with its alpha, every third frame, small."""
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(io.BytesIO(content)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    pictures = (Image.fromarray(frame.to_ndarray(format="rgba")) for frame in frames[::3])
    return [picture.resize((TILE, TILE), Image.Resampling.LANCZOS) for picture in pictures]


def save(picture: Image.Image | list[Image.Image], path: Path) -> None:
    """Write a picture, or a moving one."""
    if isinstance(picture, list):
        first, *rest = picture
        first.save(
            path, "WEBP", save_all=True, append_images=rest, duration=120, loop=0, quality=60, method=6
        )
    else:
        picture.save(path, "WEBP", quality=80, method=6)


def table(api: Server) -> str:
    """Write what went to and fro, in order, with the seconds since the first word."""
    start = min(api.updates.times.values())
    rows = [(api.updates.times[u.update_id], "Ada", *told(u)) for u in api.updates.sent]
    rows += [(c.at, "bot", f"`{c.name}`", about(c)) for c in api.log if c.name not in QUIET and c.at > start]
    lines = ["| s | from | | what |", "|---:|---|---|---|"]
    for at, who, kind, what in sorted(rows):
        lines.append(f"| {at - start:.1f} | {who} | {kind} | {what.replace('|', '/')} |")
    return "\n".join(lines)


def told(update: types.Update) -> tuple[str, str]:
    """Describe an update."""
    if update.callback_query is not None:
        pressed = update.callback_query
        shown = pressed.message
        buttons = labels(shown) if isinstance(shown, types.Message) else []
        data = [
            b.callback_data
            for row in shown.reply_markup.inline_keyboard
            for b in row  # type: ignore[union-attr]
        ]
        label = buttons[data.index(pressed.data)]
        return "presses", f"**{label}** ({len((pressed.data or '').encode())} bytes of data)"
    if update.message is None:
        raise ValueError(update)
    kinds = [kind for kind in MEASURE if getattr(update.message, kind)]
    return "sends", measured(kinds[0], getattr(update.message, kinds[0])) if kinds else said(update.message)


def about(call: Call) -> str:
    """Describe a request of the bot and its answer."""
    if call.refused is not None:
        return f"refused: {call.refused.description}"
    result, request = call.result, call.request
    if isinstance(result, types.Message):
        kinds = [kind for kind in MEASURE if getattr(result, kind)]
        parts = [measured(kind, getattr(result, kind)) for kind in kinds]
        if kinds and isinstance(getattr(request, kinds[0], None), str):
            parts.append("by its file id: no upload")
        parts += [shortened(said(result))] if said(result) else []
        return ", ".join(parts) + "".join(f" `[{label}]`" for label in labels(result))
    return plain_words(request)


def plain_words(request: Any) -> str:
    """Name what matters of a request without a message."""
    for name in ("action", "text", "file_id", "commands"):
        value = getattr(request, name, None)
        if name == "commands" and value:
            language = f" ({request.language_code})" if request.language_code else ""
            return " ".join(f"/{command.command}" for command in value) + language
        if name == "file_id" and value:
            return "where the file can be fetched"
        if value:
            return str(value)
    return ""


def measured(kind: str, shown: Any) -> str:
    """Say what a file is."""
    if kind == "photo":
        shown = shown[-1]
    side = getattr(shown, "length", None)
    sizes = (side, side) if side else (getattr(shown, "width", 0), getattr(shown, "height", 0))
    parts = [f"{sizes[0]}x{sizes[1]}"] if sizes[0] else []
    parts += [f"{shown.duration} s"] if getattr(shown, "duration", 0) else []
    moving = "moving " if getattr(shown, "is_video", False) else ""
    return f"[{moving}{kind.replace('_', ' ')}: {', '.join([*parts, f'{shown.file_size / 1000:.0f} KB'])}]"


def shortened(text: str) -> str:
    """Cut a text to the width of the table."""
    line = text.replace("\n", " / ")
    return line if len(line) <= WORDS else line[: WORDS - 3] + "..."


async def main(folder: Path) -> None:
    """Write the document and its pictures."""
    with TemporaryDirectory() as data:
        async with serving() as api:
            pictures = await converse(api, Path(data))
            api.assert_within_limits()
            went = table(api)
    target = folder / PICTURES
    target.mkdir(parents=True, exist_ok=True)
    shown = []
    for name, picture in pictures.items():
        save(picture, target / f"{name}.webp")
        shown.append(f"{PARTS[name]}\n\n![{name}]({PICTURES}/{name}.webp)\n")
    end = (
        "\nNo request broke a rule of Telegram or went beyond its limits; the tests assert that everywhere.\n"
    )
    document = HEAD + "\n".join(shown) + "\n## What went to and fro\n\n" + went + "\n" + end
    (folder / "telegram-conversation.md").write_text(document, "utf-8")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
