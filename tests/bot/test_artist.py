"""What the engine as an artist does beyond the engine."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from bot import artist
from bot.artist import COLOURS, PREVIEW_FILE, EngineArtist, Saying, behind
from bot.kinds import Background, Effect, Feeling, Manner
from engine.character import Character, to_json
from engine.engine import Engine
from engine.errors import EngineError
from engine.media.preview import BADGE, GAP, TILE
from engine.progress import silent
from engine.styles import style_of
from engine.talking.standard_face import standard_face
from engine.weights import locate
from engine.worker import EngineThread
from tests.samples import SAMPLE_VOICE


async def test_the_preview_shows_styles_in_the_order_of_their_buttons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A pencil has no colours."""
    ids = ("pencil", "webtoon")
    monkeypatch.setattr(artist, "styles", lambda: tuple(style_of(style) for style in ids))
    with EngineThread(Engine) as thread:
        made = await EngineArtist(thread, tmp_path).preview(locate("astronaut.png").read_bytes(), 0, silent)
    sheet = np.asarray(Image.open(io.BytesIO(made.files[PREVIEW_FILE])))
    middle = sheet.shape[1] // 2
    faces = [half[150:280, 130:270].astype(int) for half in (sheet[:, :middle], sheet[:, middle:])]
    colourful = [np.ptp(face, axis=2).mean() for face in faces]
    assert ids[int(np.argmax(colourful))] == "webtoon", colourful
    corners = [half[GAP : GAP + 80, GAP : GAP + 80] for half in (sheet, sheet[:, TILE + GAP :])]
    assert [digit_in(corner[10 : 10 + 2 * BADGE, 10 : 10 + 2 * BADGE]) for corner in corners] == [1, 2]


def digit_in(disc: np.ndarray) -> int:
    """Read the number that is nearest to what a disc shows."""

    def likeness(number: int) -> float:
        written = Image.new("L", disc.shape[:2])
        middle, font = (BADGE, BADGE), ImageFont.load_default(size=1.2 * BADGE)
        ImageDraw.Draw(written).text(middle, str(number), fill=255, font=font, anchor="mm")
        return float(np.corrcoef(np.asarray(written).ravel(), disc.mean(axis=2).ravel())[0, 1])

    return max(range(10), key=likeness)


async def test_what_was_chosen_for_a_talk_reaches_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def speaking(self, speaker, voice, folder, seed, report, scene, expression, effect):
        asked.append((seed, scene.background, scene.caption, str(expression), str(effect)))
        raise EngineError("that is enough")

    monkeypatch.setattr(Engine, "speaking", speaking)
    drawing, character = np.full((512, 512, 4), 255, np.uint8), io.BytesIO()
    Image.fromarray(drawing).save(character, "PNG")
    described = to_json(Character(drawing, standard_face(), "webtoon", 0)).encode()
    files = {"character.json": described, "drawing.png": character.getvalue()}
    manner = Manner(Feeling.SAD, Effect.DEEPER, Background.MINT, "Hello!")
    with EngineThread(Engine) as thread, pytest.raises(EngineError):
        saying = Saying(files, SAMPLE_VOICE.read_bytes(), manner, None, 7)
        await EngineArtist(thread, tmp_path).speak(saying, silent)
    assert asked == [(7, COLOURS[Background.MINT], "Hello!", "sad", "deeper")]


def test_a_background_that_cannot_be_read_costs_no_voice():
    """The colour that was chosen before holds; of a picture the middle is taken."""
    night = Manner(background=Background.NIGHT)
    wide = Image.new("RGB", (900, 300), (200, 30, 30))
    wide.paste((30, 30, 200), (300, 0, 600, 300))
    png = io.BytesIO()
    wide.save(png, "PNG")
    with Engine() as engine:
        for picture in (None, b"", b"nonsense", png.getvalue()[:200]):
            assert behind(engine, night, picture) == COLOURS[Background.NIGHT]
        middle = behind(engine, night, png.getvalue())
    assert not isinstance(middle, tuple)
    assert middle.shape == (512, 512, 3)
    assert (middle == (30, 30, 200)).all()
