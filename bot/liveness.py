"""Who is still alive: worker ids that say where a process runs, and whether that process has died.

After a crash the same work is taken up at once instead of after a time-out, where the operating system can
tell that the process is gone; elsewhere (other hosts, Windows) a missing heartbeat tells it.
"""

import os
import socket
import sys

from storage.ids import new_id

LEASE_SECONDS = 30.0  # a worker that was silent for so long is dead (heartbeats come every 2 s)
PROCESS = new_id()  # tells two processes with the same number apart: in containers each is number 1


def worker_id() -> str:
    """Name a worker of this process."""
    return "@".join((socket.gethostname(), str(os.getpid()), PROCESS, new_id()))


def is_dead(worker: str, silent_seconds: float) -> bool:
    """Say whether a worker has died.

    Parameters
    ----------
    worker : what `worker_id` gave there
    silent_seconds : since it should last have given a sign of life
    """
    if silent_seconds > LEASE_SECONDS:
        return True
    host, number, process, _ = worker.split("@")
    if host != socket.gethostname():
        return False
    if int(number) == os.getpid():
        return process != PROCESS
    return not _exists(int(number))


def _exists(process_number: int) -> bool:
    """Say whether a process runs on this machine (on Windows: assume so)."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process_number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process
        return True
    return True
