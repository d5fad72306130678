"""Generators, discriminators, and NVIDIA's snapshot."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from engine.stylegan2.checkpoint import (
    Checkpoint,
    Network,
    names_of,
    network_of,
    read_checkpoint,
    rosinality_tables,
)
from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.generator import Generator
from tests.golden.filling import Array
from tests.golden.fixtures import Deviation, Fixture, Outputs, compare


def tensors(arrays: dict[str, Array]) -> dict[str, Tensor]:
    """Arrays as tensors."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def pictures(fixture: Fixture, name: str = "image_u8") -> Tensor:
    """uint8 (B, H, W, 3) or (H, W, 3) -> float32 (B, 3, H, W) in [-1, 1]."""
    image = torch.from_numpy(fixture.inputs[name]).float() / 127.5 - 1.0
    return (image if image.ndim == 4 else image[None]).permute(0, 3, 1, 2).contiguous()


def generator_of(fixture: Fixture, net: str = "generator") -> Generator:
    """Generator of a fixture, read as from its official layout."""
    state = tensors(fixture.state(net))
    arguments = fixture.arguments(net)
    clamp = arguments.get("synthesis_kwargs", {}).get("conv_clamp")
    mean = torch.zeros_like(state["style.1.bias"]) if "input.input" in state else None  # given apart
    return Checkpoint("", {"g": network_of(state, mean, clamp)}).generator()


def discriminator_of(fixture: Fixture, net: str = "discriminator") -> Discriminator:
    """Discriminator of a fixture, read as from its official layout."""
    arguments = fixture.arguments(net)
    group = arguments.get("epilogue_kwargs", {}).get("mbstd_group_size", 4)
    network = network_of(tensors(fixture.state(net)), None, arguments.get("conv_clamp"), group)
    return Checkpoint("", {"d": network}).discriminator()


@torch.no_grad()
def rosinality_generator(fixture: Fixture) -> Outputs:
    """Plain, truncated, from W+ and mixed."""
    made, given = generator_of(fixture), tensors(fixture.inputs)
    w = made.map(given["z"])
    made.w_avg.copy_(given["truncation_latent"][0])
    styles, truncated = made.styles(w), made.styles(w, psi=0.7)
    return {
        "latents": styles,
        "image": made.synthesise(styles),
        "latents_truncated": truncated,
        "image_truncated": made.synthesise(truncated),
        "image_wplus": made.synthesise(given["w_plus"]),
        "image_mixed": made.synthesise(made.mixed(w, made.map(given["z2"]), 4)),
    }


@torch.no_grad()
def nvidia_generator(fixture: Fixture) -> Outputs:
    """Plain, truncated with and without cutoff, from W+, without noise."""
    made, given = generator_of(fixture), tensors(fixture.inputs)
    w = made.map(given["z"])
    return {
        "ws": made.styles(w),
        "image": made.synthesise(made.styles(w)),
        "ws_truncated": made.styles(w, psi=0.7, cutoff=4),
        "image_truncated": made.synthesise(made.styles(w, psi=0.7)),
        "image_wplus": made.synthesise(given["w_plus"]),
        "image_nonoise": made.synthesise(made.styles(w), "none"),
    }


def discriminator(fixture: Fixture) -> Outputs:
    """Scores and their gradient."""
    made, images = discriminator_of(fixture), pictures(fixture).requires_grad_()
    logits = made(images)
    (gradient,) = torch.autograd.grad(logits.sum(), images)
    return {"logits": logits.detach(), "input_gradient": gradient}


@torch.no_grad()
def name_map(fixture: Fixture) -> Outputs:
    """NVIDIA's tensors through a file of the rosinality layout."""
    made = through_rosinality(generator_of(fixture))
    critic = Checkpoint("", {"d": network_of(rosinality_tensors(discriminator_of(fixture)))}).discriminator()
    return {
        "image": made(torch.from_numpy(fixture.inputs["z"]), psi=0.6),
        "logits": critic(pictures(fixture)),
    }


def rosinality_tensors(made: Generator | Discriminator) -> dict[str, Tensor]:
    """A network's table in the rosinality layout, filters included."""
    name = "g" if isinstance(made, Generator) else "d"
    table = rosinality_tables(Checkpoint("", {name: Network(made.config, made.state_dict())}))[name]
    assert isinstance(table, dict)
    return table


def through_rosinality(made: Generator) -> Generator:
    """The same generator after a change into the rosinality layout and back."""
    return Checkpoint("", {"g": network_of(rosinality_tensors(made), made.w_avg)}).generator()


@torch.no_grad()
def nvidia_snapshot(fixture: Fixture) -> list[Deviation]:
    """The snapshot as a file: its tensors' hashes, its pictures and scores."""
    checkpoint = read_checkpoint(fixture.folder / fixture.meta["file"])
    wrong = [
        f"{theirs}/{name}"
        for theirs, ours in (("G", "g"), ("G_ema", "g_ema"), ("D", "d"))
        for name in differing(fixture, theirs, checkpoint.networks[ours])
    ]
    z = torch.from_numpy(fixture.inputs["z"])
    found = compare(
        fixture,
        {
            "image_G_ema": checkpoint.generator("g_ema")(z),
            "image_G": checkpoint.generator("g")(z),
            "logits": checkpoint.discriminator()(pictures(fixture)),
        },
    )
    return [*found, Deviation(f"tensors {wrong[:3]}", float(len(wrong)), 0.5)]


def differing(fixture: Fixture, net: str, network: Network) -> list[str]:
    """Tensors whose bytes are not those that the fixture states."""
    stated = fixture.meta["states"][net]
    wrong = []
    for name in names_of(network):
        array = network.state[name.ours].contiguous().numpy()
        expected = stated[name.nvidia]
        if list(array.shape) != expected["shape"] or not sha256_of(array).startswith(expected["sha256"]):
            wrong.append(name.nvidia)
    return wrong


def sha256_of(array: Array) -> str:
    """Of the raw little-endian bytes."""
    return hashlib.sha256(array.tobytes()).hexdigest()
