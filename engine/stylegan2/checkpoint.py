"""Checkpoints of StyleGAN2: read in both public layouts and in our own, written as tensors only."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save_file

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.files import read_pickle, whole_file
from engine.checkpoints.records import ObjectRecord, TensorRecord
from engine.checkpoints.tensors import State, module_state, read_safetensors, state_of, tensor_of
from engine.stylegan2 import names
from engine.stylegan2.config import DiscriminatorConfig, GeneratorConfig
from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.generator import Generator, Modulated
from engine.stylegan2.names import Names

FORMAT = "mytalkcon-stylegan2-1"  # in the header of our safetensors files
GENERATORS = ("g_ema", "g")  # the average over training, and the last step
NETWORKS = (*GENERATORS, "d")
_NVIDIA = {"G_ema": "g_ema", "G": "g", "D": "d"}
Made = TypeVar("Made", Generator, Discriminator)
W_AVG_SAMPLES = 10_000  # where a file does not say the mean style


@dataclass(frozen=True)
class Network:
    """One network of a checkpoint: its sizes and its tensors by our names."""

    config: GeneratorConfig | DiscriminatorConfig
    state: State = field(repr=False)


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes
    ----------
    layout : "rosinality", "nvidia" or "safetensors"
    networks : by the names of `NETWORKS`
    """

    layout: str
    networks: Mapping[str, Network]

    def generator(self, name: str = "") -> Generator:
        """Build a generator: that of the name, else the averaged one, else the last one.

        Raises
        ------
        CheckpointMismatch
            when there is none, or its tensors do not fit together
        """
        network = self.generator_network(name)
        if not isinstance(network.config, GeneratorConfig):
            raise CheckpointMismatch(f"{name} is no generator")
        with torch.device("meta"):
            made = Generator(network.config)
        filters = {f"{name}.weight" for name, part in made.named_modules() if isinstance(part, Modulated)}
        return _filled(made, network.state, filters).arranged()  # which copies the filters

    def generator_network(self, name: str = "") -> Network:
        """The tensors of a generator; see `generator`."""
        return self._network(name or next((known for known in GENERATORS if known in self.networks), "g_ema"))

    def discriminator(self) -> Discriminator:
        """Build the discriminator.

        Raises
        ------
        CheckpointMismatch
            when there is none, or its tensors do not fit together
        """
        network = self._network("d")
        if not isinstance(network.config, DiscriminatorConfig):
            raise CheckpointMismatch("d is no discriminator")
        with torch.device("meta"):
            made = Discriminator(network.config)
        return _filled(made, network.state).to(memory_format=torch.channels_last)

    def _network(self, name: str) -> Network:
        if name not in self.networks:
            raise CheckpointMismatch(f"no {name} in the file; it has {', '.join(self.networks) or 'none'}")
        return self.networks[name]


def _filled(made: Made, state: State, as_they_are: Collection[str] = ()) -> Made:
    """Give a network its tensors: copies, but for some."""
    own = {name: tensor.detach().float() for name, tensor in state.items()}
    own |= {name: tensor.clone() for name, tensor in own.items() if name not in as_they_are}
    try:
        made.load_state_dict(own, assign=True)
    except RuntimeError as error:
        raise CheckpointMismatch(str(error)[:500]) from error
    return made.eval()


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a StyleGAN2 file without running anything in it.

    Parameters
    ----------
    path : `.pt` of the rosinality layout (g_ema, g, d, latent_avg), a snapshot of NVIDIA's training
        (G_ema, G, D), or `.safetensors` of ours

    Raises
    ------
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    if path.suffix == ".safetensors":
        return _from_safetensors(path)
    content = read_pickle(path)
    if not isinstance(content, dict):
        raise CheckpointMismatch("the file holds no networks")
    snapshots = {ours: content[theirs] for theirs, ours in _NVIDIA.items() if theirs in content}
    if snapshots:
        return Checkpoint("nvidia", {name: _nvidia_network(record) for name, record in snapshots.items()})
    mean = content.get("latent_avg")
    w_avg = tensor_of(mean) if isinstance(mean, TensorRecord) else None
    found = {name: state_of(content[name], name) for name in NETWORKS if name in content}
    if not found:
        raise CheckpointMismatch("none of g_ema, g, d, G_ema, G, D is in the file")
    return Checkpoint("rosinality", {name: network_of(state, w_avg) for name, state in found.items()})


