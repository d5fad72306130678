"""What SadTalker's parts cost: operations of each, and seconds of a frame beside the published way.

Weights are random, for neither depends on them. The published way (`as_published`) works out the picture's
features anew for each frame, one frame at a time, with every norm as it stands in the checkpoint.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from engine.talking.sadtalker.audio_networks import (
    CHUNK,
    EXPRESSION,
    HEARD,
    LATENT,
    POSE,
    ExpressionNetwork,
    PoseNetwork,
)
from engine.talking.sadtalker.fast import FastGenerator
from engine.talking.sadtalker.generator import Features, Generator, GeneratorSize
from engine.talking.sadtalker.keypoints import KeypointDetector, MappingNetwork
from engine.talking.sadtalker.layers import SpectralConv2d
from engine.talking.sadtalker.reconstruction import Reconstruction

TURN = 0.05  # how far key points are moved, of half a picture


@dataclass(frozen=True)
class Part:
    """Operations of one part.

    Attributes
    ----------
    per : "talk" or "frame"
    gigamacs : 10^9 multiplications with addition
    """

    name: str
    per: str
    gigamacs: float


@dataclass(frozen=True)
class Timing:
    """Seconds of a frame.

    Attributes
    ----------
    error : norm of the difference from the published way over its norm
    """

    name: str
    seconds: float
    error: float


def operations(side: int = 256, size: GeneratorSize | None = None) -> list[Part]:
    """Count multiplications of every part, without computing anything."""
    with torch.device("meta"):
        generator, keypoints = Generator(size).eval(), torch.zeros(1, 15, 3)
        picture, frames = torch.zeros(1, 3, side, side), torch.zeros(1, 1, 80, 16)
        features, label = generator.features(picture), generator.size.expansion * 4
        warped = generator.motion(features, keypoints, keypoints)
        seen = torch.zeros(1, label, side // 4, side // 4)
        pose, heard = PoseNetwork().eval(), torch.zeros(1, CHUNK, HEARD)
        parts: list[tuple[str, str, Callable[[], object], float]] = [
            (
                "face reconstruction",
                "character",
                lambda: Reconstruction().eval()(torch.zeros(1, 3, 224, 224)),
                1,
            ),
            ("key points", "talk", lambda: KeypointDetector().eval()(picture), 1),
            ("features of the picture", "talk", lambda: generator.features(picture), 1),
            (
                "expression",
                "frame",
                lambda: ExpressionNetwork().eval()(frames, torch.zeros(1, EXPRESSION), torch.zeros(1, 1)),
                1,
            ),
            ("pose: audio", "frame", lambda: pose.hear(frames), 1),
            (
                "pose: chunk",
                "frame",
                lambda: pose.chunks(heard, torch.zeros(POSE), 0, torch.zeros(1, LATENT)),
                CHUNK,
            ),
            ("mapping", "frame", lambda: MappingNetwork(70).eval()(torch.zeros(1, 70, 27)), 1),
            ("dense motion", "frame", lambda: generator.motion(features, keypoints, keypoints), 1),
            ("warped volume", "frame", lambda: generator.painted(features, warped), 1),
            ("decoder", "frame", lambda: generator.decoder(seen), 1),
        ]
        found = [Part(name, per, _gigamacs(work) / frames_of) for name, per, work, frames_of in parts]
    decoder = found[-1].gigamacs
    found[-2] = Part("warped volume", "frame", found[-2].gigamacs - decoder)
    return found


@torch.no_grad()
def _gigamacs(work: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops()) / 2e9


def random_generator(size: GeneratorSize | None = None, seed: int = 0) -> Generator:
    """A generator with random weights of usual size."""
    torch.manual_seed(seed)
    made = Generator(size).eval().requires_grad_(False)
    for layer in made.modules():
        if isinstance(layer, SpectralConv2d):
            torch.nn.init.kaiming_normal_(layer.weight_orig, nonlinearity="linear")
            v = torch.nn.functional.normalize(torch.randn(layer.weight_orig[0].numel()), dim=0)
            u = torch.nn.functional.normalize(layer.weight_orig.flatten(1) @ v, dim=0)
            layer.register_buffer("weight_v", v)
            layer.register_buffer("weight_u", u)
    return made


@dataclass(frozen=True)
class Scene:
    """A picture (1, 3, side, side), its key points (1, K, 3) and those of frames (N, K, 3)."""

    picture: Tensor
    source: Tensor
    driving: Tensor


def random_scene(side: int, frames: int, keypoints: int = 15, seed: int = 0) -> Scene:
    """A smooth picture and key points that move a little."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 8, 8, generator=generator)
    picture = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    source = torch.rand(1, keypoints, 3, generator=generator) - 0.5
    moves = torch.randn(frames, keypoints, 3, generator=generator) * TURN
    return Scene(picture, source, source + moves)


@torch.inference_mode()
def as_published(generator: Generator, scene: Scene) -> Tensor:
    """Frames (N, 3, side, side), everything anew for each."""
    return torch.cat([generator(scene.picture, scene.source, one[None])[0] for one in scene.driving])


def rendered(generator: FastGenerator, features: Features, scene: Scene, batch: int) -> Tensor:
    """The same frames as the engine draws them."""
    drawn: list[Tensor] = []
    for first in range(0, len(scene.driving), batch):
        driving = scene.driving[first : first + batch]
        alike = Features(*(layer.expand(len(driving), *layer.shape[1:]) for layer in features))
        picture, _ = generator.render(alike, scene.source.expand(len(driving), -1, -1), driving)
        drawn.append(picture.cpu())
    return torch.cat(drawn)


def compare(
    side: int = 256, frames: int = 4, batch: int = 2, runs: int = 1, size: GeneratorSize | None = None
) -> list[Timing]:
    """Measure the published way, ours, and ours in bfloat16 where the machine has it, in turn in one run."""
    plain = random_generator(size)
    scene = random_scene(side, frames, plain.size.keypoints)
    ways = {"ours, float32": torch.float32}
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():  # where oneDNN is not there, it says no
        ways["ours, bfloat16"] = torch.bfloat16
    made = {name: FastGenerator(plain, "cpu", precision) for name, precision in ways.items()}
    best = dict.fromkeys(("as published", *made), float("inf"))
    pictures: dict[str, Tensor] = {}

    def timed(name: str, work: Callable[[], Tensor]) -> None:
        started = time.perf_counter()
        pictures[name] = work()
        best[name] = min(best[name], (time.perf_counter() - started) / frames)

    for _ in range(runs):
        timed("as published", lambda: as_published(plain, scene))
        for name, fast in made.items():
            timed(name, lambda fast=fast: rendered(fast, fast.features(scene.picture), scene, batch))  # type: ignore[misc]
    exact = pictures["as published"]
    return [
        Timing(name, seconds, float((pictures[name] - exact).norm() / exact.norm()))
        for name, seconds in best.items()
    ]
