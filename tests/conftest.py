"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.samples import SHARED_MEDIA

# Tests of these are skipped where they are missing; BASE=1 of `make test` leaves them out on purpose.
EXTRAS = ("torch", "safetensors", "face_alignment", "torch_fidelity", "tensorboard", "spandrel", "imagehash")


def pytest_sessionstart() -> None:
    """On CI no test may be left out because something was not installed."""
    if os.environ.get("CI") == "true" and not os.environ.get("BASE"):
        missing = [name for name in EXTRAS if find_spec(name) is None]
        if missing:
            pytest.exit(
                f"CI runs all tests, and these packages are missing: {', '.join(missing)}", returncode=1
            )


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """Folder with photos/ and voices/ that are not part of the repository."""
    if not SHARED_MEDIA.is_dir():
        pytest.skip("needs the shared test photos and voices, which are not part of the repository")
    return SHARED_MEDIA


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch computes with one thread: two are slower for networks as small as those of most tests."""
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
