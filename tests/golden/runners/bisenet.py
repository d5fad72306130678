"""Face parsing."""

import torch

from engine.checkpoints.networks import filled_network
from engine.face.bisenet import BiSeNet
from engine.face.parsing import normalised
from tests.golden.fixtures import Fixture, Outputs
from tests.golden.runners.stylegan2 import tensors


@torch.no_grad()
def parser(fixture: Fixture) -> Outputs:
    """All three outputs; the class, and by how much it leads."""
    made = filled_network(BiSeNet, tensors(fixture.state("bisenet")))
    main, out16, out32 = made.all_outputs(normalised(fixture.inputs["image_u8"]))
    best = main[0].topk(2, dim=0).values
    return {
        "out": main,
        "out16": out16,
        "out32": out32,
        "argmax": main[0].argmax(dim=0),
        "argmax_margin": best[0] - best[1],
    }
