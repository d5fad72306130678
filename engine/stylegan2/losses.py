"""What training minimises: non-saturating loss, R1, path length.

Goodfellow et al. 2014 (the loss), Mescheder et al. 2018 (R1), Karras et al. 2020, section 3.2 (path length).
Penalties are given for each picture; who trains takes their mean and weighs them.
"""

from collections.abc import Callable
from math import sqrt

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

PATH_DECAY = 0.01  # of the running mean of path lengths


def generator_loss(fake_scores: Tensor) -> Tensor:
    """Scores of drawn pictures (B, 1) -> loss (B, 1): small where they were taken for real."""
    return F.softplus(-fake_scores)


def discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Scores (B, 1) of real and drawn pictures -> loss (B, 1)."""
    return F.softplus(fake_scores) + F.softplus(-real_scores)


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """How steep the scores are at real pictures: squared gradient summed over a picture.

    Parameters
    ----------
    discriminator : pictures (B, 3, H, W) -> scores (B, 1)
    real : (B, 3, H, W)

    Returns
    -------
    (B,), differentiable. Training minimises gamma / 2 times its mean
    """
    real = real.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3))


def path_lengths(pictures: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """How much pictures change with their styles.

    Parameters
    ----------
    pictures : (B, 3, H, W), synthesised from `styles`
    styles : (B, num_ws, w_dim)
    noise : standard normal, as `pictures`

    Returns
    -------
    (B,), differentiable
    """
    projected = (pictures * noise).sum() / sqrt(pictures.shape[2] * pictures.shape[3])
    (gradient,) = torch.autograd.grad(projected, styles, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """How far path lengths are from their running mean.

    Parameters
    ----------
    lengths : (B,)
    mean : (), the running mean so far

    Returns
    -------
    penalty (B,), whose gradient also flows through the new mean, and that mean, detached
    """
    followed = torch.lerp(mean, lengths.mean(), PATH_DECAY)
    return (lengths - followed).square(), followed.detach()
