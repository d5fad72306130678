"""Send damaged photos and voices through intake by the ten thousand, and count what becomes of them.

    python -m tests.fuzz_intake --count 100000 --seed 1

Every input is a valid file of ours (14 formats), damaged in up to seven places or crossed with another one.
Exit code 1: something crashed us, hung beyond the limit, left a file behind, or was called our fault.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.errors import PersonProblem
from engine.intake import Decoder
from engine.intake import decoder as decoder_module
from engine.intake.limits import Limits
from tests.engine.intake.sent_files import mutated, of_every_kind

WALL_SECONDS = 10.0
MARGIN_SECONDS = 2.0  # for ending a process that is over its limit
AT_ONCE = 2
CROSSED = 0.15  # of all inputs
TOLD_EVERY = 10_000


def damaged(number: int, seed: int, photos: list[bytes], voices: list[bytes]) -> tuple[bool, bytes]:
    """Make input `number` of a run: whether it is sent as a photo, and its bytes."""
    random = np.random.default_rng((seed, number))
    photo = bool(random.integers(0, 2))
    own = photos if photo else voices
    data = own[random.integers(0, len(own))]
    if random.random() < CROSSED:
        other = (photos + voices)[random.integers(0, len(photos) + len(voices))]
        cut = random.random()
        data = data[: int(len(data) * cut)] + other[int(len(other) * cut) :]
    return photo, mutated(data, random)


def count_processes() -> list[float]:
    """Note when decoder processes are started, from now on."""
    started: list[float] = []
    start = decoder_module._Child.__init__

    def noted(self: object, *about: object) -> None:
        started.append(time.perf_counter())
        start(self, *about)  # type: ignore[arg-type]

    decoder_module._Child.__init__ = noted  # type: ignore[method-assign, assignment]
    return started


class Run:
    """Counts of a run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.photos, self.voices = of_every_kind()
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest = 0.0
        self.lock = threading.Lock()

    def one(self, decoder: Decoder, number: int) -> None:
        photo, data = damaged(number, self.seed, self.photos, self.voices)
        started = time.perf_counter()
        try:
            decoder.photo(data) if photo else decoder.voice(data)
            outcome = "decoded"
        except PersonProblem as problem:
            outcome = problem.message_id
        except Exception as error:
            outcome = f"our fault: {type(error).__name__}"
            self.faults.append(f"input {number}: {error!r}")
        seconds = time.perf_counter() - started
        with self.lock:
            self.outcomes[outcome] += 1
            self.slowest = max(self.slowest, seconds)
            done = self.outcomes.total()
        if done % TOLD_EVERY == 0:
            print(f"{done:,} ... slowest {self.slowest:.2f} s", flush=True)


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    processes = count_processes()
    run, started = Run(options.seed), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        with (
            Decoder(Limits(wall_seconds=WALL_SECONDS), at_once=AT_ONCE) as decoder,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            for _ in pool.map(lambda number: run.one(decoder, number), range(options.count)):
                pass
            before = time.perf_counter()
            decoder.photo(run.photos[0])
            honest = time.perf_counter() - before
        left = sorted(str(path) for path in Path(folder).rglob("*"))
        os.chdir("/")
    print(f"{options.count:,} inputs, seed {options.seed}, {time.perf_counter() - started:.0f} s")
    for outcome, count in run.outcomes.most_common():
        print(f"{count:>8,}  {outcome}")
    print(f"slowest {run.slowest:.2f} s (limit {WALL_SECONDS:.0f} s)")
    print(f"an honest photo right afterwards: {honest * 1e3:.0f} ms")
    print(f"decoder processes: {len(processes)} (a fresh one every {Limits().requests} requests)")
    print(f"files left: {left}; our faults: {run.faults[:5]}")
    wrong = run.faults or left or run.slowest > WALL_SECONDS + MARGIN_SECONDS
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
