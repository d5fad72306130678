"""A face restoration model of the operator's works on every frame, and a file that is none is refused.

The models are tiny and do something known: what they make is a fifth lighter.
"""

import pickle
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from bot.cli.draw import write_character
from bot.cli.main import load
from engine.progress import silent
from tests.engine.talking.sadtalker import small

torch = pytest.importorskip("torch", reason="the extra neural is not installed")
pytestmark = pytest.mark.usefixtures("one_thread")

from safetensors.torch import save_file  # noqa: E402

from engine.talking.sadtalker import enhancer  # noqa: E402
from engine.talking.sadtalker.enhancer import Enhancer, EnhancerMissing, EnhancerUnusable  # noqa: E402

LIGHTER = 0.2
RATE = 16_000
SAMPLES = 6_400  # 0.4 s


def lightening(scale: int = 1, colours: int = 3) -> dict[str, torch.Tensor]:
    """Weights of Real-ESRGAN's compact network: it enlarges, and adds what its convolutions find, here the
    same everywhere."""
    last = colours * scale**2
    shapes = {"body.0": (4, colours), "body.2": (4, 4), "body.4": (last, 4)}
    state = {f"{name}.weight": torch.zeros(*shape, 3, 3) for name, shape in shapes.items()}
    state |= {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}
    state |= {f"body.{n}.weight": torch.ones(4) for n in (1, 3)}
    return state | {"body.4.bias": torch.full((last,), LIGHTER)}


@pytest.fixture
def spandrel() -> None:
    pytest.importorskip("spandrel", reason="the extra enhance is not installed")


@pytest.fixture
def model(tmp_path) -> Path:
    """As such models are published: a table of tensors, beside what training left."""
    path = tmp_path / "light.pth"
    torch.save({"params_ema": lightening(), "params": lightening(), "iter": 7}, path)
    return path


@pytest.mark.usefixtures("spandrel", "placed")
def test_a_talk_with_an_enhancer_is_as_long_and_as_large_and_lighter(model, tmp_path):
    write_character(tmp_path, small.round_face())
    sound = 8_000 * np.sin(np.arange(SAMPLES) * 0.06) * np.hanning(SAMPLES)
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((1, 2, RATE, SAMPLES, "NONE", ""))
        file.writeframes(sound.astype("<i2").tobytes())

    def talk(out: str, options: str) -> list[np.ndarray]:
        said = [tmp_path, tmp_path / "voice.wav", "--out", tmp_path / out, "--engine", "sadtalker"]
        asked = [str(word) for word in [*said, "--sadtalker", options]]
        done = CliRunner().invoke(load("talk"), asked)
        assert done.exit_code == 0, done.output
        with av.open(str(tmp_path / out / "talk.mp4")) as container:
            return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]

    usual, enhanced = talk("usual", "still"), talk("enhanced", f"still,enhancer={model}")
    assert 8 <= len(usual) == len(enhanced)
    assert {frame.shape for frame in enhanced} == {(512, 512, 3)}
    for before, after in zip(usual, enhanced, strict=True):
        face, corner = np.s_[230:270, 230:280], np.s_[:40, :40]
        away = np.minimum(before + LIGHTER * 255, 255) - after
        assert np.abs(away[face]).mean() < 6
        assert np.abs(before[corner] - after[corner]).max() < 6, "what is behind the person stays"


@pytest.mark.usefixtures("spandrel")
def test_frames_are_enhanced_as_they_are_drawn(sadtalker, make_take, model, monkeypatch):
    seen = []
    restored = Enhancer.restored
    monkeypatch.setattr(
        Enhancer, "restored", lambda self, picture: seen.append(picture.shape) or restored(self, picture)
    )
    frames = sadtalker.frames(make_take(6, options=f"batch_size=2,enhancer={model}"), silent)
    for number, _ in enumerate(frames, start=1):
        assert len(seen) <= number + 1, "never more than a batch ahead"
    assert seen == [(256, 256, 3)] * 6


@pytest.mark.usefixtures("spandrel")
@pytest.mark.parametrize(("scale", "name"), [(1, "a.safetensors"), (2, "b.pth"), (4, "c.pt")])
def test_models_that_keep_the_size_and_that_enlarge(tmp_path, scale, name):
    path = tmp_path / name
    (save_file if path.suffix == ".safetensors" else torch.save)(lightening(scale), path)
    picture = np.full((256, 256, 3), 0.5, np.float32)
    picture[64:128] = 0.25
    found = Enhancer(path, torch.device("cpu")).restored(picture)
    assert found.shape == (512, 512, 3) and found.dtype == np.float32
    assert np.allclose(found[140:240], 0.25 + LIGHTER, atol=0.01)
    assert np.allclose(found[300:], 0.5 + LIGHTER, atol=0.01)


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def broken(kind: str, path: Path, evil: Evil) -> None:
    if kind == "a pickle with code":
        path.write_bytes(pickle.dumps({"params": evil}))
    elif kind == "an archive with code":
        torch.save({"params": lightening(), "more": evil}, path)
    elif kind == "a program":
        torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    elif kind == "another network":
        torch.save({"weight": torch.zeros(3)}, path)
    elif kind == "grey pictures":
        torch.save(lightening(colours=1), path)
    else:
        torch.save(lightening(), path)
        path.write_bytes(path.read_bytes()[:700])


@pytest.mark.usefixtures("spandrel")
@pytest.mark.parametrize(
    "kind",
    [
        "a pickle with code",
        "an archive with code",
        "a program",
        "another network",
        "grey pictures",
        "cut short",
    ],
)
def test_a_file_that_is_no_such_model_is_refused_and_never_run(tmp_path, kind):
    mark = tmp_path / "was run"
    broken(kind, tmp_path / "model.pth", Evil(mark))
    with pytest.raises(EnhancerUnusable, match=r"model\.pth: \w+"):
        Enhancer(tmp_path / "model.pth", torch.device("cpu"))
    assert not mark.exists()


@pytest.mark.usefixtures("spandrel")
@pytest.mark.parametrize("name", ["model.pth", "model.onnx", "model.safetensors"])
def test_a_file_that_is_not_there_or_of_another_kind_is_named(tmp_path, name):
    if name != "model.pth":
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(EnhancerUnusable, match=name) as caught:
        Enhancer(tmp_path / name, torch.device("cpu"))
    assert caught.value.values == {"file": name}


def test_without_the_package_it_is_said_before_the_work(sadtalker, make_take, monkeypatch):
    monkeypatch.setattr(enhancer, "find_spec", lambda name: None)
    with pytest.raises(EnhancerMissing, match="spandrel"):
        sadtalker.prepared(make_take(1, options="enhancer=GFPGANv1.4.pth"), silent)


@pytest.mark.long
@pytest.mark.usefixtures("spandrel")
def test_gfpgan_gives_the_same_of_the_same_frame(tmp_path):
    """Its noise, here as strong as what it is added to, is no flicker."""
    from spandrel.architectures.GFPGAN import GFPGAN

    torch.manual_seed(0)
    network = GFPGAN(different_w=True)
    state = network.state_dict()
    for name, tensor in state.items():
        if tensor.numel() == 1 and name.startswith("stylegan_decoder"):
            tensor.fill_(1.0)
    torch.save({"params_ema": state}, tmp_path / "GFPGAN.pth")
    restores = Enhancer(tmp_path / "GFPGAN.pth", torch.device("cpu")).restored
    picture = np.random.default_rng(0).random((256, 256, 3), np.float32)
    first, second = restores(picture), restores(picture)
    assert first.shape == (512, 512, 3) and np.ptp(first) > 0.1
    assert np.array_equal(first, second)
