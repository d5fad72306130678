"""`mytalkcon train`: a StyleGAN2 learns a drawing style."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.studio import check_folder
from bot.cli.terminal import console
from engine.neural import need_neural
from engine.stylegan2.training.choices import Augmentation, Pipeline, Precision, Tracker

if TYPE_CHECKING:
    from engine.stylegan2.training.loop import Tick


def train(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Drawings: squares of one size.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; one that is there already goes on.")],
    base: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Checkpoint with both networks; else from nothing."),
    ] = None,
    kimg: Annotated[float, typer.Option(min=0.001, help="Thousands of drawings to show.")] = 1000.0,
    augment: Annotated[Augmentation, typer.Option(help="ada, fixed or none.")] = Augmentation.ADA,
    pipeline: Annotated[Pipeline, typer.Option(help="What augmentation does: bgc or bgcfnc.")] = Pipeline.BGC,
    freeze_d: Annotated[
        int, typer.Option(min=0, help="So many layers of the discriminator keep still, from the picture on.")
    ] = 0,
    batch: Annotated[int | None, typer.Option(min=1, help="Drawings a step, over all processes.")] = None,
    microbatch: Annotated[int | None, typer.Option(min=1, help="Drawings at once in a process.")] = None,
    gamma: Annotated[float | None, typer.Option(min=0, help="Weight of R1.")] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    target: Annotated[float, typer.Option(min=-1, max=1, help="r_t that ADA steers to.")] = 0.6,
    ada_kimg: Annotated[float | None, typer.Option(help="ADA's p moves by 1 in so many kimg.")] = None,
    fixed_p: Annotated[float, typer.Option("--p", min=0, max=1, help="With --augment fixed.")] = 0.2,
    ema_kimg: Annotated[float | None, typer.Option(help="Half-life of the averaged generator.")] = None,
    mirror: Annotated[bool, typer.Option(help="Show drawings mirrored, too.")] = True,
    precision: Annotated[
        Precision, typer.Option(help="float32, or bfloat16 on a GPU that knows it.")
    ] = Precision.FLOAT32,
    resolution: Annotated[int | None, typer.Option(help="px, without --base; or the drawings' own.")] = None,
    channel_base: Annotated[int | None, typer.Option(help="Width of the networks, without --base.")] = None,
    channel_max: Annotated[int, typer.Option(min=1, help="Most channels of a layer, without --base.")] = 512,
    latent: Annotated[int, typer.Option(min=1, help="Length of the styles, without --base.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 0,
    tick: Annotated[float, typer.Option(min=0.001, help="kimg between two lines of the log.")] = 4.0,
    snapshot: Annotated[int, typer.Option(min=1, help="Ticks between two snapshots.")] = 10,
    track: Annotated[list[Tracker] | None, typer.Option(help="In the extra train.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of the processor.")] = None,
) -> None:
    """Teach a StyleGAN2 the style of a folder of drawings: snapshots, sample grids, a log."""
    check_folder(out)
    need_neural()
    import torch

    from engine.stylegan2.checkpoint import read_checkpoint
    from engine.stylegan2.training import options as rules
    from engine.stylegan2.training.data import drawings_of
    from engine.stylegan2.training.loop import Plan
    from engine.stylegan2.training.loop import train as run
    from engine.stylegan2.training.run import resolution_of
    from engine.stylegan2.training.team import team_of_environment

    if threads is not None:
        torch.set_num_threads(threads)
    networks = None if base is None else read_checkpoint(base)
    drawings = drawings_of(data, resolution if networks is None else resolution_of(networks))
    side, from_base = drawings.resolution, networks is not None
    batch = batch or rules.auto_batch(side)
    chosen = rules.Options(
        batch=batch,
        gamma=rules.auto_gamma(side, batch) if gamma is None else gamma,
        ema_kimg=rules.auto_ema_kimg(batch) if ema_kimg is None else ema_kimg,
        ema_rampup=rules.auto_rampup(from_base),
        rate=rules.auto_rate(side) if rate is None else rate,
        freeze_d=freeze_d,
        augmentation=augment,
        pipeline=pipeline,
        ada_target=target,
        ada_kimg=rules.auto_ada_kimg(from_base) if ada_kimg is None else ada_kimg,
        fixed_p=fixed_p,
        mirror=mirror,
        precision=precision,
        seed=seed,
    )
    plan = Plan(out, kimg, tick, snapshot, microbatch, tuple(track or ()))
    start = networks or rules.Sizes(side, channel_base, channel_max, latent)
    with team_of_environment() as team:
        last = run(drawings, start, chosen, plan, team, report)
        if team.leads:
            console.print(str(last), markup=False, soft_wrap=True)


def report(tick: "Tick") -> None:
    """A line a tick: where the run is, what it measures, when it will be done."""
    values = tick.values
    hours, minutes = divmod(round(tick.seconds_left / 60), 60)
    shown = ", ".join(
        f"{name} {values[name]:.3f}" for name in ("generator loss", "discriminator loss", "r_t", "p")
    )
    pace = f"{values['seconds per kimg']:.1f} s/kimg, {hours}:{minutes:02} h left"
    console.print(f"{tick.kimg:.1f} / {tick.of_kimg:.1f} kimg: {shown}; {pace}", markup=False, soft_wrap=True)
    if tick.grid is not None:
        console.print(f"  {tick.grid}", markup=False, soft_wrap=True)
