"""Memory does not grow with the voice, whose length is held to 60 s."""

import sys

import pytest

from tests.engine.talking.sadtalker import small
from tests.sadtalker_memory import FULL, SMALL, measured

torch = pytest.importorskip("torch", reason="the extra neural is not installed")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="peaks are read where Linux tells them"),
]

NOISE = 20  # 10^6 bytes by which peaks of equal work differ
MOST = 6_000


def test_frame_after_frame_takes_no_more(weights):
    """All frames of a voice are drawn and encoded, by small networks."""
    *_, early, late = measured(weights.folder, SMALL, 16, (50, 400)).values()
    assert late - early < NOISE, (early, late)


def test_a_minute_at_full_size_needs_less_than_6_gb(tmp_path):
    """All before the frames is done for the whole minute; two frames of its middle are drawn and encoded."""
    from engine.talking.sadtalker.checkpoint import Sizes

    small.write_files(tmp_path, Sizes(), sides=(256,))
    found = measured(tmp_path, FULL, 60, (2,))
    assert max(found.values()) < MOST, found
