"""The engine thread: one thread owns the models, takes jobs in order of priority, reports and cancels.

Models are loaded in that thread, at its first job, and used by no other. A job is any function of the engine;
whatever it raises goes to its ticket, never to the thread.
"""

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

from engine.engine import Engine
from engine.errors import Cancelled, EngineError
from engine.progress import Progress, Stage, silent

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[Engine, Progress], Result]


class Priority(IntEnum):
    """Lower goes first; within a priority, first come first served."""

    OPERATOR = 0
    PERSON = 1
    BATCH = 2


class EngineBusy(EngineError):
    """As many jobs wait as may wait."""

    message_id = "engine-busy"


class EngineStopped(EngineError):
    """The engine thread was stopped before this job could run."""

    message_id = "engine-stopped"


class Ticket(Generic[Result]):
    """A submitted job: its result, and the way to cancel it."""

    def __init__(self, report: Progress, give_up: Callable[["Ticket[Result]"], None]) -> None:
        self.future: Future[Result] = Future()
        self._report = report
        self._give_up = give_up
        self._cancelled = threading.Event()

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the result, at most `timeout` seconds.

        Raises
        ------
        Cancelled
            when `cancel` came before the job was done
        TimeoutError
        EngineError
            or whatever the job raised
        """
        return self.future.result(timeout)

    def cancel(self) -> None:
        """Cancel: at once while waiting, at the job's next report of progress while running."""
        self._cancelled.set()
        self._give_up(self)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def progress(self, stage: Stage, fraction: float) -> None:
        """Progress of the running job (see `engine.progress.Progress`)."""
        if self.cancelled:
            raise Cancelled(f"in stage {stage}")
        self._report(stage, fraction)


@dataclass(order=True)
class _Entry:
    priority: int
    number: int
    work: Work[Any] | None = field(compare=False)  # None ends the thread
    ticket: Ticket[Any] | None = field(compare=False, default=None)


class EngineThread:
    """Owner of the engine. Use as a context manager, or call `stop`.

    Parameters
    ----------
    make_engine : builds the engine, in the thread
    limit : jobs that may wait
    """

    def __init__(self, make_engine: Callable[[], Engine], limit: int = 64) -> None:
        self._make_engine = make_engine
        self._limit = limit
        self._numbers = itertools.count()
        self._entries: queue.PriorityQueue[_Entry] = queue.PriorityQueue()
        self._waiting = 0
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def __enter__(self) -> "EngineThread":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def submit(
        self, work: Work[Result], priority: Priority = Priority.PERSON, report: Progress = silent
    ) -> Ticket[Result]:
        """Put a job in the queue. `report` is called in the engine thread; what it raises ends the job.

        Raises
        ------
        EngineBusy
            when `limit` jobs wait
        EngineStopped
        """
        ticket: Ticket[Result] = Ticket(report, self._give_up)
        with self._lock:
            if self._stopped:
                raise EngineStopped("submit after stop")
            if self._waiting >= self._limit:
                raise EngineBusy(f"{self._waiting} jobs wait")
            self._waiting += 1
            self._entries.put(_Entry(priority, next(self._numbers), work, ticket))
        return ticket

    def stop(self) -> None:
        """Cancel what waits, let the running job end, and end the thread."""
        with self._lock:
            self._stopped = True
            self._entries.put(_Entry(-1, next(self._numbers), None))
        self._thread.join()

    def _give_up(self, ticket: Ticket[Any]) -> None:
        """Answer a cancelled job that still waits, and free its place."""
        with self._lock:
            if not ticket.future.running() and not ticket.future.done():
                self._waiting -= 1
                ticket.future.set_exception(Cancelled("while waiting"))

    def _take(self, ticket: Ticket[Any]) -> bool:
        """Whether a job is still to be done; from then on it runs."""
        with self._lock:
            if ticket.future.done() and not ticket.future.cancelled():
                return False  # given up, and its place is free already
            self._waiting -= 1
            return ticket.future.set_running_or_notify_cancel()

    def _run(self) -> None:
        engine: Engine | None = None
        while (entry := self._entries.get()).work is not None:
            if entry.ticket is None or not self._take(entry.ticket):
                continue
            try:
                engine = engine or self._make_engine()
            except Exception as error:  # this job fails, the next tries again
                log.exception("the engine could not start")
                entry.ticket.future.set_exception(error)
                continue
            self._do(engine, entry.work, entry.ticket)
        if engine is not None:
            engine.close()
        while not self._entries.empty():
            _fail(self._entries.get().ticket, EngineStopped("stopped while waiting"))

    @staticmethod
    def _do(engine: Engine, work: Work[Any], ticket: Ticket[Any]) -> None:
        try:
            result = work(engine, ticket.progress)
        except BaseException as error:  # whatever a job raises is its own affair
            ticket.future.set_exception(error)
        else:
            ticket.future.set_result(result)


def _fail(ticket: Ticket[Any] | None, error: BaseException) -> None:
    if ticket is not None and not ticket.future.done():
        ticket.future.set_exception(error)
