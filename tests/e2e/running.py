"""`mytalkcon run` in a process of its own, with settings of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port
from tests.samples import MYTALKCON

LINES = 3  # that it says when it has started: one a front end


class Running:
    """The command.

    Attributes
    ----------
    folder : its data
    address : of its chat page
    said : what it said when it had started
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self.settings = settings
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    def start(self) -> None:
        """Start it, and wait until it says that it has started."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MYTALKCON_")}
        environment |= {"MYTALKCON_DATA_DIR": str(self.folder), "MYTALKCON_WEB_PORT": str(self.port)}
        if "MYTALKCON_WEIGHTS_DIR" in os.environ:
            environment["MYTALKCON_WEIGHTS_DIR"] = os.environ["MYTALKCON_WEIGHTS_DIR"]
        with (self.folder / "log.txt").open("a") as log:
            self.process = subprocess.Popen(
                [MYTALKCON, "run"],
                env=environment | self.settings | {"PYTHONUNBUFFERED": "1"},
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        self.said = "".join(self.process.stdout.readline() for _ in range(LINES))
        assert self.said, self.log

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "log.txt").read_text("utf-8")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; gives its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Running]:
    """Run the command; whatever is left of it at the end is killed."""
    command = Running(folder, **settings)
    command.start()
    try:
        yield command
    finally:
        if command.process is not None and command.process.poll() is None:
            command.process.kill()
            command.process.wait()
