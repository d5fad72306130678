"""Voices to listen to."""

from pathlib import Path

import pytest

from engine.evaluate.lips import read_reference
from engine.speech import Heard, Listener
from engine.voice import Voice
from tests.engine.speech.voices_to_hear import LabelledVoice, read_voice
from tests.samples import SAMPLE_VOICE_KO


@pytest.fixture(scope="session")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="session")
def voices(shared_media: Path) -> Path:
    return shared_media / "voices"


@pytest.fixture(scope="session")
def real_speech(voices: Path) -> list[LabelledVoice]:
    """Read speech with known phones."""
    labels = sorted(voices.glob("*.phone.json"))
    names = [path.name.removesuffix(".phone.json") for path in labels]
    return [
        LabelledVoice(name, read_voice(voices / f"{name}.wav"), read_reference(path))
        for name, path in zip(names, labels, strict=True)
    ]


@pytest.fixture(scope="session")
def president(voices: Path) -> Voice:
    """11 s of a speech with long pauses, over an old microphone."""
    return read_voice(voices / "jfk.flac")


@pytest.fixture(scope="session")
def heard_president(listener: Listener, president: Voice) -> Heard:
    return listener.listen(president, 1)


@pytest.fixture(scope="session")
def korean_voice() -> Voice:
    """The Korean sample of the repository."""
    return read_voice(SAMPLE_VOICE_KO)
