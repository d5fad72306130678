"""Two small trained generators become a learned style: pictures for docs/training.md, a button in the page.

    python -m tests.toonify_demo out/train-demo out/toonify-demo [--tuned ada]

The first folder is what `make train-demo` leaves: a base that knows one style of drawings, and runs that
learned another from few pictures. Written: `blends.png` (swaps in both directions, on seeds), `inverted.png`
(drawings that no training saw, found again by search, and drawn by the blends), `pack/` with style.toml, and
with --page `page.png`: the chat page with the pack's button, chosen for the sample photo.
"""

import argparse
import asyncio
import os
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine.arrays import Pixels
from engine.contents import sha256_of
from engine.stylegan2.blend import Swap, blend
from engine.stylegan2.checkpoint import read_checkpoint
from engine.stylegan2.compare import columns_of, swaps_for, with_resolutions
from engine.stylegan2.draws import draw_seeds
from engine.stylegan2.generator import Generator
from engine.stylegan2.perceptual import pixels_and_edges
from engine.stylegan2.pictures import pixels_of, sheet, tensor_of_pixels
from engine.stylegan2.projector import Search, project
from engine.styles.packs import add_pack, packs_folder
from engine.weights import locate
from tests.make_drawings import write_drawings
from tests.train_demo import BASE_STYLE, last_snapshot

ENLARGED = 96  # px, side of a picture on the sheets
PEOPLE = 6
STEPS = 1000  # of search for a drawing, as published; 300 find hair and clothes, and less of the face
REFINE = 300  # of search for a person of the pack
HELD_OUT_SEED = 20_000  # of drawings in the base's style that no training saw
WAIT = 120_000  # ms, for the engine


def main() -> None:
    """Write everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trained", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tuned", default="ada", help="run of train-demo; that with the best KID")
    parser.add_argument("--swap", type=int, default=8, help="px")
    parser.add_argument("--page", action="store_true", help="start the bot and take its page; needs chromium")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    files = (last_snapshot(given.trained / "base"), last_snapshot(given.trained / given.tuned))
    base, tuned = (read_checkpoint(path).generator() for path in files)
    swaps = with_resolutions(Swap(given.swap), swaps_for(base.config.resolution))
    save(blends(base, tuned, swaps), given.out / "blends.png")
    save(inversions(base, tuned, held_out(given.trained, base.config.resolution)), given.out / "inverted.png")
    write_pack(given.out / "pack", files, given.swap, base, tuned)
    if given.page:
        asyncio.run(take_page(given.out))


def save(pixels: Pixels, path: Path) -> None:
    """Write a sheet."""
    Image.fromarray(pixels).save(path)
    print(path)


def held_out(trained: Path, side: int) -> list[Pixels]:
    """Drawings in the base's style that no training saw."""
    folder = trained / "drawings" / "held-out-base"
    if not folder.exists():
        write_drawings(folder, BASE_STYLE, range(HELD_OUT_SEED, HELD_OUT_SEED + PEOPLE), side)
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.glob("*.png"))[:PEOPLE]]


def blends(base: Generator, tuned: Generator, swaps: list[Swap]) -> Pixels:
    """Rows: seeds. Columns: the two generators, then every swap in both directions."""
    columns = list(columns_of(base, tuned, swaps))
    drawn = [list(draw_seeds(made, range(PEOPLE), 0.7)) for _, made in columns]
    cells = [large(column[row]) for row in range(PEOPLE) for column in drawn]
    return sheet(cells, len(columns), tuple(label for label, _ in columns))


def large(picture: Pixels) -> Pixels:
    """A small picture, enlarged for a sheet."""
    return np.asarray(Image.fromarray(picture).resize((ENLARGED, ENLARGED), Image.Resampling.BICUBIC))


