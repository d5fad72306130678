"""One step of training: generator, path length, discriminator, R1; then average and probability follow.

A phase goes through its microbatches one after the other, over all processes: which process computes which
changes nothing, for random numbers follow from the microbatch's number.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from engine.devices import memory_told
from engine.stylegan2.losses import (
    discriminator_loss,
    generator_loss,
    path_lengths,
    path_penalty,
    r1_penalty,
)
from engine.stylegan2.training.adaptive import EVERY, moved
from engine.stylegan2.training.choices import Augmentation, Precision
from engine.stylegan2.training.data import Drawings
from engine.stylegan2.training.errors import TooLarge
from engine.stylegan2.training.run import Run, learning, set_p
from engine.stylegan2.training.team import Team

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """Each is a step of an optimiser; each has random numbers of its own."""

    GENERATOR = "generator"
    PATH = "path"
    DISCRIMINATOR = "discriminator"
    R1 = "r1"


Measures = dict[str, Tensor]
"""Means over a microbatch, by name; float32 tensors."""

Part = tuple[Tensor, Measures]
"""Loss of a microbatch (), and what was measured on the way."""


@dataclass(frozen=True)
class Trainer:
    """Moves a run on, in one of the processes of a team."""

    run: Run
    drawings: Drawings
    team: Team = Team()  # noqa: RUF009  (frozen: one alone)

    def step(self) -> Measures:
        """Take a step; returns what was measured, means over the batch.

        Raises
        ------
        TooLarge
            when not even one picture at once fits into memory
        """
        run, options = self.run, self.run.options
        measured = self._phase(Phase.GENERATOR, run.g, run.adam_g, self._draw)
        w_mean = measured.pop("w")
        run.g.track_w_avg(w_mean[None])
        if run.step % options.path_every == 0:
            measured |= self._phase(Phase.PATH, run.g, run.adam_g, self._path)
            run.path_mean.copy_(measured["path length, mean"])
        measured |= self._phase(Phase.DISCRIMINATOR, run.d, run.adam_d, self._judge)
        if run.step % options.r1_every == 0:
            measured |= self._phase(Phase.R1, run.d, run.adam_d, self._r1)
        run.step += 1
        self._average()
        return measured

    def steer(self, r_t: float) -> None:
        """Let p follow the mean sign of real scores over the last EVERY steps."""
        options = self.run.options
        if options.augmentation is Augmentation.ADA:
            pictures = EVERY * options.batch
            set_p(self.run, moved(self.run.p, r_t, pictures, options.ada_target, options.ada_kimg))

    def _phase(
        self,
        phase: Phase,
        network: nn.Module,
        adam: torch.optim.Optimizer,
        part: Callable[[range], Part],
    ) -> Measures:
        """Gradients of all microbatches, added up over the team; then a step of the optimiser."""
        run, weights = self.run, learning(network)
        while True:
            crowded, totals = False, {}
            try:
                with memory_told():
                    totals = self._gradients(phase, network, part)
            except MemoryError:
                crowded = True
            if not self.team.any(crowded):
                break
            self._halve()
        gradients = [_gradient(weight) for weight in weights]
        self.team.add_up([*gradients, *totals.values()])
        adam.step()
        for weight in weights:
            weight.grad = None
        log.debug("step %d, %s", run.step, phase)
        return totals

    def _gradients(self, phase: Phase, network: nn.Module, part: Callable[[range], Part]) -> Measures:
        run = self.run
        batch, size = run.options.batch, run.microbatch
        for weight in learning(network):
            weight.grad = None
        totals: Measures = {}
        with _only(network, run.g if network is run.d else run.d), _precision(run, phase):
            for number in self.team.share(batch // size):
                torch.manual_seed(_seed(run.options.seed, run.step, phase, number))
                loss, measures = part(range(number * size, (number + 1) * size))
                (loss * size / batch).backward()  # type: ignore[no-untyped-call]
                for name, value in measures.items():
                    share = value.detach().float() * (size / batch)
                    totals[name] = totals[name] + share if name in totals else share
        return totals

    def _halve(self) -> None:
        """At most half as many pictures at once from here on; more microbatches make up for it."""
        run = self.run
        for weight in (*run.g.parameters(), *run.d.parameters()):
            weight.grad = None
        before = run.microbatch
        fewer = next((count for count in range(before // 2, 0, -1) if before % count == 0), None)
        if fewer is None:
            raise TooLarge("not one picture fits into memory")
        run.microbatch = fewer
        log.warning("out of memory: %d pictures at once from here on", run.microbatch)
        if run.device.type == "cuda":
            torch.cuda.empty_cache()

    def _styles(self, count: int) -> tuple[Tensor, Tensor]:
        """Styles (count, num_ws, w_dim) of random vectors, sometimes two a picture; the w (count, w_dim)."""
        g = self.run.g
        first, second = g.map(torch.randn(2 * count, g.config.z_dim, device=self.run.device)).chunk(2)
        mixes = torch.rand(()) < self.run.options.style_mixing
        crossing = int(torch.randint(1, g.config.num_ws, ())) if mixes else g.config.num_ws
        return g.mixed(first, second, crossing), first

    def _draw(self, part: range) -> Part:
        styles, w = self._styles(len(part))
        scores = self.run.d(self._augmented(self.run.g.synthesise(styles, noise="random")))
        loss = generator_loss(scores).mean()
        return loss, {"generator loss": loss, "w": w.mean(dim=0)}

    def _path(self, part: range) -> Part:
        """Half a microbatch: pictures that remember how they were made take more memory."""
        run = self.run
        styles, _ = self._styles(max(1, len(part) // 2))
        pictures = run.g.synthesise(styles, noise="random")
        lengths = path_lengths(pictures, styles, torch.randn_like(pictures))
        penalty, mean = path_penalty(lengths, run.path_mean)
        loss = penalty.mean() * run.options.path_weight * run.options.path_every
        return loss, {"path length": lengths.mean(), "path length, mean": mean}

    def _judge(self, part: range) -> Part:
        run = self.run
        with torch.no_grad():
            drawn = run.g.synthesise(self._styles(len(part))[0], noise="random")
        of_drawn = run.d(self._augmented(drawn))
        of_real = run.d(self._augmented(self._real(part)))
        loss = discriminator_loss(of_real, of_drawn).mean()
        return loss, {
            "discriminator loss": loss,
            "score, real": of_real.mean(),
            "score, drawn": of_drawn.mean(),
            "r_t": of_real.sign().mean(),
        }

    def _r1(self, part: range) -> Part:
        run = self.run
        penalty = r1_penalty(lambda pictures: run.d(self._augmented(pictures)), self._real(part)).mean()
        return penalty * run.options.gamma / 2 * run.options.r1_every, {"r1": penalty}

    def _real(self, part: range) -> Tensor:
        run = self.run
        begin = run.pictures + part.start
        real = self.drawings.shown(begin, len(part), run.options.seed, run.device)
        if not run.options.mirror:
            return real
        mirrored = torch.rand(len(part), 1, 1, 1, device=run.device) < 0.5
        return torch.where(mirrored, real.flip(3), real)

    def _augmented(self, pictures: Tensor) -> Tensor:
        if self.run.options.augmentation is Augmentation.NONE:
            return pictures
        changed: Tensor = self.run.augment(pictures)
        return changed

    @torch.no_grad()
    def _average(self) -> None:
        """The averaged generator follows."""
        run, options = self.run, self.run.options
        half_life = options.ema_kimg * 1000
        if options.ema_rampup is not None:
            half_life = min(half_life, run.pictures * options.ema_rampup)
        decay = 0.5 ** (options.batch / max(half_life, 1e-8))
        torch._foreach_lerp_(list(run.g_ema.parameters()), list(run.g.parameters()), 1.0 - decay)
        run.g_ema.w_avg.copy_(run.g.w_avg)


def _gradient(weight: nn.Parameter) -> Tensor:
    """Weights that a phase does not reach have gradient zero in every process."""
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    return weight.grad


def _seed(seed: int, step: int, phase: Phase, microbatch: int) -> int:
    text = f"{seed} {step} {phase} {microbatch}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")


@contextmanager
def _only(learns: nn.Module, other: nn.Module) -> Iterator[None]:
    """The other network's weights take no gradients meanwhile."""
    resting = learning(other)
    for weight in resting:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in resting:
            weight.requires_grad_(True)


@contextmanager
def _precision(run: Run, phase: Phase) -> Iterator[None]:
    """Networks in half precision; not for the penalties, whose gradients of gradients lose too much."""
    half = run.options.precision is Precision.BFLOAT16 and phase in (Phase.GENERATOR, Phase.DISCRIMINATOR)
    run.g.precision = run.d.precision = torch.bfloat16 if half else torch.float32
    try:
        yield
    finally:
        run.g.precision = run.d.precision = torch.float32
