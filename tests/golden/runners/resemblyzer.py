"""The speaker encoder; the outputs `pretrained_*` need the weights that an operator has fetched."""

import sys

import numpy as np
import torch

from engine.checkpoints.networks import filled_network
from engine.checkpoints.threads import one_thread
from engine.talking.makeittalk.networks import speaker_encoder
from engine.talking.makeittalk.sound import amplified
from engine.talking.makeittalk.speaker import LOUDNESS, SpeakerEncoder, embedding, mel_of, partials
from engine.weights import RESEMBLYZER, WeightsMissing, WeightStore
from tests.golden.fixtures import Deviation, Fixture, compare
from tests.golden.runners.stylegan2 import tensors

PRETRAINED = f"pretrained_* left out: mytalkcon weights fetch {RESEMBLYZER}"


@one_thread()
@torch.no_grad()
def encoder(fixture: Fixture) -> list[Deviation]:
    """Filled weights; the real ones too where they are."""
    made = filled_network(SpeakerEncoder, tensors(fixture.state("encoder")))
    mels = tensors(fixture.inputs)["mels"]
    sound = np.asarray(fixture.inputs["wav_int16"] / np.float32(32768), np.float32)
    loud = amplified(sound, LOUDNESS, only_louder=True)
    outputs: dict[str, object] = {
        "embeds": made(mels),
        "preprocessed_length": len(loud),
        "mel_of_normalised": mel_of(loud),
    }
    try:
        real = speaker_encoder(WeightStore().locate(RESEMBLYZER))
    except WeightsMissing:
        print(f"{fixture.name}: {PRETRAINED}", file=sys.stderr)
    else:
        outputs |= {
            "pretrained_embeds_mels": real(mels),
            "pretrained_partials": real(torch.from_numpy(partials(loud))),
            "pretrained_embed_normalised": embedding(real, loud),
            "pretrained_embed_preprocessed": embedding(real, loud),
        }
    return compare(fixture, outputs, all_of_them=False)
