"""An MP4 that is too large for a platform is made smaller, or refused; its sound is left alone."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media.partial import MediaFailed, commit_together
from engine.media.shrink import shrink_mp4
from engine.media.video import Mp4Writer
from engine.voice import Voice

SIDE, FRAMES = 128, 75


def noisy_video(path: Path) -> bytes:
    """Three seconds that compress badly."""
    rng = np.random.default_rng(0)
    sound = np.sin(np.arange(3 * 16_000) * 0.1).astype(np.float32) * 0.3
    writer = Mp4Writer(path, SIDE, Voice(sound, sound, 16_000))
    for _ in range(FRAMES):
        writer.write(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
    writer.finish()
    [made] = commit_together(writer.files)
    return made.read_bytes()


def test_it_fits_and_still_plays(tmp_path: Path):
    content = noisy_video(tmp_path / "talk.mp4")
    most = len(content) // 2
    smaller = shrink_mp4(content, most)
    assert len(smaller) <= most
    with av.open(io.BytesIO(content), "r") as before, av.open(io.BytesIO(smaller), "r") as after:
        assert after.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in after.decode(video=0)) == FRAMES
        assert after.metadata["comment"] == before.metadata["comment"]
        assert after.duration == pytest.approx(before.duration, abs=50_000)
    with av.open(io.BytesIO(content), "r") as before, av.open(io.BytesIO(smaller), "r") as after:
        heard = [[bytes(p) for p in file.demux(file.streams.audio) if p.size] for file in (before, after)]
    assert heard[0] == heard[1]


@pytest.mark.parametrize("most", [0, 5_000])
def test_what_cannot_fit_is_refused(tmp_path: Path, most: int):
    with pytest.raises(MediaFailed):
        shrink_mp4(noisy_video(tmp_path / "talk.mp4"), most)


def test_what_is_no_video_is_refused():
    with pytest.raises(MediaFailed):
        shrink_mp4(b"no video", 1_000)
