"""All files of a talk at once: frames go in one by one, encoders work beside the renderer."""

import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import cv2

from engine.arrays import Pixels
from engine.character import SIZE
from engine.media.caption import Captions
from engine.media.colour import Colour, Ground
from engine.media.partial import MediaFailed, PartialFile, commit_together
from engine.media.video import Mp4Writer
from engine.media.video_sticker import MAX_FRAMES, VideoStickerWriter
from engine.voice import Voice

NOTE_SIDE = 384  # px
BACKGROUND: Colour = (255, 236, 214)  # warm, light: hair and white borders both stand out
WAITING = 8  # frames (1 MB each) between renderer and encoder


@dataclass(frozen=True)
class Scene:
    """What a video shows around the character.

    Attributes
    ----------
    background : what lies behind the character in the MP4s: RGB, or a picture uint8 (512, 512, 3)
    caption : the person's own words, shown at the pace of the voice; "" for none
    """

    background: Colour | Pixels = BACKGROUND
    caption: str = ""


PLAIN = Scene()


class FrameWriter(Protocol):
    """What a lane drives."""

    def write(self, frame: Pixels) -> None:
        """Add a frame, uint8 (512, 512, 4)."""

    def finish(self) -> None:
        """Complete the file under a hidden name."""

    @property
    def files(self) -> list[PartialFile]:
        """What waits for its name."""

    def discard(self) -> None:
        """Remove it."""


class TalkWriter:
    """Writes talk.mp4, note.mp4 and talk.webm into `folder`; all of them appear at the end, or none.

    Use it as a context manager: leaving by an exception (a cancelled job, too) discards everything.

    Parameters
    ----------
    folder : exists
    voice : the sound; as many frames must come as it is long, to within one
    background : what lies behind the character in the MP4s: RGB, or a picture uint8 (512, 512, 3)
    captions : words over talk.mp4; the round note has no room for them
    sticker_frames : how many frames the video sticker will get; it is encoded as soon as it has them
    """

    def __init__(
        self,
        folder: Path,
        voice: Voice,
        background: Colour | Pixels = BACKGROUND,
        sticker_frames: int = MAX_FRAMES,
        captions: Captions | None = None,
    ) -> None:
        self._missing = sticker_frames
        self._open = True
        self._videos = _Lane(_Mp4s(folder, voice, background, captions))
        self._sticker = _Lane(VideoStickerWriter(folder / "talk.webm"))
        self._lanes = (self._videos, self._sticker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, frame: Pixels, *, talk: bool = True, sticker: bool = True) -> None:
        """Hand over a frame, uint8 (512, 512, 4), colours multiplied with the alpha; it is kept as it is.

        Parameters
        ----------
        talk, sticker : which files show it; a sticker that is full takes no more
        """
        if talk:
            self._videos.put(frame)
        if sticker and self._missing:
            self._sticker.put(frame)
            self._missing -= 1
            if not self._missing:
                self._sticker.end()  # it encodes while the rest is rendered

    def close(self) -> list[Path]:
        """Wait for the encoders, then let the files appear.

        Raises
        ------
        MediaFailed
            when the frames do not make a talk; nothing is left behind
        """
        try:
            for lane in self._lanes:
                lane.end()
            for lane in self._lanes:
                lane.wait()
            files = commit_together([file for lane in self._lanes for file in lane.writer.files])
        except BaseException:
            self.discard()
            raise
        self._open = False
        return files

    def discard(self) -> None:
        """Stop and remove everything, unless `close` went well."""
        if self._open:
            self._open = False
            with ExitStack() as all_of_them:
                for lane in self._lanes:
                    all_of_them.callback(lane.abort)


class _Mp4s:
    """talk.mp4 and note.mp4: the character is put on its ground once for both."""

    def __init__(
        self, folder: Path, voice: Voice, background: Colour | Pixels, captions: Captions | None
    ) -> None:
        if isinstance(background, tuple):
            self._ground = Ground.plain(background, SIZE)
        else:
            self._ground = Ground(background)
        self._captions = captions
        self._written = 0
        with ExitStack() as until_both_are_there:
            self._talk = Mp4Writer(folder / "talk.mp4", SIZE, voice)
            until_both_are_there.callback(self._talk.discard)
            self._note = Mp4Writer(folder / "note.mp4", NOTE_SIDE, voice)
            until_both_are_there.pop_all()

    def write(self, frame: Pixels) -> None:
        rgb = self._ground.under(frame)
        small = cv2.resize(rgb, (NOTE_SIDE, NOTE_SIDE), interpolation=cv2.INTER_LINEAR)
        self._note.write(small.astype("uint8", copy=False))
        if self._captions is not None:
            self._captions.over(rgb, self._written)
        self._talk.write(rgb)
        self._written += 1

    def finish(self) -> None:
        self._talk.finish()
        self._note.finish()

    @property
    def files(self) -> list[PartialFile]:
        return [*self._talk.files, *self._note.files]

    def discard(self) -> None:
        with ExitStack() as both:
            both.callback(self._note.discard)
            both.callback(self._talk.discard)


class _Lane:
    """A thread that feeds one writer. After a fault it takes frames and drops them: nobody waits for it."""

    def __init__(self, writer: FrameWriter) -> None:
        self.writer = writer
        self._fault: BaseException | None = None
        self._aborted = False
        self._frames: queue.Queue[Pixels | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="encoder", daemon=True)
        self._thread.start()

    def put(self, frame: Pixels) -> None:
        if self._fault:
            raise self._fault
        self._frames.put(frame)

    def end(self) -> None:
        self._frames.put(None)

    def wait(self) -> None:
        self._thread.join()
        if self._fault:
            raise self._fault

    def abort(self) -> None:
        self._aborted = True
        self._frames.put(None)
        self._thread.join()
        self.writer.discard()

    def _run(self) -> None:
        while (frame := self._frames.get()) is not None:
            self._step(lambda frame=frame: self.writer.write(frame))  # type: ignore[misc]
        self._step(self.writer.finish)

    def _step(self, step: Callable[[], None]) -> None:
        if self._fault or self._aborted:
            return
        try:
            step()
        except MediaFailed as fault:
            self._fault = fault
        except Exception as fault:
            self._fault = MediaFailed(f"{type(fault).__name__}: {fault}")
            self._fault.__cause__ = fault
