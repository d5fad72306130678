"""A run on disk: tensors and plain numbers, in one safetensors file that is replaced at once.

The file holds both networks, the average, both optimisers and the counters; with the options and the drawings
that is all a run is, so one that goes on has the same losses as one that was never interrupted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch
from engine.checkpoints.files import whole_file
from engine.checkpoints.tensors import State, read_safetensors
from engine.stylegan2.config import DiscriminatorConfig, GeneratorConfig
from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.generator import Generator
from engine.stylegan2.training.errors import AnotherRun
from engine.stylegan2.training.options import Options
from engine.stylegan2.training.run import Run, new_run, set_p

FORMAT = "mytalkcon-training-1"
MOMENTS = ("exp_avg", "exp_avg_sq")


def save_run(run: Run, path: Path, drawings: str) -> None:
    """Write a run; `drawings` is the digest of what it learns from."""
    tensors = {name: tensor.detach().contiguous().clone() for name, tensor in _tensors(run)}
    header = {
        "format": FORMAT,
        "step": str(run.step),
        "p": repr(run.p),
        "microbatch": str(run.microbatch),
        "drawings": drawings,
        "options": json.dumps(asdict(run.options)),
        "generator": json.dumps(asdict(run.g.config)),
        "discriminator": json.dumps(asdict(run.d.config)),
    }
    with whole_file(path) as partial:
        save_file(tensors, partial, header)


def load_run(path: Path, options: Options, drawings: str, device: torch.device | None = None) -> Run:
    """Read a run.

    Parameters
    ----------
    options, drawings : what the caller wants; the run must have been begun with them

    Raises
    ------
    AnotherRun
        when it was not
    CheckpointBroken, CheckpointMismatch
        when the file is no run
    """
    state, header = read_safetensors(path)
    if header.get("format") != FORMAT:
        raise CheckpointMismatch(f"no header {FORMAT} in {path.name}")
    _check(header, options, drawings, path)
    try:
        g = Generator(GeneratorConfig(**_sizes(header["generator"]))).arranged()
        d = Discriminator(DiscriminatorConfig(**_sizes(header["discriminator"])))
        run = new_run(g, d.to(memory_format=torch.channels_last), options, int(header["microbatch"]), device)
        run.step = int(header["step"])
        set_p(run, float(header["p"]))
        for name in ("g", "d", "g_ema"):
            getattr(run, name).load_state_dict(_under(state, name))
        for name in ("g", "d"):
            _restore_adam(run, name, _under(state, f"adam_{name}"))
        run.path_mean.copy_(state["path_mean"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointBroken(f"{path}: {str(error)[:500]}") from error
    return run


def _tensors(run: Run) -> Iterator[tuple[str, Tensor]]:
    for name in ("g", "d", "g_ema"):
        for key, tensor in getattr(run, name).state_dict().items():
            yield f"{name}.{key}", tensor
    for name in ("g", "d"):
        adam = getattr(run, f"adam_{name}")
        for key, weight in getattr(run, name).named_parameters():
            for moment, tensor in adam.state.get(weight, {}).items():
                yield f"adam_{name}.{key}.{moment}", tensor
    yield "path_mean", run.path_mean


def _restore_adam(run: Run, name: str, state: State) -> None:
    adam, network = getattr(run, f"adam_{name}"), getattr(run, name)
    for key, weight in network.named_parameters():
        if f"{key}.step" not in state:
            continue  # frozen, or never stepped
        adam.state[weight] = {"step": state[f"{key}.step"].clone()} | {
            moment: torch.empty_like(weight).copy_(state[f"{key}.{moment}"]).detach() for moment in MOMENTS
        }


def _under(state: State, prefix: str) -> State:
    return {key[len(prefix) + 1 :]: tensor for key, tensor in state.items() if key.startswith(f"{prefix}.")}


def _sizes(text: str) -> dict[str, Any]:
    sizes = json.loads(text)
    return {**sizes, "channels": tuple(sizes["channels"])}


def _check(header: Mapping[str, str], options: Options, drawings: str, path: Path) -> None:
    """What decides the numbers must be as it was."""
    try:
        before = json.loads(header["options"])
    except (KeyError, ValueError) as error:
        raise CheckpointBroken(f"{path}: its header cannot be read") from error
    now = json.loads(json.dumps(asdict(options)))
    different = [
        f"{name}: {before.get(name)} -> {value}" for name, value in now.items() if before.get(name) != value
    ]
    if header.get("drawings") != drawings:
        different.append("--data")
    if different:
        raise AnotherRun(
            f"{path}: {'; '.join(different)}", folder=str(path.parent), what="; ".join(different)
        )
