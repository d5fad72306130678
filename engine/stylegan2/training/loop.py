"""A run from its beginning, or from where it was killed, to its end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

import torch
from PIL import Image

from engine.arrays import Pixels
from engine.devices import exact_float32
from engine.stylegan2.checkpoint import Checkpoint, save_checkpoint, snapshot
from engine.stylegan2.draws import draw_seeds
from engine.stylegan2.pictures import sheet
from engine.stylegan2.training.adaptive import EVERY
from engine.stylegan2.training.choices import Tracker
from engine.stylegan2.training.data import Drawings
from engine.stylegan2.training.errors import Diverged, WrongOptions
from engine.stylegan2.training.journal import Journal
from engine.stylegan2.training.options import PHASES_REPEAT, Options, Sizes
from engine.stylegan2.training.run import Run, networks_of, new_networks, new_run
from engine.stylegan2.training.state import load_run, save_run
from engine.stylegan2.training.step import Measures, Trainer
from engine.stylegan2.training.team import Team

STATE = "state.safetensors"
GRID = 6  # columns and rows of sample grids


@dataclass(frozen=True)
class Plan:
    """How long a run goes and what it leaves; none of it but `microbatch` changes a number.

    Attributes
    ----------
    folder : for everything
    kimg : thousands of real pictures to show
    tick : thousands of pictures between two lines of the log
    snapshot : ticks between two snapshots, each with a grid and the state to go on from
    microbatch : pictures at once in each process; a run that goes on keeps its own
    """

    folder: Path
    kimg: float
    tick: float = 4.0
    snapshot: int = 10
    microbatch: int | None = None
    trackers: tuple[Tracker, ...] = ()


@dataclass(frozen=True)
class Tick:
    """What is told now and then.

    Attributes
    ----------
    seconds_left : at the pace of the last tick
    grid : the newest sample grid, if this tick made one
    """

    kimg: float
    of_kimg: float
    values: dict[str, float]
    seconds_left: float
    grid: Path | None


def train(
    drawings: Drawings,
    start: Checkpoint | Sizes,
    options: Options,
    plan: Plan,
    team: Team | None = None,
    report: Callable[[Tick], None] = lambda tick: None,
) -> Path:
    """Train until the plan is fulfilled; a run that is in the folder already goes on.

    Parameters
    ----------
    start : the networks to train further, or the sizes of new ones

    Returns
    -------
    the last snapshot: averaged generator and discriminator

    Raises
    ------
    WrongOptions, AnotherRun, WrongBase, Diverged, TooLarge
    """
    team = team or Team()
    microbatch = _microbatch(options, plan, team)
    plan.folder.mkdir(parents=True, exist_ok=True)
    state = plan.folder / STATE
    devices = [team.device] if team.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), exact_float32():
        if state.exists():
            run = load_run(state, options, drawings.digest, team.device)
        else:
            networks = new_networks(start, options.seed) if isinstance(start, Sizes) else networks_of(start)
            run = new_run(*networks, options, microbatch, team.device)
        if options.batch // run.microbatch % team.size:
            why = f"batch {options.batch} / microbatch {run.microbatch} % {team.size} processes"
            raise WrongOptions("a process would have nothing to do", why=why)
        trainer = Trainer(run, drawings, team)
        if team.leads:
            settings = asdict(options) | {"kimg": plan.kimg, "drawings": len(drawings)}
            with Journal(plan.folder, settings, plan.trackers, run.step) as journal:
                _ticks(trainer, plan, journal, report)
        else:
            _ticks(trainer, plan, None, report)
    return snapshot_path(plan.folder, run)


def snapshot_path(folder: Path, run: Run) -> Path:
    """Where the snapshot of a run's present step belongs."""
    return folder / f"network-{_name(run)}.safetensors"


def _name(run: Run) -> str:
    return f"{run.pictures / 1000:09.3f}"


