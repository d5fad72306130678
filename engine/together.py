"""Steps that several people's jobs take together: one run of a network for all of them.

A job that can share a step is a generator: it yields `Ask`s and is sent their answers.

    def talk(engine, report):
        square = ...                                    # its own work
        picture = yield Ask("toonify/fox", draw_all, square)
        return ...                                      # its own work again

Asks with equal keys are answered by one call. What a job raises, its progress and its end stay its own.
"""

import logging
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")
Result = TypeVar("Result")

Report = Callable[[float], None]
"""Told which share of the shared step is done."""

log = logging.getLogger(__name__)


def unheard(share: float) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Ask(Generic[In, Out]):
    """A step that jobs can take together.

    Attributes
    ----------
    key : asks of equal keys may be answered by one call, whichever job's `answer` is called
    answer : (what each gave, report) -> what each gets, in the same order. What one gets must not depend on
        who is beside it. Raises MemoryError when so many do not fit: it is called again with halves
    given : what this job gives
    report : where this job hears how far the step is; what it raises takes this job out, not the others
    """

    key: Hashable
    answer: Callable[[Sequence[In], Report], Sequence[Out]]
    given: In
    report: Report = unheard


Steps = Generator[Ask[Any, Any], Any, Result]
"""A job that asks; its return value is its result."""


def alone(steps: Steps[Result]) -> Result:
    """Run a job that asks without others."""
    try:
        ask = next(steps)
        while True:
            try:
                (given,) = ask.answer([ask.given], ask.report)
            except Exception as error:  # the job may have something to close
                ask = steps.throw(error)
            else:
                ask = steps.send(given)
    except StopIteration as end:
        result: Result = end.value
        return result


@dataclass(frozen=True)
class Answer:
    """What one job gets: an answer, or the error that is its own."""

    value: Any = None
    error: BaseException | None = None


def answered(asks: Sequence[Ask[Any, Any]]) -> list[Answer]:
    """Answer asks of one key: all at once where memory allows, else in halves.

    An error that several share is found its owner: everybody's step is then taken alone.
    """
    audience = _Audience(asks)
    try:
        values = asks[0].answer([ask.given for ask in asks], audience.told)
        if len(values) != len(asks):
            raise RuntimeError(f"{len(values)} answers to {len(asks)} asks of {asks[0].key!r}")
    except Exception as error:  # it goes to whose it is
        if len(asks) == 1:
            return [Answer(error=audience.left.get(0, error))]
        if isinstance(error, MemoryError):
            log.warning("%d at once do not fit into memory: %r", len(asks), asks[0].key)
            parts = [asks[: len(asks) // 2], asks[len(asks) // 2 :]]
        else:
            parts = [[ask] for ask in asks]
        return [answer for part in parts for answer in answered(part)]
    return [Answer(value, audience.left.get(number)) for number, value in enumerate(values)]


class _Audience:
    """Passes reports on to every job; who raises hears no more, and the step ends when nobody is left."""

    def __init__(self, asks: Sequence[Ask[Any, Any]]) -> None:
        self._asks = asks
        self.left: dict[int, BaseException] = {}

    def told(self, share: float) -> None:
        for number, ask in enumerate(self._asks):
            if number not in self.left:
                try:
                    ask.report(share)
                except BaseException as error:
                    self.left[number] = error
        if len(self.left) == len(self._asks):
            raise next(iter(self.left.values()))
