"""The engine thread: one at a time, by priority, cancelled quickly, never ended by a job."""

import threading
import time

import pytest

from engine.engine import Engine
from engine.errors import Cancelled
from engine.progress import Stage
from engine.worker import EngineBusy, EngineStopped, EngineThread, Priority


@pytest.fixture
def thread():
    with EngineThread(Engine, limit=4) as running:
        yield running


class Gate:
    """A job that runs until it is opened, reporting progress."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.open = threading.Event()

    def __call__(self, engine, report):
        self.started.set()
        while not self.open.wait(0.01):
            report(Stage.DRAW, 0.5)
        return "through"


def test_jobs_run_one_at_a_time_by_priority_then_in_order(thread):
    gate, order = Gate(), []
    first = thread.submit(gate)
    assert gate.started.wait(5)
    names = [
        ("batch", Priority.BATCH),
        ("b", Priority.PERSON),
        ("c", Priority.PERSON),
        ("op", Priority.OPERATOR),
    ]
    tickets = [
        thread.submit(lambda e, r, name=name: order.append(name), priority) for name, priority in names
    ]
    gate.open.set()
    for ticket in tickets:
        ticket.result(5)
    assert first.result(5) == "through"
    assert order == ["op", "b", "c", "batch"]


def test_all_jobs_run_in_the_same_thread_with_the_same_engine(thread):
    seen = [thread.submit(lambda engine, _: (threading.get_ident(), engine)).result(5) for _ in range(3)]
    assert len(set(seen)) == 1
    assert seen[0][0] != threading.get_ident()


def test_an_exception_ends_the_job_and_not_the_thread(thread):
    class Broken(BaseException):
        pass

    def fail(engine, report):
        raise Broken("a job may raise anything")

    with pytest.raises(Broken):
        thread.submit(fail).result(5)
    assert thread.submit(lambda engine, report: 7).result(5) == 7


def test_a_running_job_is_cancelled_within_half_a_second(thread):
    gate = Gate()
    ticket = thread.submit(gate)
    assert gate.started.wait(5)
    begin = time.perf_counter()
    ticket.cancel()
    with pytest.raises(Cancelled):
        ticket.result(5)
    assert time.perf_counter() - begin < 0.5


def test_a_waiting_job_that_was_cancelled_never_runs(thread):
    gate, ran = Gate(), []
    thread.submit(gate)
    assert gate.started.wait(5)
    for _ in range(20):  # each frees its place at once
        ticket = thread.submit(lambda engine, report: ran.append(1))
        ticket.cancel()
        with pytest.raises(Cancelled):
            ticket.result(0.1)
    gate.open.set()
    assert thread.submit(lambda engine, report: "next").result(5) == "next"
    assert ran == []


def test_a_cancelled_future_does_not_end_the_thread(thread):
    gate = Gate()
    running = thread.submit(gate)
    assert gate.started.wait(5)
    waiting = thread.submit(lambda engine, report: "never")
    assert waiting.future.cancel()
    assert not running.future.cancel()
    gate.open.set()
    assert running.result(5) == "through"
    assert thread.submit(lambda engine, report: "next").result(5) == "next"


def test_more_than_the_limit_may_not_wait(thread):
    gate = Gate()
    thread.submit(gate)
    assert gate.started.wait(5)
    waiting = [thread.submit(lambda engine, report: "done") for _ in range(4)]
    with pytest.raises(EngineBusy):
        thread.submit(lambda engine, report: "too many")
    gate.open.set()
    assert [ticket.result(5) for ticket in waiting] == ["done"] * 4


def test_stop_lets_the_running_job_end_and_tells_the_waiting_ones():
    thread, gate = EngineThread(Engine), Gate()
    running = thread.submit(gate)
    assert gate.started.wait(5)
    waiting = thread.submit(lambda engine, report: "never")
    stopper = threading.Thread(target=thread.stop)
    stopper.start()
    while not thread._stopped:
        time.sleep(0.005)
    gate.open.set()
    stopper.join(5)
    assert running.result(5) == "through"
    with pytest.raises(EngineStopped):
        waiting.result(5)
    with pytest.raises(EngineStopped):
        thread.submit(lambda engine, report: "too late")


def test_an_engine_that_cannot_start_fails_the_job_and_is_tried_again():
    attempts = []

    def make_engine():
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no weights yet")
        return Engine()

    with EngineThread(make_engine) as thread:
        with pytest.raises(OSError, match="no weights yet"):
            thread.submit(lambda engine, report: 1).result(5)
        assert thread.submit(lambda engine, report: 2).result(5) == 2
