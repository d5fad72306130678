"""The augmentation at fixed percentiles."""

import torch

from engine.stylegan2.augment import Augment, Strengths
from tests.golden.fixtures import Fixture, Outputs
from tests.golden.runners.stylegan2 import pictures

OURS = {
    "xflip": "flip",
    "rotate90": "quarter_turn",
    "xint": "move_whole",
    "scale": "scale",
    "rotate": "turn",
    "aniso": "anisotropy",
    "xfrac": "move",
    "brightness": "brightness",
    "contrast": "contrast",
    "lumaflip": "luma_flip",
    "hue": "hue",
    "saturation": "saturation",
    "imgfilter": "band_filter",
    "noise": "noise",
    "cutout": "cutout",
}
"""NVIDIA's names of the changes -> ours."""


@torch.no_grad()
def pipeline(fixture: Fixture) -> Outputs:
    """Output NAME_PERCENTILE: the set of changes NAME of the fixture at that percentile; and the filters."""
    images, noise = pictures(fixture), torch.from_numpy(fixture.inputs["noise"])
    plain = Augment()
    found = {"Hz_geom": plain.geometry_filter, "Hz_fbank": plain.filter_bank}
    for output, golden in fixture.golden.items():
        name, _, percentile = output.rpartition("_")
        if name in fixture.meta["specs"]:
            spec = fixture.meta["specs"][name]
            changes = Augment(Strengths(**{OURS[theirs]: float(how) for theirs, how in spec.items()}))
            found[output] = changes(images, float(percentile), noise)[: len(golden)]
        elif output == "all_off":
            found[output] = Augment(Strengths())(images)[: len(golden)]
    return found