def network_of(
    state: State, w_avg: torch.Tensor | None = None, clamp: float | None = None, group: int = 4
) -> Network:
    """A network from a table of tensors in either public layout.

    Parameters
    ----------
    w_avg : mean style (w_dim,) or (num_ws, w_dim), where it is not among the tensors; computed where nobody
        knows it
    clamp, group : what no tensor tells
    """
    kind, table = names.names_in(state)
    if kind == "discriminator":
        ours = names.to_ours(state, table)
        return Network(names.discriminator_config(ours, group, clamp), ours)
    computed = "input.input" in state and w_avg is None
    if "input.input" in state:
        mean = (
            torch.zeros_like(state["style.1.bias"])
            if w_avg is None
            else w_avg.reshape(-1, w_avg.shape[-1])[0]
        )
        state = state | {"latent_avg": mean}
    ours = names.to_ours(state, table)
    network = Network(names.generator_config(ours, clamp), ours)
    if computed:
        made = Checkpoint("rosinality", {"g": network}).generator()
        z = torch.randn(W_AVG_SAMPLES, made.config.z_dim, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            ours["w_avg"] = made.map(z).mean(dim=0)
    return network


def _nvidia_network(record: Any) -> Network:
    """Clamp and group are no tensors: they stand in the arguments that the network was made with."""
    if not isinstance(record, ObjectRecord):
        raise CheckpointMismatch("a network of an unknown kind")
    arguments = record.state.get("_init_kwargs")
    arguments = arguments if isinstance(arguments, dict) else {}
    if record.state.get("c_dim", 0):
        raise CheckpointMismatch("a network with classes (c_dim); only those without are known")
    synthesis = arguments.get("synthesis_kwargs") or arguments
    epilogue = arguments.get("epilogue_kwargs") or {}
    clamp = synthesis.get("conv_clamp") if isinstance(synthesis, dict) else None
    group = epilogue.get("mbstd_group_size", 4) if isinstance(epilogue, dict) else 4
    return network_of(
        module_state(record),
        clamp=float(clamp) if isinstance(clamp, int | float) else None,
        group=group if isinstance(group, int) and group > 0 else 4,
    )


def names_of(network: Network) -> Names:
    """All tensors of a network in all layouts."""
    if isinstance(network.config, GeneratorConfig):
        return names.generator_names(network.config.resolution, network.config.mapping_depth)
    return names.discriminator_names(network.config.resolution)


def _from_safetensors(path: Path) -> Checkpoint:
    state, header = read_safetensors(path)
    if header.get("format") != FORMAT:
        raise CheckpointMismatch(f"no header {FORMAT} in {path.name}")
    networks = {}
    for name in NETWORKS:
        own = {key[len(name) + 1 :]: tensor for key, tensor in state.items() if key.startswith(f"{name}.")}
        if own:
            clamp, group = _stated(header, name)
            networks[name] = Network(
                names.discriminator_config(own, group, clamp)
                if name == "d"
                else names.generator_config(own, clamp),
                own,
            )
    if not networks:
        raise CheckpointMismatch(f"no networks in {path.name}")
    return Checkpoint("safetensors", networks)


def _stated(header: Mapping[str, str], name: str) -> tuple[float | None, int]:
    """Clamp and group from the header of our file."""
    try:
        stated = json.loads(header["networks"])[name]
        clamp, group = stated.get("clamp"), int(stated.get("group", 4))
        return None if clamp is None else float(clamp), group
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointMismatch("its header cannot be read") from error


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint: `.pt` in the rosinality layout, `.safetensors` in ours; tensors only.

    The rosinality layout has no place for the clamp of half-precision training, and its discriminators
    compare four pictures: a checkpoint with another group is refused there.

    Raises
    ------
    CheckpointMismatch
        when the ending is another, or the layout cannot hold the networks
    """
    if path.suffix not in (".pt", ".safetensors"):
        raise CheckpointMismatch(f"{path.name}: a checkpoint ends in .pt or .safetensors")
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        if path.suffix == ".pt":
            torch.save(rosinality_tables(checkpoint), partial)
        else:
            tensors = {
                f"{name}.{key}": tensor.contiguous().clone()
                for name, network in checkpoint.networks.items()
                for key, tensor in network.state.items()
            }
            header = {name: _header(network) for name, network in checkpoint.networks.items()}
            save_file(tensors, partial, {"format": FORMAT, "networks": json.dumps(header)})


def rosinality_tables(checkpoint: Checkpoint) -> dict[str, State | torch.Tensor]:
    """What a file of the rosinality layout holds."""
    tables: dict[str, State | torch.Tensor] = {}
    for name, network in checkpoint.networks.items():
        if isinstance(network.config, DiscriminatorConfig) and network.config.group != 4:
            raise CheckpointMismatch(
                f"its discriminator compares {network.config.group} pictures, the layout only 4"
            )
        tables[name] = {
            key: tensor.contiguous().clone()
            for key, tensor in names.to_rosinality(network.state, names_of(network)).items()
        } | names.rosinality_filters(
            "generator" if name in GENERATORS else "discriminator", network.config.resolution
        )
        if name in GENERATORS:
            tables.setdefault("latent_avg", network.state["w_avg"].clone())
    return tables


def _header(network: Network) -> dict[str, Any]:
    return {key: value for key, value in asdict(network.config).items() if value is not None}


def snapshot(generator: Generator | None = None, discriminator: Discriminator | None = None) -> Checkpoint:
    """A checkpoint of networks as they are now."""
    networks: dict[str, Network] = {}
    if generator is not None:
        networks["g_ema"] = Network(generator.config, generator.state_dict())
    if discriminator is not None:
        networks["d"] = Network(discriminator.config, discriminator.state_dict())
    return Checkpoint("ours", networks)
