"""Video sticker: WEBM, VP9 with alpha, no sound, small enough for every messenger that has such stickers."""

import io
from pathlib import Path

import av
import cv2
from av.codec.context import Flags

from engine.arrays import Pixels
from engine.media.colour import tag, video_frame
from engine.media.partial import MediaFailed, PartialFile
from engine.media.video import COMMENT
from engine.raster import straight
from engine.speech.motion import FPS

SIDE = 512  # px
MAX_FRAMES = 73  # 2.92 s: under 3 s however a platform counts
MAX_BYTES = 250_000  # Telegram takes 256 KB; room for either meaning of KB
FIRST_BITS = 370_000  # bit/s, for the picture and again for the alpha, which needs little of it
LEAST_BITS = 20_000
AIM = 0.93  # of MAX_BYTES, when an attempt was too large
ATTEMPTS = 4  # one is enough for nearly every drawing, two for very busy ones
THREADS = 2
OPTIONS = {
    "deadline": "realtime",  # 0.4 s for 2.92 s on 2 cores; "good" takes 2 s for 1 dB
    "cpu-used": "6",
    "row-mt": "1",
    "tile-columns": "1",
    "auto-alt-ref": "0",  # libvpx has no such frames with alpha
    "lag-in-frames": "0",  # looking ahead takes 35 MB and gains nothing at this deadline
    "g": str(MAX_FRAMES),
}


class VideoStickerWriter:
    """Takes at most MAX_FRAMES frames and encodes them at the end, when their sizes can be tried.

    Parameters
    ----------
    path : where the file will be
    """

    def __init__(self, path: Path) -> None:
        self._file = PartialFile(path)
        self._frames: list[av.VideoFrame] = []

    def write(self, rgba: Pixels) -> None:
        """Add a frame, uint8 (512, 512, 4), colours multiplied with their alpha."""
        if rgba.shape != (SIDE, SIDE, 4):
            raise MediaFailed(f"a frame of shape {rgba.shape} for a sticker of {SIDE} px")
        if len(self._frames) == MAX_FRAMES:
            raise MediaFailed(f"more than {MAX_FRAMES} frames for a sticker")
        rgb = cv2.cvtColor(straight(rgba), cv2.COLOR_RGBA2RGB)
        self._frames.append(video_frame(rgb, len(self._frames), cv2.extractChannel(rgba, 3)))

    def finish(self) -> None:
        """Encode under the hidden name."""
        if not self._frames:
            raise MediaFailed("no frame for a sticker")
        self._file.temporary.write_bytes(sticker_video(self._frames))
        self._frames.clear()

    @property
    def files(self) -> list[PartialFile]:
        """What it wrote, for `commit_together`."""
        return [self._file]

    def discard(self) -> None:
        """Leave nothing behind."""
        self._frames.clear()
        self._file.discard()


def sticker_video(frames: list[av.VideoFrame]) -> bytes:
    """Encode yuva420p frames at falling bitrates until the file is small enough, at last fewer of them."""
    bits = FIRST_BITS
    for _ in range(ATTEMPTS):
        data = _encoded(frames, bits)
        if len(data) <= MAX_BYTES:
            return data
        bits = max(LEAST_BITS, min(int(bits * AIM * MAX_BYTES / len(data)), int(bits * 0.85)))
    if len(frames) == 1:
        raise MediaFailed(f"one frame takes {len(data)} bytes")
    return sticker_video(frames[: len(frames) // 2])


def _encoded(frames: list[av.VideoFrame], bits: int) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="webm", options={"fflags": "+bitexact"}) as container:
        container.metadata["comment"] = COMMENT
        stream = container.add_stream("libvpx-vp9", rate=FPS, options=OPTIONS)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuva420p"
        stream.bit_rate = bits
        stream.metadata["alpha_mode"] = "1"
        stream.codec_context.thread_count = THREADS
        stream.codec_context.flags |= Flags.bitexact
        tag(stream.codec_context)
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()
