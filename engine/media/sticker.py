"""Static sticker: sticker.webp under 100 KB to send, sticker.png without loss to keep; both transparent."""

import io
from pathlib import Path

from PIL import Image

from engine.arrays import Pixels
from engine.character import SIZE
from engine.media.partial import MediaFailed, write_whole

WEBP_BYTES = 100_000  # small enough to open at once on a bad line
WEBP_QUALITIES = (92, 86, 80, 72, 62, 50, 36, 20, 5)  # the first that fits; alpha is kept whole


def write_sticker(folder: Path, drawing: Pixels) -> list[Path]:
    """Write sticker.webp and sticker.png.

    Parameters
    ----------
    folder : exists
    drawing : uint8 (512, 512, 4), straight alpha

    Raises
    ------
    MediaFailed
        when the drawing has another shape, or cannot be made small enough
    """
    if drawing.shape != (SIZE, SIZE, 4):
        raise MediaFailed(f"a drawing of shape {drawing.shape} for a sticker of {SIZE} px")
    return [
        write_whole(folder / "sticker.webp", sticker_webp(drawing)),
        write_whole(folder / "sticker.png", sticker_png(drawing)),
    ]


def sticker_webp(drawing: Pixels) -> bytes:
    """Encode at the best quality that stays under WEBP_BYTES."""
    picture = _without_hidden_colours(drawing)
    for quality in WEBP_QUALITIES:
        data = _saved(picture, "WEBP", quality=quality, method=4, alpha_quality=100)
        if len(data) < WEBP_BYTES:
            return data
    raise MediaFailed(f"sticker.webp has {len(data)} bytes at the lowest quality")


def sticker_png(drawing: Pixels) -> bytes:
    """Encode without loss: a character is read back from it (engine/character.py)."""
    return _saved(_without_hidden_colours(drawing), "PNG", compress_level=6)


def _without_hidden_colours(drawing: Pixels) -> Image.Image:
    """Black under what cannot be seen: it would only cost bytes."""
    seen = drawing.copy()
    seen[seen[..., 3] == 0] = 0
    return Image.fromarray(seen)


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()
