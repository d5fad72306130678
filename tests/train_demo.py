"""What FreezeD and ADA do for 200 drawings: `make train-demo`, figures for docs/training.md.

    python -m tests.train_demo out/train-demo
    python -m tests.train_demo out/train-demo --base-kimg 8 --tuned-kimg 2 --pictures 64

A base learns thousands of drawings of one style. From it, four runs with the same seed and steps learn 200
drawings of another: as they are, with FreezeD, with ADA, with both. Every training is the command `mytalkcon
train`, printed before it starts; what was done before is not done again. Then tests/train_figures.py measures
and draws.
"""

import argparse
import os
import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.make_drawings import write_drawings
from tests.samples import MYTALKCON

SIDE = 64  # px
BASE_STYLE, BASE_COUNT = "toon-head", 4000
STYLE, COUNT = "personas", 200
HELD_OUT = range(10_000, 12_000)  # seeds of the second style that no training sees
SIZES = ("--channel-base", "512", "--channel-max", "64", "--latent", "64")
RULES = ("--batch", "16", "--gamma", "0.05", "--no-mirror", "--tick", "1")
FREEZE = ("--freeze-d", "7")  # two of the four blocks: half of them, as 10 layers are at 256 px
SHORT = ("--ema-kimg", "1")  # the usual 5 would lag behind runs as short as these
MEASURED = 4  # snapshots of each of the four runs
ADA = (
    "--augment",
    "ada",
    "--ada-kimg",
    "40",
)  # p moves faster than usual (100), for the runs are short


@dataclass(frozen=True)
class Variant:
    """One of the four runs on few drawings."""

    name: str
    options: tuple[str, ...]


VARIANTS = (
    Variant("nothing", ("--augment", "none")),
    Variant("freeze", ("--augment", "none", *FREEZE)),
    Variant("ada", ADA),
    Variant("both", (*ADA, *FREEZE)),
)


def main() -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base-kimg", type=float, default=88)
    parser.add_argument("--tuned-kimg", type=float, default=18)
    parser.add_argument("--pictures", type=int, default=400, help="for each KID")
    parser.add_argument("--together", type=int, default=2, help="processes at once, a thread each")
    given = parser.parse_args()
    folder, began = given.folder, time.monotonic()
    make_drawings(folder)
    base = folder / "base"
    start = ("--snapshot", "4", "--augment", "none", *SIZES)
    train(folder / "drawings" / BASE_STYLE, base, given.base_kimg, given.together, *start)
    with ThreadPoolExecutor(given.together) as pool:
        runs = [pool.submit(tune, folder, variant, given.tuned_kimg) for variant in VARIANTS]
        for run in runs:
            run.result()
    from tests.train_figures import write_figures

    write_figures(folder, [variant.name for variant in VARIANTS], given.pictures)
    print(f"all of it: {(time.monotonic() - began) / 60:.1f} minutes")


def make_drawings(folder: Path) -> None:
    """The two sets to learn from, and one to measure against."""
    for name, style, seeds in (
        (BASE_STYLE, BASE_STYLE, range(BASE_COUNT)),
        (STYLE, STYLE, range(COUNT)),
        ("held-out", STYLE, HELD_OUT),
    ):
        place = folder / "drawings" / name
        if not place.exists():
            partial = place.with_name(f"{name}.partial")
            write_drawings(partial, style, seeds, SIDE)
            partial.rename(place)


def tune(folder: Path, variant: Variant, kimg: float) -> None:
    """One of the four runs."""
    ticks = max(1, round(kimg / MEASURED))
    start = ("--snapshot", str(ticks), *SHORT, "--base", str(last_snapshot(folder / "base")))
    train(folder / "drawings" / STYLE, folder / variant.name, kimg, 1, *start, *variant.options)


def last_snapshot(run: Path) -> Path:
    """The newest network of a run."""
    return max(run.glob("network-*.safetensors"))


def train(data: Path, out: Path, kimg: float, threads: int, *options: str) -> None:
    """Run the command; it goes on where it was stopped."""
    words = ["train", "--data", str(data), "--out", str(out), "--kimg", f"{kimg:g}", *RULES, *options]
    print(f"mytalkcon {shlex.join(words)}", flush=True)
    began = time.monotonic()
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    out.mkdir(parents=True, exist_ok=True)
    with (out / "output.txt").open("a") as output:
        subprocess.run([MYTALKCON, *words], check=True, stderr=output, env=environment)
    print(f"{out.name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
