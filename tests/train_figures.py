"""Measures and pictures of `tests.train_demo`: curves.png, grids.png, blends.png, figures.json in its folder.

KID is that of `mytalkcon metrics`: features of the network that `placed_observer` finds, against drawings of
the second style that no training saw. r_t comes from the logs.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.stylegan2.blend import Swap
from engine.stylegan2.checkpoint import read_checkpoint
from engine.stylegan2.compare import comparison, swaps_for, with_resolutions
from engine.stylegan2.draws import draw_seeds
from engine.stylegan2.features import Observer, placed_observer
from engine.stylegan2.metrics import Features, kid
from engine.stylegan2.pictures import sheet
from engine.stylegan2.training.journal import LINES, read_lines
from tests.train_demo import STYLE, last_snapshot

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 1400, 520, 70, 50, 50, 100  # px
COLOURS = ("#222222", "#1f6fb4", "#d1495b", "#3a9d5d")
ZOOM = 2  # of the pictures on blends.png
ROWS, ACROSS = 4, 4  # pictures of each run on grids.png
BLEND_SEEDS = range(6)
MEMBERS = (
    4  # KIDs of one snapshot, each with its own drawn pictures: their spread says what a difference is worth
)

Point = tuple[float, float]


@dataclass(frozen=True)
class Figures:
    """What one of the runs came to.

    Attributes
    ----------
    kid : (kimg, KID) of each snapshot; the first is that of the base
    spread : standard deviation of the last KID over disjoint sets of drawn pictures
    r_t, p : (kimg, value) of each tick
    seconds : of training
    """

    name: str
    kid: list[Point]
    spread: float
    r_t: list[Point]
    p: list[Point]
    seconds: float


def write_figures(folder: Path, names: Sequence[str], count: int = 400) -> None:
    """Measure the runs of a demonstration with `count` pictures each, and draw."""
    observer = placed_observer()
    real = observer.features(_pictures(folder / "drawings" / "held-out", count))
    few = observer.features(_pictures(folder / "drawings" / STYLE, count))
    start = measured(last_snapshot(folder / "base"), real, observer, count)[0]
    found = [of_run(folder / name, start, real, observer, count) for name in names]
    values = {
        "features": observer.name,
        "pictures": count,
        "kid of the drawings learned from": kid(real, few).value,
        "base, kimg": kimg_of(last_snapshot(folder / "base")),
        "base, seconds": seconds_of(folder / "base"),
        "runs": [asdict(run) for run in found],
    }
    (folder / "figures.json").write_text(json.dumps(values, indent=1))
    curves(found).save(folder / "curves.png", optimize=True)
    Image.fromarray(grids(folder, names)).save(folder / "grids.png", optimize=True)
    best = min(found, key=lambda run: run.kid[-1][1])
    Image.fromarray(blends(folder, best.name)).save(folder / "blends.png", optimize=True)
    print(table(found))


def kimg_of(snapshot: Path) -> float:
    """From its name."""
    return float(snapshot.stem.removeprefix("network-"))


def seconds_of(run: Path) -> float:
    """All ticks together."""
    lines = read_lines(run / LINES)
    ends = [0.0, *(line["kimg"] for line in lines)]
    return sum(
        line["seconds per kimg"] * (end - begin)
        for line, (begin, end) in zip(lines, pairwise(ends), strict=True)
    )


def _pictures(folder: Path, count: int) -> Iterable[np.ndarray]:
    for path in sorted(folder.glob("*.png"))[:count]:
        yield np.asarray(Image.open(path).convert("RGB"))


def measured(network: Path, real: Features, observer: Observer, count: int) -> tuple[float, float]:
    """KID of a snapshot, and its standard deviation over disjoint quarters of the drawn pictures."""
    drawn = observer.features(draw_seeds(read_checkpoint(network).generator(), range(count), 1.0))
    parts = [kid(real, part).value for part in np.array_split(drawn, MEMBERS)]
    return kid(real, drawn).value, float(np.std(parts, ddof=1) / np.sqrt(MEMBERS))


def of_run(run: Path, start: float, real: Features, observer: Observer, count: int) -> Figures:
    """Measure all snapshots of a run."""
    points, spread = [(0.0, start)], 0.0
    for network in sorted(run.glob("network-*.safetensors")):
        value, spread = measured(network, real, observer, count)
        points.append((kimg_of(network), value))
        print(f"{run.name}, {kimg_of(network):.1f} kimg: KID {value:.4f} +- {spread:.4f}", flush=True)
    lines = read_lines(run / LINES)
    return Figures(
        name=run.name,
        kid=points,
        spread=spread,
        r_t=[(line["kimg"], line["r_t"]) for line in lines],
        p=[(line["kimg"], line["p"]) for line in lines],
        seconds=seconds_of(run),
    )


def table(runs: Sequence[Figures]) -> str:
    """For docs/training.md."""
    rows = [
        "| Run | best KID | last KID | r_t, last quarter | p at the end | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for run in runs:
        best = min(run.kid[1:], key=lambda point: point[1])
        tail = np.mean([value for _, value in run.r_t[-max(1, len(run.r_t) // 4) :]])
        rows.append(
            f"| {run.name} | {best[1]:.4f} at {best[0]:.1f} kimg | {run.kid[-1][1]:.4f} ± {run.spread:.4f} "
            f"| {tail:.2f} | {run.p[-1][1]:.2f} | {run.seconds:.0f} |"
        )
    return "\n".join(rows)


def curves(runs: Sequence[Figures]) -> Image.Image:
    """KID on the left, r_t on the right, over thousands of pictures shown."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    middle = WIDTH // 2
    _panel(
        picture,
        LEFT,
        middle - RIGHT,
        "KID to drawings that no run saw, by kimg",
        [(r.name, r.kid) for r in runs],
        0.0,
    )
    panel = [(run.name, run.r_t) for run in runs]
    _panel(
        picture,
        middle + LEFT,
        WIDTH - RIGHT,
        "r_t: how sure D is of what it learned from, by kimg",
        panel,
        None,
    )
    return picture


