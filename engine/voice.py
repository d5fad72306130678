"""A voice as the engine hears it, and what it must be."""

from dataclasses import dataclass

from engine.arrays import Samples
from engine.errors import Notice

ANALYSIS_RATE = 16_000  # Hz; what the speech models expect


@dataclass(frozen=True)
class Voice:
    """A decoded voice, loudness normalised, mono.

    Attributes
    ----------
    analysis : float32 (N,) in [-1, 1] at 16 kHz, for speech analysis
    sound : float32 (M,) in [-1, 1] at `sound_rate`, for the video
    sound_rate : Hz, the original rate
    notices : words about the decoding (cut at 60 s)
    """

    analysis: Samples
    sound: Samples
    sound_rate: int
    notices: tuple[Notice, ...] = ()

    @property
    def seconds(self) -> float:
        """Length of the voice in seconds."""
        return len(self.analysis) / ANALYSIS_RATE
