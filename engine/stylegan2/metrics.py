"""How near drawn pictures come to real ones, KID and FID, and how smoothly a generator moves, PPL.

KID: Binkowski et al. 2018, "Demystifying MMD GANs". FID: Heusel et al. 2017. PPL: Karras et al. 2019 and
2020, the variant `ppl2_wend`. KID and FID compare features (N, D), whatever saw the pictures; numbers of
different features cannot be compared with each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.stylegan2.generator import Generator

Features = NDArray[np.floating[Any]]
"""What a network says of pictures, (N, D)."""

DistanceOfEach = Callable[[Tensor, Tensor], Tensor]
"""Pictures (B, 3, H, W) and (B, 3, H, W) in [-1, 1] -> (B,), the LPIPS of each pair."""

SUBSETS, LARGEST_SUBSET = 100, 1000  # as the KID of most papers is taken
EPSILON = 1e-4  # how far apart the two ends of a step are in W
LARGEST_SEEN = 256  # px; larger pictures are averaged down to it before LPIPS
TRIMMED = (1.0, 99.0)  # percentiles outside which steps are left out
PAIRS_AT_ONCE = 4


@dataclass(frozen=True)
class Kid:
    """Squared distance of two sets of pictures; 0 is expected of two halves of one set.

    Attributes
    ----------
    value : mean over the subsets; unbiased, so it may fall below 0
    spread : standard deviation over the subsets; 0 where the whole sets were one subset
    subset : pictures of the smaller side of a subset
    """

    value: float
    spread: float
    subset: int


def kid(
    real: Features, drawn: Features, seed: int = 0, subsets: int = SUBSETS, largest: int = LARGEST_SUBSET
) -> Kid:
    """Kernel inception distance: unbiased squared MMD with the kernel (x y / D + 1)^3.

    Parameters
    ----------
    real, drawn : (N, D) and (M, D), N and M at least 2
    seed : of the subsets
    subsets : how many are drawn where a set is larger than one
    largest : pictures of each set in a subset; a smaller set is taken whole

    Raises
    ------
    ValueError
        when a set has fewer than two pictures, or the widths differ
    """
    _check(real, drawn)
    random = np.random.default_rng(seed)
    whole = max(len(real), len(drawn)) <= largest
    values = [
        _squared_mmd(_drawn_from(real, largest, random), _drawn_from(drawn, largest, random))
        for _ in range(1 if whole else subsets)
    ]
    return Kid(float(np.mean(values)), float(np.std(values)), min(len(real), len(drawn), largest))


def _drawn_from(features: Features, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    if len(features) > count:
        features = features[random.choice(len(features), count, replace=False)]
    return features.astype(np.float64)


def _squared_mmd(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Unbiased: a picture is not compared with itself."""

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((a @ b.T / a.shape[1] + 1.0) ** 3)

    def within(a: NDArray[np.float64]) -> float:
        among = kernel(a, a)
        return float((among.sum() - np.trace(among)) / (len(a) * (len(a) - 1)))

    return within(x) + within(y) - 2.0 * float(kernel(x, y).mean())


def fid(real: Features, drawn: Features) -> float:
    """Frechet distance of the two normal distributions that features (N, D) and (M, D) are taken for.

    It is biased by the number of pictures: the published figures take 50,000 drawn ones.

    Raises
    ------
    ValueError
        when a set has fewer than two pictures, or the widths differ
    """
    _check(real, drawn)
    means, covariances = zip(*(_moments(one) for one in (real, drawn)), strict=True)
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    # the eigenvalues of C1 C2 are those of this symmetric matrix, which has an exact solver
    shared = np.linalg.eigvalsh(root @ covariances[1] @ root)
    traces = np.trace(covariances[0]) + np.trace(covariances[1]) - 2.0 * np.sqrt(shared.clip(0)).sum()
    return float(np.square(means[0] - means[1]).sum() + traces)


def _moments(features: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and covariance (D, D)."""
    exact = features.astype(np.float64)
    return exact.mean(axis=0), np.atleast_2d(np.cov(exact, rowvar=False))


def _check(real: Features, drawn: Features) -> None:
    if min(len(real), len(drawn)) < 2:
        raise ValueError(f"{len(real)} and {len(drawn)} pictures: at least 2 of each are needed")
    if real.shape[1:] != drawn.shape[1:]:
        raise ValueError(f"features of shapes {real.shape[1:]} and {drawn.shape[1:]}")


@torch.inference_mode()
def path_length(generator: Generator, distance: DistanceOfEach, pairs: int, seed: int = 0) -> float:
    """Perceptual path length: LPIPS of two pictures a small step in W apart, over the step squared.

    LPIPS is itself a sum of squared differences, so it is not squared again. The step starts at the drawn w
    (the end of its path to another one); both pictures have the stored noise. Published figures are means
    of 50,000 pairs.

    Parameters
    ----------
    distance : LPIPS
    pairs : how many steps are taken
    seed : of the random vectors
    """
    found = np.concatenate(list(_steps(generator, distance, pairs, seed)))
    low = np.percentile(found, TRIMMED[0], method="lower")
    high = np.percentile(found, TRIMMED[1], method="higher")
    return float(found[(found >= low) & (found <= high)].mean())


def _steps(
    generator: Generator, distance: DistanceOfEach, pairs: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """LPIPS / EPSILON^2 of so many steps, a batch at a time."""
    random = torch.Generator().manual_seed(seed)
    device = generator.w_avg.device
    for begin in range(0, pairs, PAIRS_AT_ONCE):
        count = min(PAIRS_AT_ONCE, pairs - begin)
        z = torch.randn(2 * count, generator.config.z_dim, generator=random).to(device)
        start, far = generator.map(z).chunk(2)
        ends = torch.cat([start, torch.lerp(start, far, EPSILON)])
        before, after = _averaged_down(generator.synthesise(generator.styles(ends))).chunk(2)
        yield distance(before, after).double().cpu().numpy() / EPSILON**2


def _averaged_down(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) -> sides of at most LARGEST_SEEN, by means of blocks."""
    factor = max(1, pictures.shape[-1] // LARGEST_SEEN)
    return torch.nn.functional.avg_pool2d(pictures, factor) if factor > 1 else pictures
