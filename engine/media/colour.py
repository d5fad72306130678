"""From the engine's RGBA to what encoders take: a ground colour under it, then BT.709 in limited range."""

from collections.abc import Sequence

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from engine.arrays import Pixels

Colour = tuple[int, int, int]
"""RGB, 0..255."""

# ITU-R BT.709: luma weights of R, G, B; the differences are scaled to 224 of 255 steps, luma to 219.
LUMA = np.array([0.2126, 0.7152, 0.0722])
BLUE = (np.array([0.0, 0.0, 1.0]) - LUMA) / 1.8556
RED = (np.array([1.0, 0.0, 0.0]) - LUMA) / 1.5748
LIMITED = np.column_stack(
    [np.stack([LUMA * 219, BLUE * 224, RED * 224]) / 255, np.array([16.0, 128.0, 128.0])]
).astype(np.float32)


class Ground:
    """What lies behind a picture: uint8 (H, W, 3), RGB."""

    def __init__(self, picture: Pixels) -> None:
        self._picture = picture

    @classmethod
    def plain(cls, colour: Colour, side: int) -> "Ground":
        """One colour."""
        return cls(np.full((side, side, 3), colour, np.uint8))

    def under(self, picture: Pixels) -> Pixels:
        """Put it under uint8 (H, W, 4), colours multiplied with their alpha; uint8 (H, W, 3)."""
        clear = cv2.bitwise_not(cv2.extractChannel(picture, 3))
        shining_through = cv2.multiply(self._picture, cv2.merge([clear, clear, clear]), scale=1 / 255)
        composite: Pixels = cv2.add(cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB), shining_through).astype(
            np.uint8, copy=False
        )
        return composite


def video_frame(
    rgb: cv2.typing.MatLike, number: int, alpha: cv2.typing.MatLike | None = None
) -> av.VideoFrame:
    """Frame `number` in yuv420p, or in yuva420p with `alpha`; sides must be even."""
    luma, blue, red = cv2.split(cv2.transform(rgb, LIMITED))
    half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    chroma = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (blue, red)]
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], "yuv420p" if alpha is None else "yuva420p")
    _fill(frame, [luma, *chroma] if alpha is None else [luma, *chroma, alpha])
    frame.colorspace = Colorspace.ITU709
    frame.color_range = ColorRange.MPEG
    frame.pts = number
    return frame


def tag(codec: av.VideoCodecContext) -> None:
    """Write into the stream what `video_frame` did, so that players undo exactly that."""
    codec.colorspace = Colorspace.ITU709
    codec.color_range = ColorRange.MPEG
    codec.color_primaries = ColorPrimaries.BT709
    codec.color_trc = ColorTrc.BT709


def _fill(frame: av.VideoFrame, planes: Sequence[cv2.typing.MatLike]) -> None:
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: values.shape[0], : values.shape[1]] = values