def inversions(base: Generator, tuned: Generator, drawings: list[Pixels]) -> Pixels:
    """Rows: a drawing, what the search found, and the two blends of it at 8 px."""
    cells = []
    blends = (blend(tuned, base, Swap(8)), blend(base, tuned, Swap(8)))
    for number, drawing in enumerate(drawings):
        search = Search(steps=STEPS, space="w+")
        found = project(base, tensor_of_pixels(drawing), pixels_and_edges, search, number)
        print(f"drawing {number}: distance {found.distances[0]:.3f} -> {found.distances[-1]:.3f}", flush=True)
        cells += [drawing, pixels_of(found.picture)]
        with torch.inference_mode():
            cells += [pixels_of(made.synthesise(found.styles[None])[0]) for made in blends]
    return sheet([large(cell) for cell in cells], 4, ("drawing", "found", "tuned <8< base", "base <8< tuned"))


def write_pack(folder: Path, files: tuple[Path, Path], swap: int, base: Generator, tuned: Generator) -> None:
    """Write a style pack of the two: shapes of the drawings it was tuned on."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    preview = sheet(list(draw_seeds(blend(tuned, base, Swap(swap)), range(9), 0.7)), 3)
    save(np.asarray(Image.fromarray(preview).resize((384, 384))), folder / "preview.png")
    lines = [
        'id = "personas"', 'kind = "toonify"', f"swap = {swap}", "truncation = 0.7", f"refine = {REFINE}",
        'preview = "preview.png"', "[names]", 'en = "Personas (64 px)"', 'ko = "페르소나 (64 px)"',
    ]  # fmt: skip
    for part, path, licence in (("base", files[0], "CC-BY-4.0"), ("tuned", files[1], "CC-BY-4.0")):
        shutil.copyfile(path, folder / f"{part}.safetensors")
        lines += [f"[{part}]", f'file = "{part}.safetensors"', f'sha256 = "{sha256_of(path)}"']
        lines += [f'licence = "{licence}"']
    (folder / "style.toml").write_text("\n".join(lines) + "\n", "utf-8")
    print(folder)


async def take_page(out: Path) -> None:
    """The real bot in a browser: a person sends a photo; the pack is added while the bot runs."""
    from bot.app import engine_artist, house_of, open_app
    from bot.frontends.web import PARTS, PLATFORM, Chat, serving
    from bot.settings import QueueSettings, StorageSettings, WebSettings
    from bot.watchdog import Watchdog
    from engine.talking.animator import TalkingEngine
    from tests.e2e.web.chromium import chromium, spoken_wav

    os.environ["MYTALKCON_STYLES_DIR"] = str(out / "styles")
    shutil.rmtree(packs_folder(), ignore_errors=True)
    scratch = out / "house"
    shutil.rmtree(scratch, ignore_errors=True)
    storage = StorageSettings(_env_file=None, data_dir=scratch)
    ended = asyncio.Event()
    with engine_artist(storage, TalkingEngine.WARP) as artist:
        async with (
            open_app(
                storage, QueueSettings(_env_file=None), artist, house_of(storage), {PLATFORM: PARTS},
                watchdog=Watchdog(),
            ) as app,
            serving(
                WebSettings(_env_file=None, web_port=0), lambda tabs: Chat(app.database, app.service, tabs)
            ) as (chat, address),
            chromium(spoken_wav(scratch / "hello.wav")) as browser,
        ):  # fmt: skip
            running = asyncio.create_task(app.run({PLATFORM: chat}, ended.wait))
            page = await browser.new_page(viewport={"width": 900, "height": 1150}, locale="en")
            await page.goto(address)
            await page.get_by_role("button", name="I agree").click()
            pack = add_pack(out / "pack")  # while the bot runs
            await page.set_input_files("#photo-file", locate("astronaut.png"))
            button = page.get_by_role("button", name=pack.names["en"])
            await button.wait_for(timeout=WAIT)
            await page.wait_for_timeout(800)
            await page.screenshot(path=out / "page-button.png")
            await button.click()
            await page.locator("img.sticker").wait_for(timeout=WAIT)
            await page.wait_for_timeout(800)
            await page.screenshot(path=out / "page-sticker.png")
            ended.set()
            await running
    print(out / "page-button.png", out / "page-sticker.png")


if __name__ == "__main__":
    main()
