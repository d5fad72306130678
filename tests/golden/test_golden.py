"""Our networks give the numbers of the published ones, so published weights will mean the same here."""

import json
from pathlib import Path
from zlib import crc32

import pytest

from tests.golden.__main__ import main, worst_of
from tests.golden.filling import drawn
from tests.golden.fixtures import Fixture, fixtures_in

FOLDER = Path(__file__).parent
LONG = (  # more than about two seconds
    "e4e_encoder_256",
    "e4e_psp_256",
    "bisenet_face_parsing",
    "makeittalk_resunet",
    "psp_encoder_256",
    "psp_psp_256",
    "sadtalker_audio2pose",
    "sadtalker_face_3drecon",
    "sadtalker_generator_512",
    "sadtalker_kp_detector",
    "stylegan2_name_map_64",
    "stylegan2_nvidia_g256_auto",
    "stylegan2_nvidia_losses",
    "stylegan2_rosinality_d256",
    "stylegan2_rosinality_d64",
    "stylegan2_rosinality_g256",
    "stylegan2_rosinality_losses",
)
NO_TORCH = ("ffhq_alignment",)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "fixture",
    [
        pytest.param(each, id=each.name, marks=[pytest.mark.long] if each.name in LONG else [])
        for each in fixtures_in(FOLDER)
    ],
)
def test_golden_fixture(fixture: Fixture):
    if fixture.name not in NO_TORCH:
        pytest.importorskip("torch", reason="the extra neural is not installed")
    worst = worst_of(fixture)
    assert worst is not None, "no runner"
    assert worst.share <= 1.0, worst


def test_what_is_said_of_fixtures_is_about_fixtures_that_are_there():
    assert {*LONG, *NO_TORCH} <= {fixture.name for fixture in fixtures_in(FOLDER)}


def test_the_filling_is_that_of_the_fixtures():
    """NumPy does not promise its random stream for ever: this tells a new stream from a wrong network."""
    assert crc32(drawn("stream.check", (64, 64), "", "he").tobytes()) == 1092738576
    assert crc32(drawn("stream.running_var", (64,), "", "he").tobytes()) == 1854121957


def run(folder: Path, monkeypatch, *options: str) -> int:
    monkeypatch.setattr("sys.argv", ["tests.golden", str(folder), *options])
    return main()


def test_a_fixture_that_is_short_or_unknown_fails_the_run(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="the extra neural is not installed")
    table = json.loads((FOLDER / "stylegan2_blend_table.json").read_text())
    (tmp_path / "stylegan2_blend_table.json").write_text(json.dumps(table))
    (tmp_path / "another_network.json").write_text("{}")
    assert run(tmp_path, monkeypatch, "--only", "stylegan2,e4e") == 0
    assert run(tmp_path, monkeypatch) == 1
    assert "no runner" in capsys.readouterr().out
    table["sizes"]["256"]["tables"][1]["y"]["8x8/Conv1"] += 0.01
    (tmp_path / "stylegan2_blend_table.json").write_text(json.dumps(table))
    assert run(tmp_path, monkeypatch, "--only", "stylegan2") == 1
    assert "short" in capsys.readouterr().out
