"""Make the pictures of the README with the product itself: `python assets/make_pictures.py`.

Writes `assets/styles.png` (the sample photo and its stickers in all styles) and `assets/talk.webp` (some of
them say the sample voice). Deterministic.
"""

from pathlib import Path

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
COLUMNS = 3
TALKING = ("webtoon", "comic", "toon3d", "chibi")
MOVING_TILE = 240  # px
EVERY = 2  # frames: 12.5 frames/s are enough for a page


def on_ground(rgba: Pixels, side: int) -> Image.Image:
    """Put a sticker on the page's ground, at `side` px."""
    ground = Image.new("RGBA", rgba.shape[1::-1], (*GROUND, 255))
    ground.alpha_composite(Image.fromarray(rgba))
    return ground.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def grid(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Put pictures of one size into rows of `columns`; what is missing in the last row stays ground."""
    side = pictures[0].width
    sheet = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * side), GROUND)
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % columns * side, number // columns * side))
    return sheet


def main() -> None:
    """Write both pictures."""
    with Engine() as engine:
        photo = engine.decoder.photo(WeightStore().locate("astronaut.png").read_bytes())
        voice = engine.decoder.voice((HERE / "voices" / "hello_en.ogg").read_bytes())
        characters = engine.draw(photo, [style.id for style in styles()]).characters
        motion = engine.listen(voice).motion
    sample = Image.fromarray(photo.pixels).resize((TILE, TILE), Image.Resampling.LANCZOS)
    tiles = [sample, *(on_ground(character.drawing, TILE) for character in characters)]
    grid(tiles, COLUMNS).save(HERE / "styles.png", optimize=True)
    talking = [character for character in characters if character.style in TALKING]
    moving = zip(*(Puppet(character).frames(motion) for character in talking), strict=True)
    shown = [several for number, several in enumerate(moving) if number % EVERY == 0]
    frames = [
        grid([on_ground(straight(frame), MOVING_TILE) for frame in several], len(TALKING))
        for several in shown
    ]
    frames[0].save(
        HERE / "talk.webp", save_all=True, append_images=frames[1:], duration=40 * EVERY, loop=0, quality=60
    )


if __name__ == "__main__":
    main()
