"""Who speaks, as 256 numbers: the network and the sound of Resemblyzer's voice encoder (Apache-2.0).

Wan et al., "Generalized End-to-End Loss for Speaker Verification" (ICASSP 2018). The package itself is not
installed: its weight file is taken out of its wheel. What it does by webrtcvad (leaving out pauses) is
done by our own silence detector.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from engine.arrays import FloatMap, Samples
from engine.speech.acoustics import RATE as STEPS_PER_SECOND
from engine.speech.acoustics import loudness, pauses
from engine.speech.mel import Spectrum
from engine.talking.makeittalk.sound import amplified
from engine.voice import ANALYSIS_RATE

PARTIAL = 160  # mel frames at once: 1.6 s
STEP = 50  # mel frames between partials: two a second
COVERAGE = 0.75  # of the last partial that must be sound
LOUDNESS = -30.0  # dBFS; louder voices stay as they are
SPECTRUM = Spectrum(fft=400, hop=160, bands=40, lowest=0.0, highest=8000.0)


class SpeakerEncoder(nn.Module):
    """Mel frames (B, PARTIAL, 40) -> embeddings (B, 256) of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(SPECTRUM.bands, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)

    def forward(self, mels: Tensor) -> Tensor:
        """See the class."""
        _, (hidden, _) = self.lstm(mels)
        return normalize(torch.relu(self.linear(hidden[-1])), dim=1)


def mel_of(sound: Samples) -> FloatMap:
    """Power in 40 bands, 100 frames/s, float32 (N / 160 + 1, 40)."""
    return SPECTRUM.mel(sound, power=2, edge="constant")


def starts(samples: int) -> list[int]:
    """First mel frames of the partials of a sound."""
    frames = -(-(samples + 1) // SPECTRUM.hop)
    found = list(range(0, max(1, frames - PARTIAL + STEP + 1), STEP))
    covered = (samples - found[-1] * SPECTRUM.hop) / (PARTIAL * SPECTRUM.hop)
    return found[:-1] if covered < COVERAGE and len(found) > 1 else found


def partials(sound: Samples) -> FloatMap:
    """Cut the mel frames of a sound into float32 (P, PARTIAL, 40); its end is filled with silence."""
    first = starts(len(sound))
    end = (first[-1] + PARTIAL) * SPECTRUM.hop
    mel = mel_of(np.pad(sound, (0, max(0, end - len(sound)))))
    return np.stack([mel[start : start + PARTIAL] for start in first])


def spoken(sound: Samples) -> Samples:
    """The sound without its pauses, at least at LOUDNESS."""
    loud = amplified(sound, LOUDNESS, only_louder=True)
    keep = np.ones(len(loud), bool)
    step = ANALYSIS_RATE // STEPS_PER_SECOND
    for begin, end in pauses(loudness(loud)):
        keep[begin * step : end * step] = False
    return loud[keep] if keep.any() else loud


@torch.inference_mode()
def embedding(encoder: SpeakerEncoder, sound: Samples) -> Tensor:
    """Embed a sound: float32 (256,), the mean of its partials, of length 1."""
    mean: Tensor = encoder(torch.from_numpy(partials(sound))).mean(dim=0)
    return normalize(mean, dim=0)
