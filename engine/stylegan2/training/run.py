"""What a run consists of: networks, optimisers, counters. `state` keeps it, `step` moves it on."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.checkpoints.errors import CheckpointMismatch
from engine.stylegan2.augment import BGC, BGCFNC, Augment
from engine.stylegan2.checkpoint import Checkpoint
from engine.stylegan2.config import DiscriminatorConfig
from engine.stylegan2.discriminator import Discriminator
from engine.stylegan2.generator import Generator
from engine.stylegan2.training.choices import Augmentation, Pipeline
from engine.stylegan2.training.errors import WrongBase
from engine.stylegan2.training.freeze import freeze
from engine.stylegan2.training.options import Options, Sizes

BETAS = (0.0, 0.99)
EPSILON = 1e-8


@dataclass
class Run:
    """Everything that changes while training.

    Attributes
    ----------
    g, d : the networks that learn
    g_ema : average of `g` over the last steps; the one that draws for people
    augment : its `p` is a copy of `p`
    step : steps taken
    p : probability of augmentation
    path_mean : (), running mean of path lengths
    microbatch : pictures at once in each process
    """

    options: Options
    g: Generator
    d: Discriminator
    g_ema: Generator
    augment: Augment
    adam_g: torch.optim.Adam
    adam_d: torch.optim.Adam
    path_mean: Tensor
    microbatch: int
    step: int = 0
    p: float = 0.0

    @property
    def pictures(self) -> int:
        """Real pictures shown so far."""
        return self.step * self.options.batch

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.path_mean.device


def networks_of(base: Checkpoint) -> tuple[Generator, Discriminator]:
    """The two networks of a checkpoint to be trained further.

    Raises
    ------
    WrongBase
        when one is missing or they do not fit together
    """
    try:
        g, d = base.generator(), base.discriminator()
    except CheckpointMismatch as error:
        raise WrongBase(str(error), why=str(error)) from error
    if g.config.resolution != d.config.resolution:
        sides = f"{g.config.resolution} px, {d.config.resolution} px"
        raise WrongBase(sides, why=sides)
    return g, d


def resolution_of(base: Checkpoint) -> int:
    """Side of a checkpoint's pictures, px.

    Raises
    ------
    WrongBase
        when it has no discriminator, or nothing else
    """
    if "d" not in base.networks or len(base.networks) < 2:
        have = ", ".join(base.networks)
        raise WrongBase(f"the file has {have}; generator and discriminator are needed", why=have)
    return base.networks["d"].config.resolution


def new_networks(sizes: Sizes, seed: int) -> tuple[Generator, Discriminator]:
    """Two networks that know nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = Generator(sizes.generator).arranged()
        d = Discriminator(DiscriminatorConfig(sizes.resolution, sizes.channels))
        return g, d.to(memory_format=torch.channels_last)


def new_run(
    g: Generator, d: Discriminator, options: Options, microbatch: int, device: torch.device | None = None
) -> Run:
    """A run at its beginning."""
    device = device or torch.device("cpu")
    g, d = g.train().requires_grad_(True).to(device), d.train().requires_grad_(True).to(device)
    freeze(d, options.freeze_d)
    augment = Augment(BGC if options.pipeline is Pipeline.BGC else BGCFNC).to(device)
    run = Run(
        options=options,
        g=g,
        d=d,
        g_ema=copy.deepcopy(g).eval().requires_grad_(False),
        augment=augment,
        adam_g=_adam(g, options.rate, options.path_every),
        adam_d=_adam(d, options.rate, options.r1_every),
        path_mean=torch.zeros((), device=device),
        microbatch=microbatch,
    )
    set_p(run, options.fixed_p if options.augmentation is Augmentation.FIXED else 0.0)
    return run


def set_p(run: Run, p: float) -> None:
    """Augment with another probability."""
    run.p = p
    run.augment.p.fill_(p)


def _adam(network: nn.Module, rate: float, every: int) -> torch.optim.Adam:
    """Adam for a network with a penalty every so many steps, which is a step of its own.

    Karras et al. 2020, appendix B: with k + 1 steps where there were k, rate and decay are slowed down.
    """
    share = every / (every + 1)
    betas = (BETAS[0] ** share, BETAS[1] ** share)
    return torch.optim.Adam(learning(network), lr=rate * share, betas=betas, eps=EPSILON)


def learning(network: nn.Module) -> list[nn.Parameter]:
    """Weights that are not frozen."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]
