"""Engines side by side: one video, honest measures, and a reason for each that is left out."""

import json
import wave
from pathlib import Path

import av
import pytest

from engine.engine import Engine
from engine.evaluate.engines import side_by_side
from engine.talking.animator import TalkingEngine
from engine.weights import MAKEITTALK, WeightStore, locate
from tests.command import mytalkcon
from tests.engine.speech.voices_to_hear import beginning
from tests.filled_weights import place_defaults, place_makeittalk
from tests.samples import SAMPLE_VOICE


def sizes(path: Path) -> tuple[int, int, float]:
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        assert container.streams.audio
        return picture.width, picture.height, container.duration / av.time_base


def test_without_weights_the_warp_alone_is_measured(tmp_path):
    """Its measures are those of a mouth that follows the voice; the others are named with what is missing."""
    store = WeightStore(place_defaults(tmp_path))
    with Engine(store) as engine:
        photo = engine.decoder.photo(locate("astronaut.png").read_bytes())
        (character,) = engine.draw(photo, ["webtoon"]).characters
        voice = beginning(engine.decoder.voice(SAMPLE_VOICE.read_bytes()), 2.2)
        found = side_by_side(engine, character, voice, tmp_path / "out")
    by_name = {one.engine: one for one in found.attempts}
    assert set(by_name) == set(TalkingEngine)
    lips = by_name[TalkingEngine.WARP].lips
    assert lips is not None
    assert lips.closed_on_mbp is not None
    assert lips.closed_on_mbp >= 0.95
    assert abs(lips.lag) <= 0.04
    assert by_name[TalkingEngine.WARP].seconds > 0
    assert by_name[TalkingEngine.MAKEITTALK].lips is None
    assert by_name[TalkingEngine.MAKEITTALK].unavailable
    width, height, seconds = sizes(found.video)
    assert (width, height) == (512, 552)
    assert seconds == pytest.approx(found.voice_seconds, abs=0.08)


@pytest.mark.long
def test_a_photo_speaks_through_all_engines_from_the_command_line(tmp_path):
    """With weights placed: the warp and MakeItTalk's photo network, in one video, as JSON."""
    pytest.importorskip("torch", reason="the extra neural is not installed")
    weights = tmp_path / "weights"
    weights.mkdir()
    place_makeittalk(place_defaults(weights), photo=True)
    voice = tmp_path / "voice.wav"
    with Engine() as engine:
        short = beginning(engine.decoder.voice(SAMPLE_VOICE.read_bytes()), 1.0)
    with wave.open(str(voice), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((short.analysis * 32767).astype("<i2").tobytes())
    out = tmp_path / "out"
    words = ("talk", locate("astronaut.png"), voice, "--engine", "all", "--out", out, "--json")
    done = mytalkcon(*words, timeout=280, MYTALKCON_WEIGHTS_DIR=weights)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["engines"]) == {str(name) for name in TalkingEngine}
    spoken = [name for name, one in told["engines"].items() if "lips" in one]
    assert {"warp", "makeittalk"} <= set(spoken)
    assert sizes(Path(told["video"]))[:2] == (512 * len(spoken), 552)


@pytest.mark.long
def test_who_asks_for_an_engine_without_its_weights_is_told_what_to_place(tmp_path):
    pytest.importorskip("torch", reason="the extra neural is not installed")
    words = (
        "talk",
        locate("astronaut.png"),
        SAMPLE_VOICE,
        "--engine",
        "makeittalk",
        "--out",
        tmp_path / "out",
    )
    done = mytalkcon(*words, MYTALKCON_WEIGHTS_DIR=place_defaults(tmp_path))
    assert done.returncode == 1
    assert MAKEITTALK.encoder in done.stderr
    assert "Traceback" not in done.stderr
