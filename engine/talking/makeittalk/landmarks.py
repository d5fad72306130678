"""The 68 landmarks around MakeItTalk's networks: into its frame, out of it, and what is done to them there.

Landmarks are iBUG's: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, outer lips 48-59, inner lips 60-67. The
networks' frame is that of the picture (x right, y down), 1.6 wide from ear to ear.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import Pixels
from engine.talking.smoothing import savitzky_golay

Landmarks = NDArray[np.float64]
"""(68, 3), or (frames, 68, 3)."""

COORDINATES = 204  # 68 landmarks, x, y, z each in turn
FACE_WIDTH = 1.6  # from landmark 0 to 16 in the networks' frame
DEPTH = 0.1  # of the standard face's depth that every face gets
MOUTH = slice(48, 68)
_INNER_PAIRS = ((61, 67), (62, 66), (63, 65))
_OUTER_PAIRS = ((49, 59), (50, 58), (51, 57), (52, 56), (53, 55))
_LID_PAIRS = ((37, 41), (38, 40), (43, 47), (44, 46))

LIP_GAIN = 2.0  # the mouth's movement in x and y
POSE_GAIN = 0.5  # what the speaker-aware branch adds
_POSE_CLOSING = 0.99  # of its lips
_POSE_WINDOW = 31  # frames over which it is smoothed
_LIP_WINDOW = 5


@dataclass(frozen=True)
class Smoothing:
    """Windows in frames of 16 ms, for a polynomial of order 3."""

    face: int
    mouth: int


FOR_PHOTOS, FOR_DRAWINGS = Smoothing(15, 5), Smoothing(17, 11)


@dataclass(frozen=True)
class Normalised:
    """A face in the networks' frame, and the way back.

    Attributes
    ----------
    face : (68, 3)
    scale, shift : px (x, y) come to (x, y) + shift, times scale, times -1; `scale` is negative
    """

    face: Landmarks
    scale: float
    shift: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: Landmarks, standard: Landmarks) -> "Normalised":
        """Take landmarks (68, 3) in px; their depth is that of the standard face."""
        scale = FACE_WIDTH / float(pixels[0, 0] - pixels[16, 0])
        shift = -(pixels[0, :2] + pixels[16, :2]) / 2
        face = np.concatenate([-(pixels[:, :2] + shift) * scale, DEPTH * standard[:, 2:]], axis=1)
        return cls(face, scale, shift)

    def back(self, moved: Landmarks) -> Landmarks:
        """Give landmarks (..., 68, 3) of the networks' frame in px; the depth stays as it is."""
        out = moved.copy()
        out[..., :2] = -moved[..., :2] / self.scale - self.shift
        return out


def with_closed_mouth(pixels: Landmarks, strength: float = 0.7, corners: float = 0.5) -> Landmarks:
    """Bring the lips of a face (68, 3) together by `strength`, outer lips near the corners by `corners`."""
    out = pixels.copy()
    for upper, lower in _INNER_PAIRS:
        middle = (pixels[upper] + pixels[lower]) / 2
        for inner in (upper, lower):
            away = pixels[inner] - middle
            outer = inner - 11 if inner == upper else inner - 9
            out[outer] -= strength * away
            beside = {61: 49, 63: 53, 67: 59, 65: 55}.get(inner)
            if beside is not None:
                out[beside] -= corners * away
            out[inner] -= strength * away
    return out


def adjusted_by_hand(pixels: Landmarks) -> Landmarks:
    """Open the eyes of a face (68, 3) at 256 px by 2 px each way and thin its lips by 1 px."""
    out = pixels.copy()
    for points, down in (
        ((37, 38, 43, 44), -2),
        ((40, 41, 46, 47), 2),
        (range(49, 54), 1),
        (range(55, 60), -1),
    ):
        out[list(points), 1] += down
    return out


def calibrated(content: Landmarks, gain: float = LIP_GAIN) -> Landmarks:
    """Take its resting value off each coordinate of the content branch, then move the mouth more.

    At rest is the mean of the lower half of a coordinate's values.
    """
    flat = content.reshape(len(content), -1)
    lower = np.sort(flat, axis=0)[: max(1, int(len(flat) * 0.5))]
    out = (flat - lower.mean(axis=0)).reshape(content.shape)
    out[:, MOUTH, :2] *= gain
    return np.asarray(out, np.float64)


def pose_only(speaker: Landmarks) -> Landmarks:
    """Smooth what the speaker-aware branch gives and keep its lips together: words are the other's part."""
    out = savitzky_golay(speaker, _POSE_WINDOW, 3)
    for upper, lower in (*_OUTER_PAIRS, *_INNER_PAIRS):
        middle = (out[:, upper] + out[:, lower]) / 2
        for point in (upper, lower):
            out[:, point] -= _POSE_CLOSING * (out[:, point] - middle)
    return out


