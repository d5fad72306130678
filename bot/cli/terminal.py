"""What the commands show: progress, words to the person, results; and how errors become exit codes."""

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec

import typer
from rich import progress as rich_progress
from rich.console import Console

from bot.sentences import known_language, sentence
from engine.errors import EngineError, Notice, PersonProblem
from engine.progress import Progress, Stage

P = ParamSpec("P")

log = logging.getLogger(__name__)

OURS = ("bot", "engine", "storage")

EXIT_OUR_FAULT = 1
EXIT_PERSON = 2  # what was sent cannot be used

console = Console(stderr=True, highlight=False)


def language() -> str:
    """Language of the terminal, from the usual environment variables."""
    variables = ("LC_ALL", "LC_MESSAGES", "LANG")
    tag = next((value for name in variables if (value := os.environ.get(name))), None)
    return known_language((tag or "").split(".")[0] or None)


def say(notices: tuple[Notice, ...]) -> None:
    """Print the words about something that worked, but not quite as expected."""
    for notice in dict.fromkeys(notices):
        console.print(sentence(notice.message_id, language(), **dict(notice.values)), markup=False)


def print_json(values: Any) -> None:
    """Print machine-readable results to standard output."""
    print(json.dumps(values, ensure_ascii=False, indent=2))


@contextmanager
def progress_bar() -> Generator[Progress]:
    """Give a function to report progress to: a bar on a terminal, a line a stage otherwise."""
    if not console.is_terminal:
        yield _LineByStage()
        return
    columns = (
        rich_progress.TextColumn("{task.description:>8}"),
        rich_progress.BarColumn(),
        rich_progress.TimeElapsedColumn(),
    )
    with rich_progress.Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[Stage, Any] = {}

        def report(stage: Stage, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=fraction)

        yield report


class _LineByStage:
    """Writes the name of each stage once, when it begins."""

    def __init__(self) -> None:
        self._seen: set[Stage] = set()

    def __call__(self, stage: Stage, fraction: float) -> None:
        if stage not in self._seen:
            self._seen.add(stage)
            console.print(f"{stage} ...", markup=False)


def with_exit_codes(command: Callable[P, None]) -> Callable[P, None]:
    """Let a command say what went wrong in one sentence and exit by whose fault it is."""

    @functools.wraps(command)
    def guarded(*args: P.args, **options: P.kwargs) -> None:
        try:
            command(*args, **options)
        except (typer.Exit, typer.Abort, typer.BadParameter):  # typer's own ways to end
            raise
        except PersonProblem as problem:
            say_what_to_do(problem)
            raise typer.Exit(EXIT_PERSON) from None
        except EngineError as error:
            log.debug("our fault", exc_info=True)
            _say_what_went_wrong(error.message_id, error.values, error.detail)
            raise typer.Exit(EXIT_OUR_FAULT) from None
        except Exception as error:  # the last place where anything can be told to the person
            log.debug("our fault", exc_info=True)
            _say_what_went_wrong("our-fault", {}, f"{type(error).__name__}: {error}")
            raise typer.Exit(EXIT_OUR_FAULT) from None

    return guarded


def say_what_to_do(problem: PersonProblem) -> None:
    """Say in a sentence what is wrong with what a person sent or set."""
    _say_what_went_wrong(problem.message_id, problem.values, "")
    log.info("%s: %s", problem.message_id, problem.detail)


def _say_what_went_wrong(message_id: str, values: Mapping[str, object], detail: str) -> None:
    console.print(sentence(message_id, language(), **values), markup=False)
    if detail:
        console.print(detail, markup=False)


def log_to_stderr(verbose: bool) -> None:
    """Send the log to standard error; with `verbose` our details and stack traces too.

    Libraries stay as they are: their details hold what people send.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    if verbose:
        for package in OURS:
            logging.getLogger(package).setLevel(logging.DEBUG)
