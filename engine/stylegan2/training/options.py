"""What a run of training is told, and the published rules where it is told nothing."""

from dataclasses import dataclass

from engine.stylegan2.config import RESOLUTIONS, GeneratorConfig, channels_for
from engine.stylegan2.training.choices import Augmentation, Pipeline, Precision
from engine.stylegan2.training.errors import WrongOptions

PHASES_REPEAT = 16  # steps: R1 every 16, path length every 4, ADA every 4


@dataclass(frozen=True)
class Options:
    """What decides the numbers of a run. The defaults are those of NVIDIA's ADA training.

    Attributes
    ----------
    batch : pictures a step, over all processes
    gamma : weight of R1
    ema_kimg : half-life of the averaged generator, thousands of pictures
    ema_rampup : the half-life is at most this share of what was shown so far; None is no limit
    rate : of Adam
    freeze_d : so many layers of the discriminator stay as they are, counted from the picture; see `freeze`
    ada_target : share of real pictures taken for real, less those not, that ADA steers to
    ada_kimg : p moves by 1 in so many thousands of pictures
    fixed_p : p where the augmentation is `FIXED`
    style_mixing : probability of two styles in one picture
    """

    batch: int
    gamma: float
    ema_kimg: float
    ema_rampup: float | None
    rate: float = 0.0025
    freeze_d: int = 0
    augmentation: Augmentation = Augmentation.ADA
    pipeline: Pipeline = Pipeline.BGC
    ada_target: float = 0.6
    ada_kimg: float = 500.0
    fixed_p: float = 0.2
    mirror: bool = True
    style_mixing: float = 0.9
    r1_every: int = 16
    path_every: int = 4
    path_weight: float = 2.0
    precision: Precision = Precision.FLOAT32
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch < 1 or self.rate <= 0 or self.gamma < 0 or self.ada_kimg <= 0 or self.ema_kimg <= 0:
            raise WrongOptions(f"numbers out of range: {self}", why="batch, rate, gamma, kimg")
        if not 0 <= self.fixed_p <= 1:
            raise WrongOptions(f"p is {self.fixed_p}", why="0 <= p <= 1")
        if PHASES_REPEAT % self.r1_every or PHASES_REPEAT % self.path_every:
            raise WrongOptions("penalties do not repeat", why=f"{PHASES_REPEAT} % every")


def auto_batch(resolution: int) -> int:
    """Pictures a step: NVIDIA's rule `auto` for one GPU."""
    return max(min(4096 // resolution, 32), 1)


def auto_gamma(resolution: int, batch: int) -> float:
    """Weight of R1: NVIDIA's rule `auto`."""
    return 0.0002 * resolution**2 / batch


def auto_ema_kimg(batch: int) -> float:
    """Half-life of the averaged generator: NVIDIA's rule `auto`."""
    return batch * 10 / 32


def auto_rate(resolution: int) -> float:
    """Learning rate."""
    return 0.002 if resolution >= 1024 else 0.0025


def auto_ada_kimg(from_base: bool) -> float:
    """Thousands of pictures in which p moves by 1."""
    return 100.0 if from_base else 500.0


def auto_rampup(from_base: bool) -> float | None:
    """See `Options.ema_rampup`."""
    return None if from_base else 0.05


@dataclass(frozen=True)
class Sizes:
    """Networks that begin with nothing; what is None follows NVIDIA's rule `auto`.

    Attributes
    ----------
    channel_base : see `channels_for`
    latent : length of random vector and style vector
    """

    resolution: int
    channel_base: int | None = None
    channel_max: int = 512
    latent: int = 512
    mapping_depth: int = 2

    def __post_init__(self) -> None:
        if self.resolution not in RESOLUTIONS:
            known = ", ".join(str(side) for side in RESOLUTIONS)
            raise WrongOptions(f"{self.resolution} px", why=f"--resolution {self.resolution}: {known}")
        if min(self.channels) < 1:
            raise WrongOptions(
                f"{self.channels} channels",
                why=f"--channel-base {self.channel_base} < --resolution {self.resolution}",
            )

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of both networks."""
        base = self.channel_base or (32768 if self.resolution >= 512 else 16384)
        return channels_for(self.resolution, base, self.channel_max)

    @property
    def generator(self) -> GeneratorConfig:
        """Sizes of the generator."""
        return GeneratorConfig(self.resolution, self.channels, self.latent, self.latent, self.mapping_depth)
