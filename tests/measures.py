"""What tests of promised numbers share: slack, and how memory is read."""

import os
from pathlib import Path

# Shared machines are slow at times: bounds that fail a test are wider than those that are promised.
SLACK = float(os.environ.get("MYTALKCON_TEST_SLACK", "3"))
SOON = 0.5 * SLACK  # s within which whoever cancels has to see it


def memory_mb(pid: int | str = "self") -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_since() -> int:
    """Peak resident memory of this process since this was asked last, 10^6 bytes (Linux)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    Path("/proc/self/clear_refs").write_text("5")
    return int(status["VmHWM"].split()[0]) * 1024 // 1_000_000
