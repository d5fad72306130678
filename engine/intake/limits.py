"""What a decoder process may use.

Unix knows limits of a process; Windows does not: there, and where a system refuses one, the wall-clock time
is all that holds, and the child says so when it starts.
"""

import sys
from dataclasses import dataclass

if sys.platform != "win32":
    import resource


@dataclass(frozen=True)
class Limits:
    """Limits of one decoder process. Generous for 50 megapixels on a slow machine."""

    memory_bytes: int = 1_536 * 2**20  # address space, of which libraries take about 0.4 GB
    cpu_seconds: int = 20  # of processor time, a request
    wall_seconds: float = 30.0  # a request
    open_files: int = 64
    requests: int = 200  # then the process is replaced by a fresh one


def confine(limits: Limits) -> tuple[str, ...]:
    """Confine the calling process; it can neither write files nor leave a memory dump.

    Returns
    -------
    names of the limits that this system does not enforce
    """
    if sys.platform == "win32":
        return ("memory", "cpu", "open files", "file size", "core")
    wanted = {
        "memory": (resource.RLIMIT_AS, limits.memory_bytes),
        "open files": (resource.RLIMIT_NOFILE, limits.open_files),
        "file size": (resource.RLIMIT_FSIZE, 0),
        "core": (resource.RLIMIT_CORE, 0),
    }
    missing = []
    for name, (kind, value) in wanted.items():
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS has no limit on address space
            missing.append(name)
    return tuple(missing)


def grant_cpu(limits: Limits) -> None:
    """Give the calling process `limits.cpu_seconds` more from now on; beyond them the system ends it."""
    if sys.platform != "win32":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = int(usage.ru_utime + usage.ru_stime) + 1
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (used + limits.cpu_seconds, hard))
