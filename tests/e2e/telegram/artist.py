"""A fake engine whose files are those of the real one in form: every check of Telegram's server passes."""

import io
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image

from bot.artist import Made
from engine.arrays import Pixels
from engine.media.preview import preview_jpeg
from engine.media.sticker import sticker_webp
from engine.media.talk import TalkWriter
from engine.progress import Progress, Stage
from engine.speech.motion import FPS
from engine.voice import Voice
from tests.bot.fake_artist import FakeArtist

SECONDS = 0.6  # of every talk
RATE = 16_000  # Hz


class FilesArtist(FakeArtist):
    """Makes nothing, and files that can be shown."""

    async def _make(
        self, names: tuple[str, ...], given: bytes, progress: Progress, stages: tuple[Stage, ...]
    ) -> Made:
        made = await super()._make(names, given, progress, stages)
        return replace(made, files={name: made_files()[name] for name in made.files})


def face(mouth: int = 10) -> Pixels:
    """Draw a face with a mouth that many px open."""
    picture = np.zeros((512, 512, 4), np.uint8)
    cv2.circle(picture, (256, 256), 200, (255, 212, 102, 255), -1, cv2.LINE_AA)
    for x in (190, 322):
        cv2.circle(picture, (x, 210), 18, (43, 33, 64, 255), -1, cv2.LINE_AA)
    cv2.ellipse(picture, (256, 340), (70, mouth), 0, 0, 360, (150, 40, 50, 255), -1, cv2.LINE_AA)
    return picture


@cache
def made_files() -> dict[str, bytes]:
    """Make every file of every job, once."""
    png = io.BytesIO()
    Image.fromarray(face()).save(png, "PNG")
    files = {
        "preview.jpg": preview_jpeg([face(10), face(40)]),
        "sticker.webp": sticker_webp(face()),
        "sticker.png": png.getvalue(),
        "drawing.png": png.getvalue(),
        "character.json": b"{}",
        "background.jpg": preview_jpeg([face(10)]),
        "scene.jpg": preview_jpeg([face(10)]),
    }
    t = np.arange(round(SECONDS * RATE)) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)
    with TemporaryDirectory() as folder, TalkWriter(Path(folder), Voice(tone, tone, RATE)) as writer:
        for number in range(round(SECONDS * FPS)):
            writer.write(face(5 + 10 * (number % 4)))
        files |= {path.name: path.read_bytes() for path in writer.close()}
    return files
