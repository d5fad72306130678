"""What the tensors are called: here, in the rosinality layout, and in NVIDIA's.

All three hold the same numbers; converting is renaming and, for rosinality's, adding axes of length 1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.checkpoints.errors import CheckpointMismatch
from engine.checkpoints.tensors import State
from engine.stylegan2.config import DiscriminatorConfig, GeneratorConfig, resolutions_up_to


@dataclass(frozen=True)
class Name:
    """A tensor's names; the rosinality layout has `before` and `after` axes of length 1 around it."""

    ours: str
    rosinality: str
    nvidia: str
    before: int = 0
    after: int = 0

    def from_rosinality(self, tensor: Tensor) -> Tensor:
        """Without the extra axes."""
        return tensor.reshape(tensor.shape[self.before : tensor.ndim - self.after])

    def to_rosinality(self, tensor: Tensor) -> Tensor:
        """With the extra axes."""
        return tensor.reshape((1,) * self.before + tuple(tensor.shape) + (1,) * self.after)


Names = tuple[Name, ...]

LONGEST_VECTOR = 4096  # numbers of z and w; published networks have 512

# Filters are no weights: every network here has the same ones.
_FILTER_LINE = (1.0, 3.0, 3.0, 1.0)
_FILTER = re.compile(r"(^|\.)(kernel|resample_filter)$")


def generator_names(resolution: int, depth: int) -> Names:
    """All tensors of a generator for pictures of `resolution` px with `depth` mapping layers."""
    return tuple(_generator_names(resolution, depth))


def _generator_names(resolution: int, depth: int) -> Iterator[Name]:
    for i in range(depth):
        for leaf in ("weight", "bias"):
            yield Name(f"mapping.{i}.{leaf}", f"style.{i + 1}.{leaf}", f"mapping.fc{i}.{leaf}")
    yield Name("w_avg", "latent_avg", "mapping.w_avg")
    yield Name("constant", "input.input", "synthesis.b4.const", before=1)
    for k, side in enumerate(resolutions_up_to(resolution)):
        block = f"synthesis.b{side}"
        if k == 0:
            yield from _layer_names(0, "conv1", f"{block}.conv1")
        else:
            yield from _layer_names(2 * k - 1, f"convs.{2 * k - 2}", f"{block}.conv0")
            yield from _layer_names(2 * k, f"convs.{2 * k - 1}", f"{block}.conv1")
        theirs = "to_rgb1" if k == 0 else f"to_rgbs.{k - 1}"
        yield from _modulated_names(f"to_rgb.{k}", theirs, f"{block}.torgb")
        yield Name(f"to_rgb.{k}.bias", f"{theirs}.bias", f"{block}.torgb.bias", before=1, after=2)


def _layer_names(j: int, rosinality: str, nvidia: str) -> Iterator[Name]:
    ours = f"layers.{j}"
    yield from _modulated_names(ours, rosinality, nvidia)
    yield Name(f"{ours}.bias", f"{rosinality}.activate.bias", f"{nvidia}.bias")
    yield Name(f"{ours}.noise_strength", f"{rosinality}.noise.weight", f"{nvidia}.noise_strength", before=1)
    yield Name(f"{ours}.noise", f"noises.noise_{j}", f"{nvidia}.noise_const", before=2)


def _modulated_names(ours: str, rosinality: str, nvidia: str) -> Iterator[Name]:
    yield Name(f"{ours}.weight", f"{rosinality}.conv.weight", f"{nvidia}.weight", before=1)
    for leaf in ("weight", "bias"):
        theirs = f"{rosinality}.conv.modulation.{leaf}"
        yield Name(f"{ours}.modulation.{leaf}", theirs, f"{nvidia}.affine.{leaf}")


def discriminator_names(resolution: int) -> Names:
    """All tensors of a discriminator for pictures of `resolution` px."""
    names = [
        Name("from_rgb.weight", "convs.0.0.weight", f"b{resolution}.fromrgb.weight"),
        Name("from_rgb.bias", "convs.0.1.bias", f"b{resolution}.fromrgb.bias"),
    ]
    for k, side in enumerate(resolutions_up_to(resolution)[:0:-1]):
        ours, theirs, nvidia = f"blocks.{k}", f"convs.{k + 1}", f"b{side}"
        names += [
            Name(f"{ours}.first.weight", f"{theirs}.conv1.0.weight", f"{nvidia}.conv0.weight"),
            Name(f"{ours}.first.bias", f"{theirs}.conv1.1.bias", f"{nvidia}.conv0.bias"),
            Name(f"{ours}.second.weight", f"{theirs}.conv2.1.weight", f"{nvidia}.conv1.weight"),
            Name(f"{ours}.second.bias", f"{theirs}.conv2.2.bias", f"{nvidia}.conv1.bias"),
            Name(f"{ours}.skip.weight", f"{theirs}.skip.1.weight", f"{nvidia}.skip.weight"),
        ]
    for leaf in ("weight", "bias"):
        position = {"weight": 0, "bias": 1}[leaf]
        names += [
            Name(f"last.{leaf}", f"final_conv.{position}.{leaf}", f"b4.conv.{leaf}"),
            Name(f"hidden.{leaf}", f"final_linear.0.{leaf}", f"b4.fc.{leaf}"),
            Name(f"score.{leaf}", f"final_linear.1.{leaf}", f"b4.out.{leaf}"),
        ]
    return tuple(names)


