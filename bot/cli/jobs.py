"""`mytalkcon jobs`: what the operator sees and does about jobs; works while the bot runs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import time
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.terminal import EXIT_PERSON, with_exit_codes
from bot.queue import EmbeddedQueue
from bot.records import tell_stopped
from bot.settings import QueueSettings, StorageSettings
from storage import jobs as rows
from storage.database import Database, Work
from storage.ids import ID_LENGTH
from storage.models import Job, JobState

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Jobs of the running bot: list, show, retry, cancel."
)

Result = TypeVar("Result")
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, or its beginning.")]


@app.command("list")
@with_exit_codes
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 30,
) -> None:
    """List the newest jobs."""

    async def look(_: Database, work: Work, __: EmbeddedQueue) -> tuple[list[Job], dict[str, int]]:
        return list(await rows.newest(work, state, limit)), await rows.count_by_state(work)

    found, counts = _run(look)
    table = Table(box=None)
    table.add_column("id", no_wrap=True, min_width=ID_LENGTH)
    for heading in ("kind", "state", "attempts", "asked", "error"):
        table.add_column(heading)
    for job in found:
        error = f"{job.error_id or ''} {job.error or ''}".strip()
        table.add_row(job.id, job.kind, job.state, str(job.attempts), _time(job.created_at), error)
    console = Console()
    console.print(table)
    console.print(", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "no jobs")


@app.command()
@with_exit_codes
def show(job_id: JobId) -> None:
    """Show everything about a job; nothing about its person but a random id."""

    async def look(_: Database, work: Work, __: EmbeddedQueue) -> Job:
        return await _one(work, job_id)

    job = _run(look)
    for column in Job.__table__.columns:
        if column.name == "caption":  # the person's own words
            continue
        value = getattr(job, column.name)
        typer.echo(f"{column.name:17} {_time(value) if column.name.endswith('_at') else value}")


@app.command()
@with_exit_codes
def retry(job_id: JobId) -> None:
    """Let a failed job wait again, its attempts forgotten."""

    async def change(_: Database, work: Work, queue: EmbeddedQueue) -> bool:
        job = await _one(work, job_id)
        if not await rows.has_input(work, job):
            raise typer.BadParameter("its photo or voice is not kept any more")
        return await queue.retry(work, job.id)

    _say(_run(change), "waits again", "is not a failed job")


@app.command()
@with_exit_codes
def cancel(job_id: JobId) -> None:
    """Cancel a waiting or running job; its person is told."""

    async def change(_: Database, work: Work, queue: EmbeddedQueue) -> bool:
        job = await _one(work, job_id)
        cancelled = await queue.cancel(work, job.id, None)
        if cancelled:
            await tell_stopped(work, job, time())
        return cancelled

    _say(_run(change), "is cancelled", "had ended already")


def _run(use: Callable[[Database, Work, EmbeddedQueue], Awaitable[Result]]) -> Result:
    """Do something in one transaction on the bot's database."""

    async def run() -> Result:
        storage = StorageSettings()
        storage.make_data_dir()
        database = await Database.open(storage.database)
        try:
            queue = EmbeddedQueue(database, QueueSettings().limits)
            async with database.writing() as work:
                return await use(database, work, queue)
        finally:
            await database.close()

    return asyncio.run(run())


async def _one(work: Work, job_id: str) -> Job:
    found = await rows.beginning_with(work, job_id)
    if len(found) != 1:
        raise typer.BadParameter(f"{len(found)} jobs have an id that begins so")
    return found[0]


def _say(done: bool, good: str, bad: str) -> None:
    typer.echo(f"The job {good if done else bad}.")
    if not done:
        raise typer.Exit(EXIT_PERSON)


def _time(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
