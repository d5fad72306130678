"""Seconds per stage of a job, read off its own reports of progress."""

import time

from engine.progress import Progress, Stage, silent


class StageClock:
    """A Progress that passes everything on and remembers when each stage was at work.

    The time between two reports belongs to the stage of the earlier one.
    """

    def __init__(self, report: Progress = silent) -> None:
        self._report = report
        self._spent: dict[Stage, float] = {}
        self._stage: Stage | None = None
        self._since = time.perf_counter()

    def __call__(self, stage: Stage, fraction: float) -> None:
        """See `engine.progress.Progress`."""
        self._close()
        self._stage = stage
        self._report(stage, fraction)

    def seconds(self) -> dict[str, float]:
        """Seconds per stage so far, in the order of the stages."""
        self._close()
        return {str(stage): round(self._spent[stage], 3) for stage in Stage if stage in self._spent}

    def _close(self) -> None:
        now = time.perf_counter()
        if self._stage is not None:
            self._spent[self._stage] = self._spent.get(self._stage, 0.0) + now - self._since
        self._since = now
