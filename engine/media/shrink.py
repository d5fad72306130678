"""Make an MP4 smaller, where a platform takes less than we made."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from av.video.frame import PictureType

from engine.media.colour import tag
from engine.media.partial import MediaFailed
from engine.media.video import COMMENT, KEYFRAME_EVERY, PRESET

SHARE = 0.94  # of the room: the container and the encoder's aim need some
LEAST_BITS = 60_000  # bit/s of the picture: below this a drawn face at 512 px falls apart
TRIES = 3  # each with four fifths of the rate before


def shrink_mp4(content: bytes, most: int) -> bytes:
    """Encode the picture again so that the file has at most `most` bytes; the sound stays as it is.

    Raises
    ------
    MediaFailed
        when it would be unwatchable, or is no video
    """
    try:
        with av.open(io.BytesIO(content), "r") as source:
            seconds = (source.duration or 0) / av.time_base
            sound = sum(p.size for p in source.demux(source.streams.audio)) if source.streams.audio else 0
        if not seconds:
            raise MediaFailed("a video without a length")
        bits = (SHARE * most - sound) * 8 / seconds
        for _ in range(TRIES):
            if bits < LEAST_BITS:
                break
            with TemporaryDirectory() as folder:
                smaller = _encode(content, int(bits), Path(folder) / "smaller.mp4")
            if len(smaller) <= most:
                return smaller
            bits *= 0.8
    except av.error.FFmpegError as error:
        raise MediaFailed(f"{type(error).__name__}: {error}") from error
    raise MediaFailed(f"{len(content)} bytes of {seconds:.1f} s do not fit into {most}")


def _encode(content: bytes, bits: int, target: Path) -> bytes:
    """Encode the picture at `bits` a second, by way of a file: what comes first in it is known last."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with (
        av.open(io.BytesIO(content), "r") as source,
        av.open(str(target), "w", format="mp4", options=options) as written,
    ):
        written.metadata["comment"] = COMMENT
        seen = source.streams.video[0]
        rate = str(bits)
        picture = written.add_stream(
            "libx264",
            rate=seen.average_rate,
            options={
                "preset": PRESET,
                "b": rate,
                "maxrate": rate,
                "bufsize": rate,
                "g": str(KEYFRAME_EVERY),
            },
        )
        picture.width, picture.height, picture.pix_fmt = seen.width, seen.height, "yuv420p"
        picture.codec_context.thread_count = 1
        tag(picture.codec_context)
        heard = source.streams.audio[0] if source.streams.audio else None
        sound = written.add_stream_from_template(heard) if heard is not None else None
        for packet in source.demux():
            if packet.stream is seen:
                for frame in seen.decode(packet):
                    frame.pict_type = PictureType.NONE
                    written.mux(picture.encode(frame))
            elif packet.stream is heard and sound is not None and packet.dts is not None:
                packet.stream = sound
                written.mux(packet)
        written.mux(picture.encode(None))
    return target.read_bytes()
