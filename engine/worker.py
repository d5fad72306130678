"""The engine thread: one thread owns the models, takes jobs in order of priority, reports and cancels.

Models are loaded in that thread, at its first job, and used by no other. A job is any function of the engine;
whatever it raises goes to its ticket, never to the thread. Jobs that ask (engine/together.py) and may join
each other run side by side, so that what they ask for is answered at once.
"""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

from engine.engine import Engine
from engine.errors import Cancelled, EngineError
from engine.progress import Progress, Stage, silent
from engine.together import Answer, Ask, Steps, answered

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[Engine, Progress], Result | Steps[Result]]


class Priority(IntEnum):
    """Lower goes first; within a priority, first come first served."""

    OPERATOR = 0
    PERSON = 1
    BATCH = 2


@dataclass(frozen=True)
class Joins:
    """Which jobs may run side by side: those of equal keys, at most `most` of them."""

    key: Hashable
    most: int


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
    joins: Joins | None = field(compare=False, default=None)


class _Line:
    """Entries that wait, by priority and then in order."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._changed = threading.Condition()

    def put(self, entry: _Entry) -> None:
        with self._changed:
            heapq.heappush(self._entries, entry)
            self._changed.notify()

    def get(self) -> _Entry:
        """Wait for the next entry."""
        with self._changed:
            self._changed.wait_for(lambda: self._entries)
            return heapq.heappop(self._entries)

    def joining(self, joins: Joins, room: int) -> list[_Entry]:
        """Take at most `room` entries that may run beside a job, in their order."""
        with self._changed:
            found = sorted(entry for entry in self._entries if entry.joins == joins)[: max(0, room)]
            self._entries = [entry for entry in self._entries if entry not in found]
            heapq.heapify(self._entries)
            return found

    def rest(self) -> list[_Entry]:
        """Take all that is left."""
        with self._changed:
            rest, self._entries = sorted(self._entries), []
            return rest


@dataclass(frozen=True)
class _Asking:
    """A job that waits for an answer."""

    ticket: Ticket[Any]
    steps: Steps[Any]
    ask: Ask[Any, Any]


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
        self._line = _Line()
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
        self,
        work: Work[Result],
        priority: Priority = Priority.PERSON,
        report: Progress = silent,
        joins: Joins | None = None,
    ) -> Ticket[Result]:
        """Put a job in the queue. `report` is called in the engine thread; what it raises ends the job.

        Jobs of equal `joins` run side by side when one of them waits while another runs, whatever else waits
        before it; once the first of them has ended, no more join.

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
            self._line.put(_Entry(priority, next(self._numbers), work, ticket, joins))
        return ticket

    def stop(self) -> None:
        """Cancel what waits, let the running job end, and end the thread."""
        with self._lock:
            self._stopped = True
            self._line.put(_Entry(-1, next(self._numbers), None))
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
        while (entry := self._line.get()).work is not None:
            if entry.ticket is None or not self._take(entry.ticket):
                continue
            try:
                engine = engine or self._make_engine()
            except Exception as error:  # this job fails, the next tries again
                log.exception("the engine could not start")
                entry.ticket.future.set_exception(error)
                continue
            self._do(engine, entry)
        if engine is not None:
            engine.close()
        for left in self._line.rest():
            _fail(left.ticket, EngineStopped("stopped while waiting"))

    def _do(self, engine: Engine, first: _Entry) -> None:
        """Run a job; while it asks, run those that may join it as well."""
        party = _started(engine, first)
        while party:
            if first.joins is not None and not self._stopped and party[0].ticket is first.ticket:
                for entry in self._line.joining(first.joins, first.joins.most - len(party)):
                    if entry.ticket is not None and self._take(entry.ticket):
                        party += _started(engine, entry)
            party = _one_step(party)


def _started(engine: Engine, entry: _Entry) -> list[_Asking]:
    """Run a job until it asks for the first time; nothing is left of one that never does."""
    ticket, work = entry.ticket, entry.work
    if ticket is None or work is None:
        return []
    try:
        result = work(engine, ticket.progress)
    except BaseException as error:  # whatever a job raises is its own affair
        ticket.future.set_exception(error)
        return []
    if isinstance(result, Generator):
        return _going_on(ticket, result, lambda: next(result))
    ticket.future.set_result(result)
    return []


def _one_step(party: Sequence[_Asking]) -> list[_Asking]:
    """Answer what every job of a party asks; gives those that ask again, in the same order."""
    answers: dict[int, Answer] = {
        number: Answer(error=Cancelled("while it asked"))
        for number, asking in enumerate(party)
        if asking.ticket.cancelled
    }
    groups: dict[Hashable, list[int]] = {}
    for number, asking in enumerate(party):
        if number not in answers:
            groups.setdefault(asking.ask.key, []).append(number)
    for numbers in groups.values():
        answers |= zip(numbers, answered([party[number].ask for number in numbers]), strict=True)
    return [left for number, asking in enumerate(party) for left in _answered_to(asking, answers[number])]


def _answered_to(asking: _Asking, answer: Answer) -> list[_Asking]:
    steps, error = asking.steps, answer.error
    if error is not None:
        return _going_on(asking.ticket, steps, lambda: steps.throw(error))
    return _going_on(asking.ticket, steps, lambda: steps.send(answer.value))


def _going_on(ticket: Ticket[Any], steps: Steps[Any], step: Callable[[], Ask[Any, Any]]) -> list[_Asking]:
    """Let a job go on until it asks again, or ends."""
    try:
        return [_Asking(ticket, steps, step())]
    except StopIteration as end:
        ticket.future.set_result(end.value)
    except BaseException as error:  # whatever a job raises is its own affair
        ticket.future.set_exception(error)
    return []


def _fail(ticket: Ticket[Any] | None, error: BaseException) -> None:
    if ticket is not None and not ticket.future.done():
        ticket.future.set_exception(error)
