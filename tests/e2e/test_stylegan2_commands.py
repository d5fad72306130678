"""The commands around StyleGAN2 as a person types them, on the small snapshot of the golden fixtures."""

import hashlib
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from engine.character import load
from engine.neural import NeuralMissing, need_neural
from engine.weights import locate
from tests.command import here as mytalkcon
from tests.samples import SNAPSHOT


@pytest.fixture
def neural(one_thread):
    """The extra is installed; commands in this process draw with one thread."""
    try:
        need_neural()
    except NeuralMissing:
        pytest.skip("the extra neural is not installed")


def test_the_bot_and_its_commands_start_without_torch():
    program = "import sys, bot.app, bot.cli.main, engine.engine; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.usefixtures("neural")
def test_a_snapshot_is_converted_and_draws_the_same_pictures(tmp_path):
    converted = tmp_path / "face.pt"
    done = mytalkcon("checkpoint", "convert", SNAPSHOT, "--out", converted, "--only", "g_ema")
    assert done.returncode == 0, done.stderr
    told = json.loads(mytalkcon("checkpoint", "info", converted, "--json").stdout)
    assert told["layout"] == "rosinality"
    assert told["networks"]["g_ema"]["resolution"] == 32
    for source, out in ((SNAPSHOT, "a"), (converted, "b")):
        options = ("--seeds", "0-2,7", "--truncation", 0.7, "--out", tmp_path / out, "--columns", 2)
        done = mytalkcon("generate", source, *options)
        assert done.returncode == 0, done.stderr
    names = ["0000.png", "0001.png", "0002.png", "0007.png", "grid.png"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    for name in names:
        first, second = (np.asarray(Image.open(tmp_path / out / name)).astype(int) for out in "ab")
        assert abs(first - second).max() <= 1, name
    assert first.shape == (76, 76, 3)  # two rows and columns of 32 px with gaps of 4


@pytest.mark.usefixtures("neural")
def test_a_hostile_file_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "face.pkl"
    path.write_bytes(pickle.dumps({"G_ema": subprocess.Popen}))
    done = mytalkcon("generate", path, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "asks for more than weights need" in done.stderr
    assert "subprocess.Popen" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("neural")
def test_a_photo_is_projected(tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(np.tile(np.arange(0, 240, 3, np.uint8)[:, None, None], (1, 80, 3))).save(photo)
    done = mytalkcon(
        "project", photo, SNAPSHOT, "--steps", 20, "--space", "w+", "--no-align", "--out", tmp_path
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "styles.npz") as found:
        assert found["styles"].shape == (8, 64)
        assert found["distances"][-1] < found["distances"][0]
    assert Image.open(tmp_path / "projected.png").size == Image.open(tmp_path / "target.png").size == (32, 32)


@pytest.mark.usefixtures("neural")
def test_two_generators_are_blended_compared_and_become_a_style_pack(tmp_path, monkeypatch):
    monkeypatch.setenv("MYTALKCON_STYLES_DIR", str(tmp_path / "styles"))
    brought = tmp_path / "brought"
    brought.mkdir()
    for name, network in (("faces.pt", "g_ema"), ("drawings.pt", "g")):
        done = mytalkcon("checkpoint", "convert", SNAPSHOT, "--only", network, "--out", brought / name)
        assert done.returncode == 0, done.stderr
    models = (brought / "faces.pt", brought / "drawings.pt")
    assert mytalkcon("blend", *models, "--swap", 8, "--out", tmp_path / "toon.pt").returncode == 0
    done = mytalkcon("blend", *models, "--compare", "--seeds", "0-1", "--out", tmp_path / "sheet.png")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "sheet.png").width > 6 * 32  # base, tuned, two swaps in both directions

    shas = {
        name: hashlib.sha256((brought / name).read_bytes()).hexdigest()
        for name in ("faces.pt", "drawings.pt")
    }
    tables = [
        f'[{part}]\nfile = "{name}"\nsha256 = "{shas[name]}"'
        for part, name in zip(("base", "tuned"), shas, strict=True)
    ]
    names = '[names]\nen = "Toon head"\nko = "툰 헤드"'
    description = ['id = "toon-head"', 'kind = "toonify"', "swap = 8", "truncation = 0.7", names, *tables]
    (brought / "style.toml").write_text("\n".join(description), "utf-8")
    assert mytalkcon("styles", "add", brought).returncode == 0
    listed = mytalkcon("styles").stdout
    assert "Toon head" in listed
    assert "unknown" in listed  # nobody said under which licence the weights are
    assert (
        mytalkcon("styles", "preview", "toon-head", "--seeds", "3", "--out", tmp_path / "one.png").returncode
        == 0
    )
    assert (
        mytalkcon("generate", tmp_path / "toon.pt", "--seeds", "3", "--out", tmp_path / "out").returncode == 0
    )
    previewed, drawn = (
        np.asarray(Image.open(path)) for path in (tmp_path / "one.png", tmp_path / "out" / "grid.png")
    )
    assert (previewed == drawn).all()
    done = mytalkcon(
        "toonify", locate("astronaut.png"), "--style", "toon-head", "--refine", 2, "--out", tmp_path / "me"
    )
    assert done.returncode == 0, done.stderr
    assert "licence not free for any use: unknown" in done.stderr
    assert load(tmp_path / "me").style == "toon-head"
    done = mytalkcon("toonify", locate("astronaut.png"), "--style", "no-such")
    assert done.returncode == 2
    assert "there are: toon-head" in done.stderr.replace("\n", " ")
    assert mytalkcon("styles", "remove", "toon-head").returncode == 0
    assert "Toon head" not in mytalkcon("styles").stdout
