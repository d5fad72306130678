"""What the engine as an artist does beyond the engine."""

import io

from PIL import Image

from bot.artist import COLOURS, behind
from bot.kinds import Background, Manner
from engine.engine import Engine


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
