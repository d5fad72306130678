"""The watchdog: ends the process when a stage of a job hangs, so that whoever supervises it starts it again.

A hanging C library cannot be stopped from inside; the process can. The job was counted as an attempt when it
was claimed, so that three hangs end it.
"""

import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from types import MappingProxyType

EXIT_HANGING = 70  # EX_SOFTWARE of sysexits.h
LOOK_SECONDS = 0.5

# Longest time in seconds that each stage stands still: far beyond what a slow machine needs (60 s of
# voice). "start" lasts from the claim to the first report: the first job loads the models.
LIMITS: Mapping[str, float] = MappingProxyType(
    {
        "start": 300.0,
        "decode": 120.0,
        "face": 60.0,
        "matte": 60.0,
        "draw": 300.0,
        "speech": 300.0,
        "render": 900.0,
        "encode": 300.0,
    }
)

log = logging.getLogger(__name__)


def end_process() -> None:
    """Write where every thread stands, and end at once: nothing that hangs could be waited for."""
    faulthandler.dump_traceback(sys.__stderr__ or 2)
    os._exit(EXIT_HANGING)


class Watchdog:
    """Watches the jobs that a worker runs; calls `overrun` when a stage stands still beyond its limit."""

    def __init__(
        self, limits: Mapping[str, float] = LIMITS, overrun: Callable[[], None] = end_process
    ) -> None:
        self._limits = limits
        self._overrun = overrun
        self._lock = threading.Lock()
        self._stages: dict[str, tuple[str, float, float]] = {}  # of each job, how far, and since when
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def watching(self, job_id: str) -> Iterator[None]:
        """Watch a job for the length of the block."""
        with self._lock:
            self._stages[job_id] = ("start", 0.0, monotonic())
        try:
            yield
        finally:
            with self._lock:
                self._stages.pop(job_id, None)

    def stage(self, job_id: str, stage: str, fraction: float = 0.0) -> None:
        """Note where the job is; the clock starts anew with a new stage, and with every step ahead in one.

        A network on a slow machine may draw for hours, frame by frame; to say the same again is no step.
        """
        with self._lock:
            known = self._stages.get(job_id)
            if known is not None and (stage != known[0] or fraction > known[1]):
                self._stages[job_id] = (stage, fraction, monotonic())

    def close(self) -> None:
        """Stop watching for good."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            now = monotonic()
            with self._lock:
                stages = dict(self._stages)
            for job, (stage, _, since) in stages.items():
                if now - since > self._limits[stage]:
                    log.critical("job %s: stage %s lasts %.0f s: ending the process", job, stage, now - since)
                    self._overrun()
                    with self._lock:
                        self._stages.pop(job, None)