def _microbatch(options: Options, plan: Plan, team: Team) -> int:
    if options.batch % team.size:
        raise WrongOptions("uneven batch", why=f"batch {options.batch} % {team.size} processes")
    each = options.batch // team.size
    microbatch = min(plan.microbatch or each, each)
    if each % microbatch:
        raise WrongOptions("uneven microbatch", why=f"batch {each} % microbatch {microbatch}")
    return microbatch


def _ticks(trainer: Trainer, plan: Plan, journal: Journal | None, report: Callable[[Tick], None]) -> None:
    run = trainer.run
    steps = _rounded(plan.tick * 1000 / run.options.batch)
    last = _rounded(plan.kimg * 1000 / run.options.batch)
    while run.step < last:
        to_the_tick = steps - run.step % steps  # an earlier call may have ended between two of them
        began, count = time.perf_counter(), min(to_the_tick, last - run.step)
        values = _tick(trainer, count, plan.folder)
        seconds = time.perf_counter() - began
        kept = run.step % (steps * plan.snapshot) == 0 or run.step == last
        if kept:
            _check_weights(run, plan.folder)
        if journal is not None:
            values |= {"kimg": run.pictures / 1000, "p": run.p, "microbatch": float(run.microbatch)}
            values["seconds per kimg"] = seconds / (count * run.options.batch) * 1000
            journal.values(run.step, values)
            grid = _keep(trainer, plan, journal) if kept else None
            left = seconds / count * (last - run.step)
            report(Tick(run.pictures / 1000, last * run.options.batch / 1000, values, left, grid))
        trainer.team.wait()


def _rounded(steps: float) -> int:
    """To whole cycles of the penalties: between them nothing but the run's state is remembered."""
    return max(1, round(steps / PHASES_REPEAT)) * PHASES_REPEAT


def _tick(trainer: Trainer, count: int, folder: Path) -> dict[str, float]:
    """Take steps; means of what was measured."""
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for _ in range(count // EVERY):
        measured = [trainer.step() for _ in range(EVERY)]
        for name, value in ((name, value) for one in measured for name, value in _numbers(one).items()):
            sums[name] = sums.get(name, 0.0) + value
            counts[name] = counts.get(name, 0) + 1
        if broken := [name for name, value in sums.items() if not isfinite(value)]:
            raise _diverged(trainer.run, broken, folder)
        trainer.steer(sum(float(one["r_t"]) for one in measured) / EVERY)
    return {name: total / counts[name] for name, total in sums.items()}


def _numbers(measured: Measures) -> dict[str, float]:
    return {name: float(value) for name, value in measured.items()}


def _check_weights(run: Run, folder: Path) -> None:
    """The last step can break weights whose losses still were numbers; nobody could go on from them."""
    networks = {"g": run.g, "d": run.d, "g_ema": run.g_ema}
    if broken := [
        f"{name}.{key}"
        for name, network in networks.items()
        for key, weight in network.named_parameters()
        if not bool(weight.isfinite().all())
    ]:
        raise _diverged(run, broken[:3], folder)


def _diverged(run: Run, broken: Sequence[str], folder: Path) -> Diverged:
    last = max((path.name for path in folder.glob("network-*.safetensors")), default="-")
    detail = f"{', '.join(broken)} at step {run.step}"
    return Diverged(detail, kimg=f"{run.pictures / 1000:.1f}", snapshot=last)


def _keep(trainer: Trainer, plan: Plan, journal: Journal) -> Path:
    """Write grid, snapshot and state, the state last."""
    run = trainer.run
    picture = grid(run)
    path = plan.folder / f"samples-{_name(run)}.png"
    Image.fromarray(picture).save(path)
    journal.picture(run.step, "samples", picture)
    save_checkpoint(snapshot(run.g_ema, run.d), snapshot_path(plan.folder, run))
    save_run(run, plan.folder / STATE, trainer.drawings.digest)
    return path


def grid(run: Run) -> Pixels:
    """The same seeds each time, drawn by the averaged generator."""
    return sheet(list(draw_seeds(run.g_ema, range(GRID**2), 1.0)), GRID)
