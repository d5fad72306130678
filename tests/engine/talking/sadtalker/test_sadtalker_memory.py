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


def test_a_long_voice_peaks_where_a_short_one_does(weights):
    """Every frame is drawn and encoded, by small networks."""
    short, long = (list(measured(weights.folder, SMALL, seconds).values()) for seconds in (6, 24))
    assert long[-1] - short[-1] < NOISE, (short, long)


def test_a_minute_at_full_size_needs_less_than_6_gb(tmp_path):
    """All before the frames is done for the whole minute; frames of its middle peak alike."""
    from engine.talking.sadtalker.checkpoint import Sizes

    small.write_files(tmp_path, Sizes(), sides=(256,))
    found = measured(tmp_path, FULL, 60, (2, 4))
    assert max(found.values()) < MOST, found
    *_, before, after = found.values()
    assert after - before < NOISE, found
