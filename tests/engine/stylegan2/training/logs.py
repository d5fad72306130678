"""What a run has logged."""

from pathlib import Path

from engine.stylegan2.training.journal import LINES, read_lines


def lines_of(folder: Path) -> list[dict[str, float]]:
    """The log without what a clock says."""
    return [
        {name: value for name, value in line.items() if name != "seconds per kimg"}
        for line in read_lines(folder / LINES)
    ]
