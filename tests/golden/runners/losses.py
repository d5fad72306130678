"""Losses, penalties and their gradients."""

import torch
from torch import Tensor

from engine.stylegan2.losses import (
    discriminator_loss,
    generator_loss,
    path_lengths,
    path_penalty,
    r1_penalty,
)
from tests.golden.fixtures import Fixture, Outputs
from tests.golden.runners.stylegan2 import discriminator_of, generator_of, pictures, tensors

MEAN_BEFORE = {"rosinality": 0.37, "nvidia": 0.21}
"""Running mean of the path lengths at the start, as the fixtures' texts state it."""
GAIN_PATH, GAIN_R1 = 4, 16  # NVIDIA's gradients include how rarely a penalty is taken
PATH_WEIGHT = 2


def gradient(loss: Tensor, weight: Tensor) -> Tensor:
    """Of a loss with respect to one tensor."""
    (found,) = torch.autograd.grad(loss, weight, retain_graph=True)
    return found


def rosinality(fixture: Fixture) -> Outputs:
    """Values, and gradients of both penalties."""
    made, critic = generator_of(fixture), discriminator_of(fixture)
    given, images = tensors(fixture.inputs), pictures(fixture)
    scores = critic(images)
    r1 = r1_penalty(critic, images).mean()
    styles = made.styles(made.map(given["z"]))
    lengths = path_lengths(made.synthesise(styles), styles, given["pl_noise"])
    penalties, mean = path_penalty(lengths, torch.tensor(MEAN_BEFORE["rosinality"]))
    by_weight = gradient(penalties.mean(), made.layers[0].weight)
    return detached(
        {
            "r1": r1,
            "path_penalty": penalties.mean(),
            "path_mean": mean,
            "path_lengths": lengths,
            "d_logistic": discriminator_loss(scores, 0.5 * scores.flip(0)).mean(),
            "g_nonsaturating": generator_loss(scores).mean(),
            "grad_r1_convs_0_0_weight": gradient(r1, critic.from_rgb.weight),
            "grad_path_conv1_conv_weight": by_weight[None, ::16, ::16],
        }
    )


def nvidia(fixture: Fixture) -> Outputs:
    """The four phases of a training step, one after the other."""
    made, critic = generator_of(fixture), discriminator_of(fixture)
    given, images = tensors(fixture.inputs), pictures(fixture)
    found: dict[str, Tensor] = {}

    half = made.map(given["z"][:2])
    made.track_w_avg(half)
    styles = made.styles(half)
    lengths = path_lengths(made.synthesise(styles), styles, given["pl_noise"])
    penalties, found["pl_mean_after"] = path_penalty(lengths, torch.tensor(MEAN_BEFORE["nvidia"]))
    regular = penalties * PATH_WEIGHT
    loss = regular.mean() * GAIN_PATH
    found |= {"pl_penalty": penalties, "G_reg": regular, "w_avg_after": made.w_avg.clone()}
    found["grad_Greg_b4_conv1_weight"] = gradient(loss, made.layers[0].weight)[::16, ::16]
    found["grad_Greg_mapping_fc0_bias"] = gradient(loss, made.mapping[0].bias)

    drawn = made(given["z"])
    found["scores_fake"] = critic(drawn)
    found["G_loss"] = generator_loss(found["scores_fake"])
    found["grad_Gmain_b64_torgb_weight"] = gradient(found["G_loss"].mean(), made.to_rgb[-1].weight)

    found["r1_penalty"] = r1_penalty(critic, images)
    found["D_reg"] = found["r1_penalty"] * given["r1_gamma"] / 2
    found["grad_Dreg_b64_fromrgb_weight"] = gradient(found["D_reg"].mean() * GAIN_R1, critic.from_rgb.weight)

    found["scores_real"] = critic(images)
    found["D_loss"] = discriminator_loss(found["scores_real"], critic(drawn.detach()))
    found["grad_Dmain_b4_out_weight"] = gradient(found["D_loss"].mean(), critic.score.weight)
    return {name: value for name, value in detached(found).items() if name in fixture.golden}


def detached(values: dict[str, Tensor]) -> Outputs:
    """Values without their history."""
    return {name: value.detach() for name, value in values.items()}
