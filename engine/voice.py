"""A voice as the engine hears it, and what it must be."""

from dataclasses import dataclass

from engine.arrays import Samples
from engine.errors import Notice, VoiceProblem

ANALYSIS_RATE = 16_000  # Hz; what the speech models expect
SOUND_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # Hz; AAC has these
MAX_BYTES = 128_000_000  # of the file: ten minutes of uncompressed stereo; front ends take less
MIN_SECONDS = 0.3
MAX_SECONDS = 60

VOICE_CUT = "voice-cut"  # Notice: longer than MAX_SECONDS, of which the beginning was taken


class VoiceEmpty(VoiceProblem):
    """The file has no bytes, or no moment of sound."""

    message_id = "voice-empty"


class VoiceUnknown(VoiceProblem):
    """The file is not sound of a kind that we read, whatever its name says."""

    message_id = "voice-unknown"


class VoiceDamaged(VoiceProblem):
    """The file begins as sound but nothing can be heard from it."""

    message_id = "voice-damaged"


class VoiceAbsent(VoiceProblem):
    """The video has no sound."""

    message_id = "voice-absent"


class VoiceSilent(VoiceProblem):
    """There is sound, but it is silence."""

    message_id = "voice-silent"


class VoiceTooShort(VoiceProblem):
    """The voice is shorter than `needed` seconds."""

    message_id = "voice-too-short"


class VoiceTooHeavy(VoiceProblem):
    """The file is larger than `megabytes`."""

    message_id = "voice-too-heavy"


@dataclass(frozen=True)
class Voice:
    """A decoded voice, loudness normalised, mono.

    Attributes
    ----------
    analysis : float32 (N,) in [-1, 1] at 16 kHz, for speech analysis
    sound : float32 (M,) in [-1, 1] at `sound_rate`, for the video
    sound_rate : Hz, the original rate where AAC has it, else 48,000
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
