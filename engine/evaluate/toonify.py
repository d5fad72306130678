"""How fast this machine toonifies a photo, and in how much memory.

The weights are made in one process and used in another, so that what it took to make them is not measured.
As a bot does when it finds a pack at its start, the engine imports torch before; `mytalkcon toonify` has that
to do, too.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

from engine.engine import Engine
from engine.evaluate.speed import Measure, peak_megabytes

PACK = "random"
Given = ParamSpec("Given")
Result = TypeVar("Result")


def toonify_measures(photo: bytes, runs: int = 5) -> list[Measure]:
    """Measure a photo from a file's bytes to the character: a pack's first use after a start, and the next.

    As with a pack that was added before the bot was started, its files are known to be the right ones.
    """
    with tempfile.TemporaryDirectory() as folder:
        _in_a_child(_made, Path(folder))
        return _in_a_child(_measured, Path(folder), photo, runs)


def _in_a_child(work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """Call a function in a fresh interpreter that ends afterwards."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *given, **named).result()


def _made(packs: Path) -> None:
    from engine.stylegan2.toonify_speed import random_pack

    os.environ["MYTALKCON_STYLES_DIR"] = str(packs)
    random_pack(packs / PACK, PACK).missing()  # which notes what was hashed, as adding a pack does


def _measured(packs: Path, photo: bytes, runs: int) -> list[Measure]:
    os.environ["MYTALKCON_STYLES_DIR"] = str(packs)
    with Engine() as engine:

        def seconds(style: str) -> float:
            started = time.perf_counter()
            engine.draw(engine.decoder.photo(photo), [style])
            return time.perf_counter() - started

        seconds("webtoon")  # the default path is warm, as in a bot
        before, started = peak_megabytes(), time.perf_counter()
        engine.prepare_packs()
        prepared = time.perf_counter() - started
        first = seconds(PACK)
        usual = statistics.median(seconds(PACK) for _ in range(runs))
        return [
            Measure("toonify a photo at 256 px", usual, "s", "at most 4"),
            Measure("more at a pack's first use", first - usual, "s", "at most 3"),
            Measure("before that, at a bot's start: import of torch", prepared, "s", ""),
            Measure("peak memory", peak_megabytes(), "MB", "at most 1500"),
            Measure("peak memory before the import of torch", before, "MB", ""),
        ]
