"""The command `mytalkcon`: in a process of its own as people type it, or in this one where that is enough."""

import os
import subprocess

from click.testing import Result
from typer.testing import CliRunner

from bot.cli.main import app
from tests.samples import MYTALKCON


def mytalkcon(
    *arguments: object, language: str = "en_US.UTF-8", timeout: float = 120, **environment: object
) -> subprocess.CompletedProcess[str]:
    """Run it; further words are set in its environment."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    given = {name: str(value) for name, value in environment.items()}
    return subprocess.run(
        [MYTALKCON, *map(str, arguments)],
        env=usual | {"LANG": language, "COLUMNS": "200"} | given,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def here(*arguments: object) -> Result:
    """Run it in this process: importing torch takes longer than most commands."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"LANG": "en_US.UTF-8"})
