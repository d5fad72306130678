"""Reading a file of weights runs nothing in it, takes no memory for its claims, and says what is wrong."""

import collections
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import types
import zipfile
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch, CheckpointRefused
from engine.checkpoints.files import read_pickle
from engine.checkpoints.records import ObjectRecord, TensorRecord
from tests.samples import SNAPSHOT

OURS = (CheckpointRefused, CheckpointBroken, CheckpointMismatch)


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Foreign:
    """A class that weights have no business with."""


def written(folder: Path, content: bytes, name: str = "weights.pkl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def torch_zip(
    program: bytes, storages: dict[str, bytes] | None = None, how: int = zipfile.ZIP_STORED
) -> bytes:
    """A `.pt` file around a program of one's own."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        archive.writestr("archive/data.pkl", program)
        for key, content in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", content)
    return file.getvalue()


def tensor_program(count: int, shape: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> bytes:
    """A program {"w": tensor} as PyTorch writes it, with numbers of one's own."""

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(pickle.dumps(value, 2)[2:-1] for value in values) + b"t"

    pid = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
    pid += pickle.dumps(count, 2)[2:-1] + b"tQ"
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n(" + pid + pickle.dumps(offset, 2)[2:-1]
    rebuild += numbers(shape) + numbers(stride) + b"\x89ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02}X\x01\x00\x00\x00w" + rebuild + b"s."


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("wrapped", ["plain", "zip", "embedded"])
def test_a_file_that_runs_a_command_is_refused_and_runs_nothing(tmp_path, protocol, wrapped):
    touched = tmp_path / "touched"
    program = pickle.dumps({"g_ema": Calls(os.system, f"touch {touched}")}, protocol)
    if wrapped == "zip":
        program = torch_zip(program)
    if wrapped == "embedded":
        storage = Calls(module_function("torch.storage", "_load_from_bytes"), program)
        with importable(storage.call[0]):
            program = pickle.dumps({"g_ema": storage}, max(protocol, 3))
    with pytest.raises(CheckpointRefused) as refused:
        read_pickle(written(tmp_path, program))
    assert not touched.exists()
    if protocol >= 2:
        assert "posix.system" in refused.value.detail


def module_function(module: str, name: str):
    """A function that pickles under a name of one's choice."""
    function = types.FunctionType((lambda: None).__code__, {}, name)
    function.__module__, function.__qualname__ = module, name
    return function


class importable:  # noqa: N801  (reads as a word)
    """While a pickle is written, the module of a function seems to be there."""

    def __init__(self, function) -> None:
        self.function, self.before = function, {}

    def __enter__(self):
        name = self.function.__module__
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            path = ".".join(parts[:length])
            self.before[path] = sys.modules.get(path)
            sys.modules[path] = types.ModuleType(path)
        setattr(sys.modules[name], self.function.__name__, self.function)

    def __exit__(self, *_):
        for name, module in self.before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


@pytest.mark.parametrize(
    "value", [Foreign(), Foreign, Path("x"), subprocess.Popen, eval, getattr, collections.Counter("a")]
)
def test_foreign_classes_and_functions_are_refused_by_name(tmp_path, value):
    with pytest.raises(CheckpointRefused, match="asks for"):
        read_pickle(written(tmp_path, pickle.dumps({"g_ema": value}, 4)))


def test_source_text_in_a_snapshot_is_never_run(tmp_path):
    touched = tmp_path / "touched"
    rebuild = module_function("torch_utils.persistence", "_reconstruct_persistent_obj")
    meta = {
        "type": "class",
        "version": 6,
        "module_src": f"open({str(touched)!r}, 'w')",
        "class_name": "Generator",
        "state": {"_parameters": {}},
    }
    with importable(rebuild):
        program = pickle.dumps({"G_ema": Calls(rebuild, meta)}, 4)
    found = read_pickle(written(tmp_path, program))["G_ema"]
    assert found == ObjectRecord("Generator", {"_parameters": {}})
    assert not touched.exists()


def test_endless_nesting_is_refused(tmp_path):
    deep = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    circle = b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."
    key = b"\x80\x02}" + b")" + b"\x85" * 200_000 + b"Ns."  # hashing such a key would overflow the stack
    for program in (deep, circle, key):
        with pytest.raises(CheckpointRefused):
            read_pickle(written(tmp_path, program))


def test_a_value_may_be_shared_but_not_unfold_into_millions(tmp_path):
    """Who looks for tensors in it afterwards walks every way to every part."""
    shared = [1.0]
    assert len(read_pickle(written(tmp_path, pickle.dumps({"a": [shared] * 1000}, 4)))["a"]) == 1000
    layers: object = shared
    for _ in range(60):
        layers = [layers, layers]  # 2 ** 60 ways, 60 lists
    with pytest.raises(CheckpointRefused, match="parts"):
        read_pickle(written(tmp_path, pickle.dumps({"a": layers}, 4)))


def test_keys_that_all_fall_into_one_place_of_a_dictionary_are_refused(tmp_path):
    """Python's hash of a number is what is left of it after 2 ** 61 - 1."""
    assert read_pickle(written(tmp_path, pickle.dumps({"state": {0: 1.0, 7: 2.0}}, 4)))["state"][7] == 2.0
    alike = {number * (2**61 - 1): None for number in range(1, 9)}
    with pytest.raises(CheckpointRefused, match="key"):
        read_pickle(written(tmp_path, pickle.dumps({"state": alike}, 4)))


def test_an_embedded_storage_is_read_once_not_again_and_again(tmp_path):
    """Each reading runs through all of it: a million of them in a small file would take days."""
    torch = pytest.importorskip("torch", reason="the extra neural is not installed")
    archive = io.BytesIO()
    torch.save(torch.arange(4.0)._typed_storage(), archive, _use_new_zipfile_serialization=False)
    content = archive.getvalue()
    begin = b"\x80\x03]ctorch.storage\n_load_from_bytes\nq\x000"
    begin += b"B" + struct.pack("<I", len(content)) + content + b"q\x010"
    once = b"h\x00h\x01\x85Ra"
    (storage,) = read_pickle(written(tmp_path, begin + once + b"."))
    assert struct.unpack("<4f", storage.data) == (0, 1, 2, 3)
    with pytest.raises(CheckpointRefused, match="again and again"):
        read_pickle(written(tmp_path, begin + once * 100 + b"."))


@pytest.mark.parametrize(
    ("count", "shape", "stride", "offset"),
    [
        (2_500_000_000, (2_500_000_000,), (1,), 0),  # 10 GB that are not there
        (4, (2_500_000_000,), (0,), 0),  # one number repeated
        (4, (5,), (1,), 0),
        (4, (2, 2), (2, 2), 1),
        (4, (2,), (1, 1), 0),
        (4, (-1, -4), (1, 1), 0),
        (-4, (1,), (1,), 0),
        (4, (1,), (1,), -1),
    ],
)
def test_a_tensor_that_claims_what_is_not_there_is_refused(tmp_path, count, shape, stride, offset):
    content = torch_zip(tensor_program(count, shape, stride, offset), {"0": bytes(16)})
    with pytest.raises(OURS):
        read_pickle(written(tmp_path, content))


def test_an_honest_tensor_is_read(tmp_path):
    content = torch_zip(tensor_program(4, (2, 2), (2, 1)), {"0": struct.pack("<4f", 1, 2, 3, 4)})
    found = read_pickle(written(tmp_path, content))["w"]
    assert isinstance(found, TensorRecord)
    assert struct.unpack("<4f", found.storage.data) == (1, 2, 3, 4)


def test_a_compressed_archive_is_refused(tmp_path):
    bomb = torch_zip(tensor_program(10_000_000, (1,), (1,)), {"0": bytes(40_000_000)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(CheckpointRefused, match="compressed"):
        read_pickle(written(tmp_path, bomb))


def test_truncated_and_damaged_snapshots_give_only_our_errors(tmp_path):
    whole = SNAPSHOT.read_bytes()
    for length in [0, 1, 2, 10, 1000, *range(100_000, len(whole), 500_000), len(whole) - 1]:
        with pytest.raises(OURS):
            read_pickle(written(tmp_path, whole[:length]))
    dice = np.random.default_rng(1)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(3):  # the program is at the beginning of the file, between the tensors
            damaged[dice.integers(6000)] = dice.integers(256)
        try:
            read_pickle(written(tmp_path, bytes(damaged)))
        except OURS:
            refused += 1
    assert refused > 10


def test_archives_of_a_training_run_are_read_without_their_classes(tmp_path):
    """rosinality's own training puts arguments and optimisers beside the networks."""
    torch = pytest.importorskip("torch", reason="the extra neural is not installed")
    weight = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    optimiser = torch.optim.Adam([weight])
    weight.sum().backward()
    optimiser.step()
    content = {
        "g_ema": collections.OrderedDict(
            weight=weight, half=torch.ones(2).half(), view=torch.arange(9.0)[2:8:3]
        ),
        "g_optim": optimiser.state_dict(),
        "args": Namespace(size=64, batch=8, device=torch.device("cpu")),
        "ada_aug_p": 0.25,
    }
    from engine.checkpoints.tensors import state_of

    for zipped in (True, False):
        path = tmp_path / f"{zipped}.pt"
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        found = read_pickle(path)
        assert found["args"]["size"] == 64
        assert found["ada_aug_p"] == 0.25
        state = state_of(found["g_ema"], "g_ema")
        for name, tensor in content["g_ema"].items():
            assert state[name].equal(tensor), name
        for length in (50, path.stat().st_size // 2, path.stat().st_size - 1):
            with pytest.raises(OURS):
                read_pickle(written(tmp_path, path.read_bytes()[:length], "cut.pt"))


def test_safetensors_with_a_false_header_are_refused(tmp_path):
    pytest.importorskip("torch", reason="the extra neural is not installed")
    from engine.checkpoints.tensors import read_safetensors

    claim = {"w": {"dtype": "F32", "shape": [2_500_000_000], "data_offsets": [0, 10_000_000_000]}}
    header = json.dumps(claim).encode()
    for content in (
        struct.pack("<Q", len(header)) + header + bytes(16),
        struct.pack("<Q", 10**10),
        b"",
        b"abc",
    ):
        with pytest.raises(CheckpointBroken):
            read_safetensors(written(tmp_path, content, "w.safetensors"))
