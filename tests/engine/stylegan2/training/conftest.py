"""Drawings to learn from."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.make_drawings import write_drawings

if TYPE_CHECKING:
    from engine.stylegan2.training.data import Drawings


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """A folder of 24 drawings of 32 px."""
    folder = tmp_path_factory.mktemp("drawn")
    write_drawings(folder, "toon-head", range(24), 32)
    return folder


@pytest.fixture(scope="session")
def drawings(drawn) -> "Drawings":
    """The same at 16 px, as the networks of short_runs.py take them."""
    from engine.stylegan2.training.data import drawings_of
    from tests.engine.stylegan2.training.short_runs import SIZES

    return drawings_of(drawn, SIZES.resolution)
