"""The engine as a whole: the video shows what the motion says; a cancelled talk leaves nothing."""

import av
import numpy as np
import pytest

from engine.engine import Engine
from engine.errors import Cancelled
from engine.progress import Stage
from engine.talking import CLOSED, opening
from engine.weights import locate
from tests.engine.speech.voices_to_hear import beginning
from tests.samples import SAMPLE_VOICE

JUST_DARKER = 40  # grey levels darker than the closed mouth: the inside of an open one


@pytest.fixture(scope="module")
def engine():
    with Engine() as running:
        yield running


@pytest.fixture(scope="module")
def voice(engine):
    return engine.decoder.voice(SAMPLE_VOICE.read_bytes())


@pytest.fixture(scope="module")
def photo(engine):
    return engine.decoder.photo(locate("astronaut.png").read_bytes())


@pytest.fixture(scope="module")
def characters(engine, photo):
    return engine.draw(photo, ["webtoon", "pencil"]).characters


def test_the_mouth_in_the_video_opens_as_the_motion_says(engine, characters, voice, tmp_path):
    """Decoded frames of talk.mp4 against `open`."""
    for character in characters:
        talk = engine.speak(character, beginning(voice, 3.0), tmp_path)
        with av.open(str(tmp_path / "talk.mp4")) as container:
            frames = np.stack([f.to_ndarray(format="gray") for f in container.decode(video=0)]).astype(int)
        gaps = opening(talk.motion)
        corners = character.landmarks[[61, 291], :2]
        width, middle = np.linalg.norm(corners[1] - corners[0]), corners[:, 0].mean()
        top, bottom = character.landmarks[0, 1] - 0.05 * width, character.landmarks[17, 1] + 0.55 * width
        mouth = frames[:, int(top) : int(bottom), int(middle - 0.55 * width) : int(middle + 0.55 * width)]
        closed = np.median(mouth[gaps < CLOSED], axis=0)
        dark = (closed - mouth > JUST_DARKER).sum(axis=(1, 2))
        assert np.corrcoef(dark, gaps)[0, 1] >= 0.9, character.style


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(Stage.SPEECH, marks=pytest.mark.long),
        Stage.RENDER,
        pytest.param(Stage.ENCODE, marks=pytest.mark.long),
    ],
)
def test_a_talk_that_is_cancelled_leaves_nothing(engine, characters, voice, tmp_path, stage):
    short = beginning(voice, 1.0)

    def cancel_there(now: Stage, fraction: float) -> None:
        if now is stage:
            raise Cancelled("by the test")

    with pytest.raises(Cancelled):
        engine.speak(characters[0], short, tmp_path, progress=cancel_there)
    assert list(tmp_path.iterdir()) == []
    assert len(engine.speak(characters[0], short, tmp_path).files) == 3


def test_progress_comes_often_enough_to_cancel(engine, photo, voice, tmp_path):
    """Stages come in their order, and fractions never go back."""
    reports: list[tuple[Stage, float]] = []

    def note(stage: Stage, fraction: float) -> None:
        reports.append((stage, fraction))

    (character,) = engine.draw(photo, ["webtoon"], progress=note).characters
    short = beginning(voice, 2.0)
    engine.speak(character, short, tmp_path, progress=note)
    order = list(Stage)
    places = [(order.index(stage), fraction) for stage, fraction in reports]
    assert places == sorted(places)
    assert sum(stage is Stage.RENDER for stage, _ in reports) >= short.seconds * 2