def together(face: Landmarks, pose: Landmarks, content: Landmarks) -> Landmarks:
    """Landmarks before the lips are put right: the face, the person's pose, the words."""
    return np.asarray(face + POSE_GAIN * pose + content, np.float64)


def inner_area(frame: Landmarks) -> float:
    """Signed area of the inner lips of (68, 3): negative where the lower lip is above the upper one."""
    x, y = frame[60:68, 0], frame[60:68, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def lips_in_order(frames: Landmarks) -> Landmarks:
    """Close the lips where they have crossed; the outer lips keep their distance of the frame before."""
    out = frames.copy()
    outer = np.array([55, 56, 57, 58, 59, 49, 50, 51, 52, 53])
    inner = np.array([64, 65, 66, 67, 60, 60, 61, 62, 63, 64])
    for j, frame in enumerate(out):
        if inner_area(frame) >= 0:
            continue
        for upper, lower in _INNER_PAIRS:
            frame[[upper, lower]] = (frame[upper] + frame[lower]) / 2
        before = out[max(j - 1, 0)]
        thickness = before[outer, 1] - before[inner, 1]
        frame[outer, 1] = frame[inner, 1] + thickness
    return out


def finished(frames: Landmarks) -> Landmarks:
    """Put lips and nose right and smooth a little."""
    out = lips_in_order(frames)
    out[:, 27] = 2 * out[:, 28] - out[:, 29]
    return savitzky_golay(out, _LIP_WINDOW, 3)


_BLINK_SHUT, _BLINK_OPEN = 10, 15  # frames in which the lids close and open


def with_blinks(frames: Landmarks, random: np.random.RandomState) -> Landmarks:
    """Let the lids blink half a second in, then every 90 to 150 frames."""
    out = frames.copy()
    for upper, lower in _LID_PAIRS:
        high, low = frames[:, upper], frames[:, lower]
        out[:, upper], out[:, lower] = 0.95 * high + 0.05 * low, 0.05 * high + 0.95 * low
    lids = [point for pair in _LID_PAIRS for point in pair]
    for t in _blinks(len(frames), random):
        for upper, lower in _LID_PAIRS:
            out[t, [upper, lower]] = 0.25 * out[t, upper] + 0.75 * out[t, lower]
        for k in range(t - _BLINK_SHUT + 1, t):
            share = (t - k) / _BLINK_SHUT
            out[k, lids] = share * out[t - _BLINK_SHUT, lids] + (1 - share) * out[t, lids]
        for k in range(t + 1, t + _BLINK_OPEN):
            share = (t + _BLINK_OPEN - 1 - k) / _BLINK_OPEN
            out[k, lids] = share * out[t, lids] + (1 - share) * out[t + _BLINK_OPEN, lids]
    return out


def _blinks(length: int, random: np.random.RandomState) -> list[int]:
    last = length - 1 - _BLINK_OPEN
    times, t = [], 30
    while t < last:
        times.append(t)
        t += 60 + int(random.randint(30, 90))
    return times


def smoothed(frames: Landmarks, how: Smoothing) -> Landmarks:
    """Smooth the face and, less, the mouth."""
    return np.concatenate(
        [
            savitzky_golay(frames[:, : MOUTH.start], how.face, 3),
            savitzky_golay(frames[:, MOUTH], how.mouth, 3),
        ],
        axis=1,
    )


_STROKES: tuple[tuple[range, bool, tuple[int, int, int]], ...] = (  # points, closed, BGR
    (range(17), False, (255, 144, 25)),
    (range(17, 22), False, (50, 205, 50)),
    (range(22, 27), False, (50, 205, 50)),
    (range(27, 36), False, (208, 224, 63)),
    (range(36, 42), True, (71, 99, 255)),
    (range(42, 48), True, (71, 99, 255)),
    (range(48, 60), True, (238, 130, 238)),
    (range(60, 68), True, (238, 130, 238)),
)


def landmark_picture(pixels: Landmarks, side: int) -> Pixels:
    """Draw landmarks (68, 2 or 3), px, as the photo network reads them: uint8 (side, side, 3), BGR."""
    canvas = np.full((side, side, 3), 255, np.uint8)
    places = pixels[:, :2].astype(int).tolist()
    for points, closed, colour in _STROKES:
        line = [places[i] for i in points]
        for here, there in zip(line, [*line[1:], line[0]], strict=True):
            if there is not line[0] or closed:
                cv2.line(canvas, here, there, colour, 2)
    return canvas