def _count(state: State, pattern: str) -> int:
    matcher = re.compile(pattern)
    return sum(1 for name in state if matcher.fullmatch(name))


def names_in(state: State) -> tuple[str, Names]:
    """Kind and names of the network that a table of tensors belongs to, in either layout.

    Returns
    -------
    "generator" or "discriminator", and its names

    Raises
    ------
    CheckpointMismatch
        when it is neither
    """
    if "input.input" in state:
        side = 4 << _count(state, r"to_rgbs\.\d+\.bias")
        return "generator", generator_names(side, _count(state, r"style\.\d+\.weight"))
    if "synthesis.b4.const" in state:
        side = 2 << _count(state, r"synthesis\.b\d+\.torgb\.bias")
        return "generator", generator_names(side, _count(state, r"mapping\.fc\d+\.weight"))
    if "final_linear.1.weight" in state:
        return "discriminator", discriminator_names(4 << _count(state, r"convs\.\d+\.skip\.1\.weight"))
    if "b4.out.weight" in state:
        return "discriminator", discriminator_names(4 << _count(state, r"b\d+\.skip\.weight"))
    raise CheckpointMismatch("no StyleGAN2 generator or discriminator in either layout")


def to_ours(state: State, names: Names) -> State:
    """Rename a table of tensors from whichever layout it is in.

    Raises
    ------
    CheckpointMismatch
        when tensors are missing, unknown, or of another form; the detail names them
    """
    rosinality = names[-1].rosinality in state
    wanted = {name.rosinality if rosinality else name.nvidia: name for name in names}
    missing = sorted(set(wanted) - set(state))
    unknown = sorted(name for name in set(state) - set(wanted) if not _FILTER.search(name))
    if missing or unknown:
        raise CheckpointMismatch(f"missing: {_some(missing)}; unknown: {_some(unknown)}")
    for name, tensor in state.items():
        if _FILTER.search(name):
            _check_filter(name, tensor)
    try:
        return {
            name.ours: name.from_rosinality(state[theirs]) if rosinality else state[theirs]
            for theirs, name in wanted.items()
        }
    except RuntimeError as error:
        raise CheckpointMismatch(str(error)) from error


def to_rosinality(state: State, names: Names) -> State:
    """The names and forms of the rosinality layout, without its filters and its mean style."""
    return {name.rosinality: name.to_rosinality(state[name.ours]) for name in names if name.ours != "w_avg"}


def rosinality_filters(kind: str, resolution: int) -> State:
    """The low-pass filters that the rosinality layout stores beside the weights."""
    line = torch.tensor(_FILTER_LINE)
    low_pass = torch.outer(line, line) / line.sum() ** 2
    steps = len(resolutions_up_to(resolution)) - 1
    if kind == "generator":
        places = [
            place for k in range(steps) for place in (f"convs.{2 * k}.conv.blur", f"to_rgbs.{k}.upsample")
        ]
        return {f"{place}.kernel": low_pass * 4 for place in places}
    places = [f"convs.{k + 1}.{branch}.0" for k in range(steps) for branch in ("conv2", "skip")]
    return {f"{place}.kernel": low_pass.clone() for place in places}


def _some(names: list[str]) -> str:
    shown = ", ".join(name[:80] for name in names[:5]) or "none"
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _check_filter(name: str, tensor: Tensor) -> None:
    """The blur must be the paper's; a network trained with another one would draw something else here."""
    line = torch.tensor(_FILTER_LINE)
    expected = torch.outer(line, line) / line.sum() ** 2
    total = tensor.sum()
    if tensor.shape != (4, 4) or not torch.allclose(tensor / total, expected, atol=1e-4):
        raise CheckpointMismatch(f"{name} is another filter than [1, 3, 3, 1]")


def generator_config(state: State, clamp: float | None = None) -> GeneratorConfig:
    """Sizes of a generator from its tensors (our names)."""
    depth = _count(state, r"mapping\.\d+\.weight")
    blocks = _count(state, r"to_rgb\.\d+\.weight")
    _need_shapes(state, {"mapping.0.weight": 2, "constant": 3})
    if max(state["mapping.0.weight"].shape) > LONGEST_VECTOR:  # ten thousand of them are drawn for the mean
        raise CheckpointMismatch(f"mapping of {tuple(state['mapping.0.weight'].shape)} numbers")
    channels = tuple(_first_axis(state, f"layers.{2 * k}.weight") for k in range(blocks))
    return GeneratorConfig(
        resolution=2 << blocks,
        channels=channels,
        z_dim=state["mapping.0.weight"].shape[1],
        w_dim=state["mapping.0.weight"].shape[0],
        mapping_depth=depth,
        clamp=clamp,
    )


def discriminator_config(state: State, group: int = 4, clamp: float | None = None) -> DiscriminatorConfig:
    """Sizes of a discriminator from its tensors (our names)."""
    blocks = _count(state, r"blocks\.\d+\.skip\.weight")
    widths = [_first_axis(state, "from_rgb.weight")]
    widths += [_first_axis(state, f"blocks.{k}.second.weight") for k in range(blocks)]
    return DiscriminatorConfig(4 << blocks, tuple(widths[::-1]), group, clamp)


def _need_shapes(state: State, axes: dict[str, int]) -> None:
    for name, count in axes.items():
        if name not in state or state[name].ndim != count:
            raise CheckpointMismatch(f"{name} does not have {count} axes")


def _first_axis(state: State, name: str) -> int:
    _need_shapes(state, {name: 4})
    return state[name].shape[0]