def _panel(
    picture: Image.Image,
    left: int,
    right: int,
    title: str,
    lines: Sequence[tuple[str, list[Point]]],
    floor: float | None,
) -> None:
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(17)
    values = [value for _, points in lines for _, value in points]
    low, high = min(values) if floor is None else floor, max(values)
    beyond = 0.02 * (high - low) + 1e-9
    low, high = low - beyond if floor is None else floor, high + beyond
    end = max(kimg for _, points in lines for kimg, _ in points)

    def place(kimg: float, value: float) -> Point:
        share = (value - low) / (high - low)
        return left + kimg / end * (right - left), HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    pen.text((left, 12), title, "black", font)
    for value in np.linspace(low, high, 6):
        pen.line([place(0, value), place(end, value)], "#dddddd")
        pen.text((left - 58, place(0, value)[1] - 10), f"{value:.2f}", "black", font)
    for kimg in np.linspace(0, end, 5):
        pen.text((place(kimg, low)[0] - 12, HEIGHT - BOTTOM + 10), f"{kimg:.0f}", "black", font)
    labels = []
    for (name, points), colour in zip(lines, COLOURS, strict=True):
        pen.line([place(*point) for point in points], colour, 3)
        labels.append((place(*points[-1])[1], name, colour))
    below = -99.0
    for y, name, colour in sorted(labels):  # names do not cover each other
        below = max(y - 10, below + 20)
        pen.text((right + 8, below), name, colour, font)


def grids(folder: Path, names: Sequence[str]) -> np.ndarray:
    """Columns: drawings to learn from, the base, each run; the same seeds in all."""
    columns = [("drawings", list(_pictures(folder / "drawings" / STYLE, ROWS * ACROSS)))]
    for name in ("base", *names):
        generator = read_checkpoint(last_snapshot(folder / name)).generator()
        columns.append((name, list(draw_seeds(generator, range(ROWS * ACROSS), 1.0))))
    blocks = [sheet(pictures, ACROSS) for _, pictures in columns]
    return sheet(blocks, len(blocks), tuple(name for name, _ in columns))


def blends(folder: Path, name: str) -> np.ndarray:
    """The base and a run (the one that ended nearest to the style) blended at all resolutions, both ways."""
    base, tuned = (read_checkpoint(last_snapshot(folder / run)).generator() for run in ("base", name))
    swaps = with_resolutions(Swap(8), swaps_for(base.config.resolution))
    return _larger(comparison(base, tuned, swaps, BLEND_SEEDS, psi=0.8))


def _larger(picture: np.ndarray) -> np.ndarray:
    return picture.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
