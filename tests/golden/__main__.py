"""`python -m tests.golden DIR [--only PREFIX,...]`: hold our networks against a folder of golden fixtures.

A line a fixture: name, worst relative error, its limit, ok or short. The exit status is 1 when a fixture is
short or has no runner.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.golden.fixtures import Deviation, Fixture, compare, fixtures_in
from tests.golden.runners import runner_of


def worst_of(fixture: Fixture) -> Deviation | None:
    """Run a fixture: the deviation that is furthest towards or beyond its limit; None without a runner."""
    if (run := runner_of(fixture.name)) is None:
        return None
    outputs = run(fixture)
    deviations = outputs if isinstance(outputs, list) else compare(fixture, outputs)
    return max(deviations, key=lambda deviation: deviation.share)


def line_of(fixture: Fixture) -> tuple[str, bool]:
    """What to print of a fixture, and whether it is well."""
    started = time.perf_counter()
    try:
        worst = worst_of(fixture)
    except Exception as error:  # one fixture that cannot be run must not hide the others
        return f"{fixture.name:40} short: {type(error).__name__}: {error}", False
    if worst is None:
        return f"{fixture.name:40} no runner", False
    word = "ok" if worst.share <= 1.0 else "short"
    seconds = time.perf_counter() - started
    figures = f"{worst.error:.1e}  limit {worst.limit:.1e}"
    return f"{fixture.name:40} {figures}  {word:5}  ({worst.output}, {seconds:.1f} s)", word == "ok"


def main() -> int:
    """Run the fixtures of a folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="prefixes of names, separated by commas")
    chosen = parser.parse_args()
    prefixes = tuple(prefix for prefix in chosen.only.split(",") if prefix)
    fixtures = [each for each in fixtures_in(chosen.folder) if not prefixes or each.name.startswith(prefixes)]
    if not fixtures:
        print(f"no fixtures in {chosen.folder}", file=sys.stderr)
        return 1
    well = True
    for fixture in fixtures:
        line, good = line_of(fixture)
        print(line, flush=True)
        well = well and good
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
