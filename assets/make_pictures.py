"""Make the pictures of the README with the product itself: `python assets/make_pictures.py`.

Writes `assets/styles.png` (the sample photo beside its stickers) and `assets/talk.webp` (they say the sample
voice). Deterministic.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from engine.arrays import Pixels
from engine.engine import Engine
from engine.raster import straight
from engine.styles import styles
from engine.talking import Puppet
from engine.weights import WeightStore

HERE = Path(__file__).parent
GROUND = (255, 236, 214)  # RGB
TILE = 320  # px, of the still picture
MOVING_TILE = 240  # px
EVERY = 2  # frames: 12.5 frames/s are enough for a page


def on_ground(rgba: Pixels, side: int) -> Image.Image:
    """Put a sticker on the page's ground, at `side` px."""
    ground = Image.new("RGBA", rgba.shape[1::-1], (*GROUND, 255))
    ground.alpha_composite(Image.fromarray(rgba))
    return ground.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def row(pictures: list[Image.Image]) -> Image.Image:
    """Put pictures side by side."""
    return Image.fromarray(np.hstack([np.asarray(picture) for picture in pictures]))


def main() -> None:
    """Write both pictures."""
    with Engine() as engine:
        photo = engine.decoder.photo(WeightStore().locate("astronaut.png").read_bytes())
        voice = engine.decoder.voice((HERE / "voices" / "hello_en.ogg").read_bytes())
        characters = engine.draw(photo, [style.id for style in styles()]).characters
        motion = engine.listen(voice).motion
    sample = Image.fromarray(photo.pixels).resize((TILE, TILE), Image.Resampling.LANCZOS)
    row([sample, *(on_ground(character.drawing, TILE) for character in characters)]).save(
        HERE / "styles.png", optimize=True
    )
    moving = zip(*(Puppet(character).frames(motion) for character in characters), strict=True)
    shown = [several for number, several in enumerate(moving) if number % EVERY == 0]
    frames = [row([on_ground(straight(frame), MOVING_TILE) for frame in several]) for several in shown]
    frames[0].save(
        HERE / "talk.webp", save_all=True, append_images=frames[1:], duration=40 * EVERY, loop=0, quality=60
    )


if __name__ == "__main__":
    main()
