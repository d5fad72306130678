"""The encoders e4e and pSp, alone and with their generator."""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from engine.stylegan2.encoder_files import encoder_of, read_inverter
from tests.golden.fixtures import Fixture, Outputs
from tests.golden.runners.stylegan2 import pictures, tensors

DELTA5 = 5  # stage of e4e's training whose output is stored beside the last one's
TYPES = {"e4e": "Encoder4Editing", "psp": "GradualStyleEncoder"}


def kind_of(fixture: Fixture) -> str:
    """Which of the two it is."""
    return fixture.name.partition("_")[0]


@torch.no_grad()
def encoder(fixture: Fixture) -> Outputs:
    """Styles without the mean; of e4e also after two earlier stages of its training."""
    kind = "e4e" if kind_of(fixture) == "e4e" else "psp"
    made, image = encoder_of(tensors(fixture.state("encoder")), kind), pictures(fixture)
    found = {"w_plus": made(image)}
    if kind == "e4e":
        found |= {"w_stage_WTraining": made(image, 0), "w_stage_Delta5": made(image, DELTA5)}
    return found


@torch.no_grad()
def inverter(fixture: Fixture) -> Outputs:
    """The whole checkpoint as a file in the official layout."""
    content = {
        "state_dict": {
            f"{net}.{name}": tensor
            for net in ("encoder", "decoder")
            for name, tensor in tensors(fixture.state(net)).items()
        },
        "latent_avg": torch.from_numpy(fixture.inputs["latent_avg"]),
        "opts": {"encoder_type": TYPES[kind_of(fixture)], "start_from_latent_avg": True},
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "inverter.pt"
        torch.save(content, path)
        image, styles = read_inverter(path)(pictures(fixture))
    return {"image": image, "latents": styles}
