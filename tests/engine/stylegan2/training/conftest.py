"""Drawings to learn from."""

from pathlib import Path

import pytest

from tests.make_drawings import write_drawings


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """A folder of 24 drawings of 32 px."""
    folder = tmp_path_factory.mktemp("drawn")
    write_drawings(folder, "toon-head", range(24), 32)
    return folder
