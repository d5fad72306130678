"""Jobs that ask the same run side by side; each keeps its result, its errors, its progress and its end."""

import threading

import pytest

from engine.engine import Engine
from engine.errors import Cancelled
from engine.progress import Stage
from engine.together import Ask, alone
from engine.worker import EngineThread, Joins

FACES = Joins("faces", 4)


class Network:
    """Doubles numbers; remembers how many it was given at once, and does not take more than fit."""

    def __init__(self, fit: int = 8) -> None:
        self.fit = fit
        self.batches: list[int] = []
        self.reached, self.open = threading.Event(), threading.Event()
        self.open.set()

    def double(self, numbers, report):
        self.batches.append(len(numbers))
        self.reached.set()
        self.open.wait(10)
        if len(numbers) > self.fit:
            raise MemoryError(f"{len(numbers)} at once")
        report(0.5)
        if "bad" in numbers:
            raise ValueError("a number that cannot be doubled")
        return [2 * number for number in numbers]

    def job(self, number, asks=1):
        def work(engine, report):
            for _ in range(asks):
                number_now = yield Ask("double", self.double, number, lambda done: report(Stage.DRAW, done))
            return number_now

        return work


class Busy:
    """Keeps the engine thread busy until it is let go, so that what is submitted meanwhile waits."""

    def __init__(self, thread: EngineThread) -> None:
        self._open = threading.Event()
        self._ticket = thread.submit(lambda engine, report: self._open.wait(10))

    def end(self) -> None:
        self._open.set()


@pytest.fixture
def thread():
    with EngineThread(Engine) as running:
        yield running


def test_jobs_that_wait_are_answered_at_once_each_with_its_own(thread):
    network, busy = Network(), Busy(thread)
    tickets = [thread.submit(network.job(n), joins=FACES) for n in range(6)]
    other = thread.submit(network.job(10), joins=Joins("others", 4))
    lonely = thread.submit(network.job(11))
    busy.end()
    assert [ticket.result(5) for ticket in tickets] == [0, 2, 4, 6, 8, 10]
    assert (other.result(5), lonely.result(5)) == (20, 22)
    assert network.batches == [4, 2, 1, 1], "four at most; jobs of other keys are not mixed in"


def test_who_comes_while_a_job_asks_joins_until_the_first_has_ended(thread):
    network = Network()
    network.open.clear()
    first = thread.submit(network.job(1, asks=2), joins=FACES)
    assert network.reached.wait(5)
    second = thread.submit(network.job(2, asks=3), joins=FACES)
    third = thread.submit(lambda engine, report: list(network.batches))
    network.open.set()
    assert (first.result(5), second.result(5)) == (2, 4)
    assert network.batches == [1, 2, 1, 1]
    assert third.result(5) == network.batches, "a job that cannot join waits until the party is over"


def test_cancelling_one_leaves_the_others(thread):
    network = Network()
    network.open.clear()
    first = thread.submit(network.job(1, asks=2), joins=FACES)
    assert network.reached.wait(5)
    waiting, joining = (thread.submit(network.job(n, asks=2), joins=FACES) for n in (2, 3))
    waiting.cancel()
    first.cancel()  # while the network runs: it hears of it by the step's report
    network.open.set()
    for ticket in (waiting, first):
        with pytest.raises(Cancelled):
            ticket.result(5)
    assert joining.result(5) == 6


def test_a_report_that_raises_takes_out_only_its_own_job(thread):
    network, busy = Network(), Busy(thread)

    def gone(stage, fraction):
        raise Cancelled("the person has gone")

    tickets = [thread.submit(network.job(1), report=gone, joins=FACES)]
    tickets += [thread.submit(network.job(2), joins=FACES)]
    busy.end()
    with pytest.raises(Cancelled):
        tickets[0].result(5)
    assert tickets[1].result(5) == 4
    assert network.batches == [2]


def test_what_does_not_fit_into_memory_is_halved(thread):
    network, busy = Network(fit=1), Busy(thread)
    tickets = [thread.submit(network.job(n), joins=FACES) for n in range(4)]
    busy.end()
    assert [ticket.result(5) for ticket in tickets] == [0, 2, 4, 6]
    assert network.batches == [4, 2, 1, 1, 2, 1, 1]


def test_too_much_memory_for_one_is_that_jobs_error(thread):
    with pytest.raises(MemoryError):
        thread.submit(Network(fit=0).job(1), joins=FACES).result(5)
    assert thread.submit(lambda engine, report: 7).result(5) == 7


def test_an_error_goes_to_whose_it_is(thread):
    network, busy = Network(), Busy(thread)
    tickets = [thread.submit(network.job(n), joins=FACES) for n in (1, "bad", 3)]
    busy.end()
    assert (tickets[0].result(5), tickets[2].result(5)) == (2, 6)
    with pytest.raises(ValueError, match="cannot be doubled"):
        tickets[1].result(5)


def test_a_job_closes_what_it_opened_whatever_ends_it(thread):
    network, closed = Network(), []

    def work(engine, report):
        try:
            return (yield Ask("double", network.double, "bad"))
        finally:
            closed.append(1)

    with pytest.raises(ValueError, match="cannot be doubled"):
        thread.submit(work).result(5)
    with pytest.raises(ValueError, match="cannot be doubled"):
        alone(work(None, None))
    assert closed == [1, 1]
    assert alone(network.job(4)(None, lambda stage, done: None)) == 8
