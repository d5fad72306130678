"""MP4: H.264 and AAC, frame by frame, with the whole voice."""

import io
from dataclasses import dataclass
from pathlib import Path

import av
import av.audio
import numpy as np
from av.codec.context import Flags

from engine.arrays import Pixels
from engine.media.colour import tag, video_frame
from engine.media.partial import MediaFailed, PartialFile
from engine.speech.motion import FPS
from engine.voice import Voice

COMMENT = "synthetic, made with MyTalkCon"
PRESET = "veryfast"  # 0.8 s of one core for 10 s at 512 px; "faster" takes twice that for 1 dB
QUALITY = 18  # x264's constant rate factor: lines of drawings stay sharp; about 0.7 Mbit/s
MOST_BITS = 1_150_000  # bit/s of the picture: 60 s with sound stay under the 10 MiB that Discord takes
KEYFRAME_EVERY = 75  # frames: a player finds its place within 3 s
SOUND_CHUNK = 1024  # samples, an AAC frame
SOUND_BITS = 96_000  # bit/s, and at most 4 bits a sample (AAC has a ceiling at low rates)
TOLERANCE = 0.040  # s between the lengths of picture and sound: one frame


@dataclass(frozen=True)
class Extent:
    """Width and height in px, length in s."""

    width: int
    height: int
    seconds: float


def extent(mp4: bytes) -> Extent:
    """Read from a video of ours how large and how long it is; nothing is decoded."""
    with av.open(io.BytesIO(mp4), "r") as container:
        picture = container.streams.video[0]
        return Extent(picture.width, picture.height, (container.duration or 0) / av.time_base)


class Mp4Writer:
    """Writes one MP4 with `voice` as its sound: feed it opaque frames, then `finish`, then name its `files`.

    Parameters
    ----------
    path : where the file will be
    side : px, of width and, where it is not given, of height; both even
    voice : its sound
    """

    def __init__(self, path: Path, side: int, voice: Voice, height: int = 0) -> None:
        self._file = PartialFile(path)
        self._size = (height or side, side)
        self._voice = voice
        self._frames = 0
        self._samples = 0  # encoded so far
        self._container = av.open(
            str(self._file.temporary),
            "w",
            format="mp4",
            options={"movflags": "+faststart", "fflags": "+bitexact"},
        )
        self._container.metadata["comment"] = COMMENT
        self._picture = self._container.add_stream(
            "libx264",
            rate=FPS,
            options={
                "preset": PRESET,
                "crf": str(QUALITY),
                "maxrate": str(MOST_BITS),
                "bufsize": str(2 * MOST_BITS),
                "g": str(KEYFRAME_EVERY),
            },
        )
        self._picture.height, self._picture.width = self._size
        self._picture.pix_fmt = "yuv420p"
        self._picture.codec_context.thread_count = 1
        self._picture.codec_context.flags |= Flags.bitexact
        tag(self._picture.codec_context)
        self._sound = self._container.add_stream(
            "aac", rate=voice.sound_rate, layout="mono", options={"aac_coder": "fast"}
        )
        self._sound.bit_rate = min(SOUND_BITS, 4 * voice.sound_rate)
        self._sound.codec_context.flags |= Flags.bitexact

    def write(self, rgb: Pixels) -> None:
        """Add a frame, uint8 (height, side, 3)."""
        if rgb.shape != (*self._size, 3):
            raise MediaFailed(f"a frame of shape {rgb.shape} for a video of {self._size} px")
        self._container.mux(self._picture.encode(video_frame(rgb, self._frames)))
        self._frames += 1
        self._write_sound(self._frames * self._voice.sound_rate // FPS)

    def finish(self) -> None:
        """Write what is left, under the hidden name.

        Raises
        ------
        MediaFailed
            when the number of frames does not fit the length of the voice
        """
        difference = self._frames / FPS - self._voice.seconds
        if not self._frames or abs(difference) > TOLERANCE:
            raise MediaFailed(f"{self._frames} frames for {self._voice.seconds:.3f} s of voice")
        self._container.mux(self._picture.encode(None))
        self._write_sound(len(self._voice.sound))
        self._container.mux(self._sound.encode(None))
        self._container.close()

    @property
    def files(self) -> list[PartialFile]:
        """What it wrote, for `commit_together`."""
        return [self._file]

    def discard(self) -> None:
        """Leave nothing behind, whatever state the file is in."""
        try:
            self._container.close()
        except av.error.FFmpegError:  # it may not even have a header; it is thrown away
            pass
        finally:
            self._file.discard()

    def _write_sound(self, until: int) -> None:
        """Encode the voice up to sample `until`, in whole AAC frames but for the last one."""
        sound, rate = self._voice.sound, self._voice.sound_rate
        while self._samples < min(until, len(sound)):
            chunk = np.ascontiguousarray(sound[np.newaxis, self._samples : self._samples + SOUND_CHUNK])
            frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="mono")
            frame.sample_rate = rate
            frame.pts = self._samples
            self._container.mux(self._sound.encode(frame))
            self._samples += chunk.shape[1]
