"""`mytalkcon checkpoint`: what a file of StyleGAN2 holds, and its change into another layout."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.studio import AsJson
from bot.cli.terminal import console, print_json, with_exit_codes
from engine.neural import need_neural

app = typer.Typer(no_args_is_help=True, help="StyleGAN2 checkpoints: look into one, convert one.")

AnyFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=".pt, .pkl or .safetensors")]


@app.command()
@with_exit_codes
def info(file: AnyFile, as_json: AsJson = False) -> None:
    """Say which networks a file holds and how large they are. Nothing in it is run."""
    need_neural()
    from dataclasses import asdict

    from engine.stylegan2.checkpoint import read_checkpoint

    found = read_checkpoint(file)
    rows: dict[str, dict[str, Any]] = {
        name: asdict(network.config)
        | {"parameters": sum(tensor.numel() for tensor in network.state.values())}
        for name, network in found.networks.items()
    }
    if as_json:
        print_json({"layout": found.layout, "networks": rows})
        return
    table = Table(
        "network", "px", "channels from 4 px", "parameters", "more", title=f"layout: {found.layout}"
    )
    for name, row in rows.items():
        channels = " ".join(str(count) for count in row.pop("channels"))
        size, count = row.pop("resolution"), row.pop("parameters")
        more = ", ".join(f"{key} {value}" for key, value in row.items() if value is not None)
        table.add_row(name, str(size), channels, f"{count:,}", more)
    Console(highlight=False).print(table)


@app.command()
@with_exit_codes
def convert(
    file: AnyFile,
    out: Annotated[
        Path, typer.Option(help=".pt for the rosinality layout, .safetensors for ours; tensors only.")
    ],
    only: Annotated[str, typer.Option(help="Networks to keep, of g_ema,g,d.")] = "g_ema,g,d",
) -> None:
    """Write a checkpoint in another layout."""
    need_neural()
    from engine.stylegan2.checkpoint import Checkpoint, read_checkpoint, save_checkpoint

    found = read_checkpoint(file)
    wanted = [name.strip() for name in only.split(",")]
    kept = {name: network for name, network in found.networks.items() if name in wanted}
    if not kept:
        raise typer.BadParameter(f"the file holds {', '.join(found.networks)}")
    save_checkpoint(Checkpoint(found.layout, kept), out)
    if out.suffix == ".pt" and any(network.config.clamp is not None for network in kept.values()):
        console.print("The clamp of half-precision training is left out: this layout has none.", markup=False)
    console.print(str(out), markup=False)
