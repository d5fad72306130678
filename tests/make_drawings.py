"""Drawings of people by the thousand, for tests and demonstrations of training.

    python -m tests.make_drawings out/drawings/toon-head toon-head 4000
    python -m tests.make_drawings out/drawings/open-peeps open-peeps 200 --side 64

DiceBear puts each drawing together from parts that an artist drew, chosen by the seed; nothing is downloaded.
The same style, seed and side give the same PNG. Licences: docs/licences.md.
"""

import argparse
import io
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import resvg_py
from dicebear import Avatar, Style
from PIL import Image

SIDE = 64  # px


def drawings(style: str, seeds: range, side: int = SIDE) -> Iterator[np.ndarray]:
    """A drawing of each seed on white, uint8 (side, side, 3)."""
    parts = Style(json.loads(files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8")))
    for seed in seeds:
        svg = Avatar(parts, {"seed": f"{style} {seed}"}).to_string()
        png = resvg_py.svg_to_bytes(
            svg_string=svg, width=side, height=side, background="white", skip_system_fonts=True
        )
        yield np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def write_drawings(folder: Path, style: str, seeds: range, side: int = SIDE) -> None:
    """Write SEED.png for each seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, drawing in zip(seeds, drawings(style, seeds, side), strict=True):
        Image.fromarray(drawing).save(folder / f"{seed:05}.png")


def main() -> None:
    """Write a folder of drawings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("style", help="a file of the package dicebear-styles, without its ending")
    parser.add_argument("count", type=int)
    parser.add_argument("--side", type=int, default=SIDE, help="px")
    given = parser.parse_args()
    write_drawings(given.folder, given.style, range(given.count), given.side)


if __name__ == "__main__":
    main()
