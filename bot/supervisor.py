"""The supervisor: keeps a process running, whatever ends it, until it is asked to stop.

The child is a fresh interpreter (multiprocessing, spawn): nothing of a crashed one is left in it.
"""

import logging
import multiprocessing
import signal
from collections.abc import Callable, Collection
from time import monotonic, sleep
from types import FrameType

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # s before a restart; doubled while the child does not live long
LONG_LIFE = 60.0  # s after which a restart counts as the first again
STOP_SECONDS = 20.0  # for the child to give its job back

log = logging.getLogger(__name__)


class Stopped(BaseException):
    """A signal asked us to stop."""


def supervise(target: Callable[[], None], for_good: Collection[int] = (0,)) -> int:
    """Run `target` in a child process, over and over, until it ends with a code `for_good` or is stopped.

    Returns
    -------
    the child's exit code
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    context = multiprocessing.get_context("spawn")
    wait = FIRST_WAIT
    while True:
        child = context.Process(target=target, name="mytalkcon")
        child.start()
        started = monotonic()
        try:
            child.join()
            if child.exitcode is not None and child.exitcode in for_good:
                return child.exitcode
            log.error("the bot ended with %s, again in %.1f s", child.exitcode, wait)
            sleep(wait)
        except Stopped:
            child.terminate()
            child.join(STOP_SECONDS)
            if child.is_alive():
                child.kill()
                child.join()
            return child.exitcode or 0
        wait = FIRST_WAIT if monotonic() - started > LONG_LIFE else min(2 * wait, LONGEST_WAIT)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
