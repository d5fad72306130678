"""Reference videos: the coefficients of a face in every frame of a video that the operator names."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from engine.arrays import FloatMap, Pixels, Points
from engine.errors import EngineError, PhotoProblem
from engine.face.finder import FaceFinder
from engine.photo import Photo
from engine.speech.motion import FPS
from engine.voice import MAX_SECONDS
from engine.weights import WeightStore

LONG_SIDE = 640  # px; larger frames are made smaller
FEWEST = 0.5  # of the frames must show a face

log = logging.getLogger(__name__)


class ReferenceUnusable(EngineError):
    """A reference video cannot be read, or most of it shows no face."""

    message_id = "reference-unusable"


def reference_rows(
    path: Path,
    weights: WeightStore,
    row_of: Callable[[Pixels, Points], FloatMap],
    between: Callable[[], None],
    known: dict[str, FloatMap],
) -> FloatMap:
    """Rows of a video at 25 fps, at most 60 s of it, float32 (T, 73); without a face the last one holds.

    Parameters
    ----------
    row_of : (picture, landmarks (478, 3)) -> (73,)
    known : rows by path; what is read is kept there

    Raises
    ------
    ReferenceUnusable
    """
    key = str(path.resolve())
    if key not in known:
        finder = FaceFinder(
            weights.locate("face_landmarker.task"), weights.locate("face_detection_full_range_sparse.tflite")
        )
        rows: list[FloatMap | None] = []
        for picture in pictures_of(path):
            between()
            try:
                found = finder.find(Photo(picture))
            except PhotoProblem as problem:
                log.debug("%s, frame %d: %s", path.name, len(rows), problem)
                rows.append(None)
            else:
                rows.append(row_of(found.photo.pixels, found.landmarks))
        seen = [row for row in rows if row is not None]
        if not rows or len(seen) < FEWEST * len(rows):
            raise ReferenceUnusable(f"{path}: a face in {len(seen)} of {len(rows)} frames", file=path.name)
        held, filled = seen[0], []
        for row in rows:
            held = held if row is None else row
            filled.append(held)
        known[key] = np.stack(filled)
    return known[key]


def pictures_of(path: Path) -> Iterator[Pixels]:
    """Frames of a video at 25 fps, uint8 (H, W, 3), one at a time, at most 60 s; it may begin at any time.

    Raises
    ------
    ReferenceUnusable
        when it cannot be read
    """
    count, begin = 0, None
    try:
        with av.open(str(path)) as container:
            best = container.streams.best("video")  # the first may be the picture of a cover
            for frame in container.decode(best) if isinstance(best, VideoStream) else ():
                seconds = frame.time if frame.time is not None else count / FPS
                begin = seconds if begin is None else begin
                shown_until = round((seconds - begin) * FPS)
                if count > shown_until:
                    continue
                picture = _reduced(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
                for _ in range(count, min(shown_until + 1, MAX_SECONDS * FPS)):
                    yield picture
                count = shown_until + 1
                if count >= MAX_SECONDS * FPS:
                    return
    except (av.FFmpegError, OSError) as error:
        raise ReferenceUnusable(f"{path}: {error}", file=path.name) from error


def _reduced(picture: Pixels) -> Pixels:
    scale = LONG_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
