"""Weight files: only the right content is kept, and what is missing is said with the ways out."""

import hashlib
import resource
import urllib.request
from http.client import IncompleteRead

import pytest

from engine.checkpoints.errors import CheckpointMismatch
from engine.learned_weights import FAN
from engine.weight_files import Url, WeightFile, WheelMember
from engine.weights import DEFAULT_FILES, WeightsMissing, WeightStore, WeightsWrong

CONTENT = b"some weights"


def file(name: str, sha256: str = "", sources: tuple[Url | WheelMember, ...] = ()) -> WeightFile:
    return WeightFile(name, "a test", "Apache-2.0", sha256, sources, 0.1)


@pytest.fixture
def brought(tmp_path):
    path = tmp_path / "download.bin"
    path.write_bytes(CONTENT)
    return path


def test_a_file_with_an_official_hash_must_have_it(tmp_path, brought):
    right = hashlib.sha256(CONTENT).hexdigest()
    store = WeightStore(tmp_path / "cache", [file("good", right), file("bad", "0" * 64)])
    assert store.add("good", brought).read_bytes() == CONTENT
    assert store.is_right("good")
    with pytest.raises(WeightsWrong):
        store.add("bad", brought)
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["good"]


def test_without_an_official_hash_the_first_one_is_recorded_and_holds(tmp_path, brought):
    store = WeightStore(tmp_path / "cache", [file("own")])
    store.add("own", brought)
    assert WeightStore(tmp_path / "cache", [file("own")]).is_right("own")
    assert (tmp_path / "cache" / "own").stat().st_mode & 0o044 == 0o044, "the bot's user may be another one"
    brought.write_bytes(b"something else")
    with pytest.raises(WeightsWrong):
        store.add("own", brought)
    (tmp_path / "cache" / "own").write_bytes(b"changed on disk")
    assert not store.is_right("own")


def test_a_missing_file_names_the_ways_out(tmp_path):
    sources = (Url("http://not-encrypted.example/file"),)
    store = WeightStore(tmp_path / "cache", [file("gone", "0" * 64, sources)])
    with pytest.raises(WeightsMissing, match="weights fetch"):
        store.locate("gone")
    with pytest.raises(WeightsMissing, match="weights add gone FILE"):
        store.fetch("gone")
    with pytest.raises(WeightsMissing, match="weights add brought FILE"):  # nothing could be fetched
        WeightStore(tmp_path / "cache", [file("brought")]).locate("brought")
    with pytest.raises(WeightsMissing, match="no weight file is called"):
        store.locate("../../etc/passwd")


class Answer:
    """What an address answers; without content the connection ends too early."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read(self) -> bytes:
        if self.content is None:
            raise IncompleteRead(b"half of it")
        return self.content


def test_where_one_source_breaks_off_the_next_one_is_asked(tmp_path, monkeypatch):
    answers = {"https://one.example/file": Answer(None), "https://two.example/file": Answer(CONTENT)}
    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: answers[address])
    right = hashlib.sha256(CONTENT).hexdigest()
    store = WeightStore(tmp_path, [file("good", right, tuple(Url(address) for address in answers))])
    assert store.fetch("good").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["good"]


def test_a_page_that_is_answered_instead_of_the_file_is_not_kept(tmp_path, monkeypatch):
    """Where no hash is known the tensors tell."""
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer(b"<html>moved</html>"))
    store = WeightStore(tmp_path / "weights")
    with pytest.raises(WeightsMissing, match="could not be downloaded"):
        store.fetch(FAN)
    assert not (tmp_path / "weights").exists()


def test_a_full_disk_leaves_no_rest_of_a_file(tmp_path, brought):
    store = WeightStore(tmp_path / "cache", [file("own")])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    brought.write_bytes(bytes(100_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            store.add("own", brought)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "cache").iterdir()) == []
    assert not store.is_right("own")


def test_the_default_files_are_here_and_right():
    store = WeightStore()
    assert [entry.name for entry in DEFAULT_FILES if not store.is_right(entry.name)] == []
    assert all(entry.licence for entry in DEFAULT_FILES)


def test_a_file_that_no_official_hash_tells_must_hold_the_right_tensors(tmp_path):
    torch = pytest.importorskip("torch", reason="the extra neural is not installed")
    store = WeightStore(tmp_path / "weights")
    name = "550000.pt"
    assert not store.known(name).is_free
    tensors = {f"filler.{number}": torch.zeros(()) for number in range(150)}
    tensors |= {"input.input": torch.zeros(1, 512, 4, 4), "style.8.weight": torch.zeros(512, 512)}
    others = {
        "nothing of it": {"params": tensors},
        "another size": {"g_ema": tensors | {"to_rgbs.5.conv.weight": torch.zeros(1, 3, 64, 1, 1)}},
        "a part of it": {
            "g_ema": dict(list(tensors.items())[-2:])
            | {"to_rgbs.5.conv.weight": torch.zeros(1, 3, 128, 1, 1)}
        },
    }
    for content in others.values():
        torch.save(content, tmp_path / "brought.pt")
        with pytest.raises(CheckpointMismatch):
            store.add(name, tmp_path / "brought.pt")
    assert not (tmp_path / "weights").exists()
    right = tensors | {"to_rgbs.5.conv.weight": torch.zeros(1, 3, 128, 1, 1)}
    torch.save({"g_ema": right}, tmp_path / "brought.pt")
    assert store.add(name, tmp_path / "brought.pt").is_file()
    assert store.is_right(name)
