"""Two processes that torchrun starts learn what one learns alone; a killed command goes on."""

import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import os
import signal
import subprocess
import sys
import time

import torch

from engine.stylegan2.checkpoint import read_checkpoint
from tests.engine.stylegan2.training.logs import lines_of
from tests.samples import MYTALKCON

pytestmark = pytest.mark.long

TWO = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python")
OPTIONS = (
    "--resolution", "16", "--channel-base", "128", "--channel-max", "16", "--latent", "16", "--batch", "8",
    "--microbatch", "4", "--gamma", "0.1", "--ada-kimg", "0.5", "--tick", "0.128", "--snapshot", "1",
)  # fmt: skip
ALONE = os.environ | {"OMP_NUM_THREADS": "1"}


def command(data, out, kimg) -> list[str]:
    return [str(MYTALKCON), "train", "--data", str(data), "--out", str(out), "--kimg", str(kimg), *OPTIONS]


def finished(words) -> None:
    done = subprocess.run(words, env=ALONE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_two_processes_learn_what_one_learns(drawn, tmp_path):
    for name, start in (("one", ()), ("two", TWO)):
        finished([*start, *command(drawn, tmp_path / name, 0.256)])
    one, two = (lines_of(tmp_path / name) for name in ("one", "two"))
    assert len(one) == len(two) == 2
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=1e-4)
    (last,) = (path.name for path in (tmp_path / "one").glob("network-00000.256*"))
    states = [read_checkpoint(tmp_path / name / last).networks["g_ema"].state for name in ("one", "two")]
    for name, tensor in states[0].items():
        assert torch.allclose(tensor, states[1][name], rtol=1e-4, atol=1e-5), name


def test_a_command_that_was_killed_ends_with_the_same_network(drawn, tmp_path):
    finished(command(drawn, tmp_path / "whole", 0.512))
    with subprocess.Popen(command(drawn, tmp_path / "killed", 0.512), env=ALONE) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "killed" / "state.safetensors").exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL, "it was killed before its end"
    finished(command(drawn, tmp_path / "killed", 0.512))
    assert lines_of(tmp_path / "killed") == lines_of(tmp_path / "whole")
    one, other = (
        read_checkpoint(tmp_path / name / "network-00000.512.safetensors") for name in ("whole", "killed")
    )
    for name in ("g_ema", "d"):
        for key, tensor in one.networks[name].state.items():
            assert tensor.equal(other.networks[name].state[key]), key
