"""The command `mytalkcon`: in a process of its own as people type it, or in this one where that is enough."""

import os
import subprocess

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


def here(*arguments: object, language: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
    """Run it in this process: to start another one takes longer than most commands."""
    words, others = [str(argument) for argument in arguments], (n for n in os.environ if n.startswith("LC_"))
    done = CliRunner().invoke(
        app, words, env={**dict.fromkeys(others), "LANG": language, "COLUMNS": "200"}, catch_exceptions=False
    )
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
