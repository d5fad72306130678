"""MakeItTalk as an engine: its landmarks drive the warp for drawings, its photo network paints photos."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Pixels
from engine.character import PHOTO, Character
from engine.face import Face
from engine.face.landmarks import ibug_68
from engine.photo import Photo
from engine.progress import Progress, Stage
from engine.speech.motion import FPS, Motion
from engine.talking.animator import Take
from engine.talking.makeittalk import landmarks as marks
from engine.talking.makeittalk.landmarks import Landmarks
from engine.talking.makeittalk.networks import read_cast, read_translation
from engine.talking.makeittalk.performance import at_seconds, perform
from engine.talking.makeittalk.photo import SCALE, Painter
from engine.talking.makeittalk.tracks import motion_of
from engine.talking.makeittalk.translation import Translation
from engine.talking.warp import Puppet
from engine.weights import WeightsMissing, WeightStore

NAME = "makeittalk"  # of its coefficients
REPORT_EVERY = 2  # painted frames


class MakeItTalk:
    """Ready to work; see Animator.

    Raises
    ------
    WeightsMissing, WeightsWrong
    """

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights
        self._cast = read_cast(weights)

    @cached_property
    def _translation(self) -> Translation | None:
        """The photo network; None where its file is not placed: the warp then moves photos, too."""
        try:
            return read_translation(self._weights)
        except WeightsMissing:
            return None

    def study(self, photo: Photo, face: Face) -> FloatMap | None:
        """Keep the 68 landmarks of the selfie, (204,): a style may change the shape of a face."""
        return np.asarray(ibug_68(face.landmarks).reshape(-1), np.float32)

    def frames(self, take: Take, progress: Progress) -> Iterator[Pixels]:
        """See Animator."""
        if take.character.style == PHOTO and (network := self._translation) is not None:
            yield from self._painted(network, take, progress)
        else:
            yield from Puppet(take.character).frames(self.shown(take, progress), progress, take.blends)

    def shown(self, take: Take, progress: Progress) -> Motion:
        """Give the motion that `frames` shows."""
        upright = _Upright.of(_closed(_of_selfie(take.character)))
        place = marks.Normalised.of(upright.face, self._cast.standard_face)
        said = marks.smoothed(self._say(take, place, progress), marks.FOR_DRAWINGS)
        return motion_of(at_seconds(said, _moments(take)), place.face, take.motion)

    def _say(self, take: Take, place: marks.Normalised, progress: Progress) -> Landmarks:
        sound = take.voice.analysis
        return perform(self._cast, sound, place.face, lambda: progress(Stage.RENDER, 0.0))

    def _painted(self, network: Translation, take: Take, progress: Progress) -> Iterator[Pixels]:
        drawn = np.asarray(ibug_68(take.character.landmarks), np.float64) * SCALE
        upright = _Upright.of(marks.adjusted_by_hand(marks.with_closed_mouth(drawn)))
        place = marks.Normalised.of(upright.face, self._cast.standard_face)
        said = place.back(self._say(take, place, progress))
        blinking = marks.with_blinks(said, np.random.RandomState(take.seed % 2**32))
        frames = at_seconds(marks.smoothed(blinking, marks.FOR_PHOTOS), _moments(take))
        painter = Painter(network, take.character)
        for i, frame in enumerate(painter.frames(upright.back(frames), take.blends)):
            if i % REPORT_EVERY == 0:
                progress(Stage.RENDER, i / len(take.blends))
            yield frame
        progress(Stage.RENDER, 1.0)


def _moments(take: Take) -> NDArray[np.float64]:
    return np.arange(len(take.motion)) / FPS


def _closed(pixels: Landmarks) -> Landmarks:
    """Close the mouth altogether: what the warp moves starts from closed lips."""
    return marks.with_closed_mouth(pixels, strength=1.0, corners=0.7)


def _of_selfie(character: Character) -> Landmarks:
    """68 landmarks (68, 3) of the selfie; of the drawing where the character was drawn for another engine."""
    known = character.coefficients.get(NAME)
    if known is not None and known.shape == (marks.COORDINATES,):
        return np.asarray(known.reshape(68, 3), np.float64)
    return np.asarray(ibug_68(character.landmarks), np.float64)


@dataclass(frozen=True)
class _Upright:
    """A face (68, 3) turned until its ears are level, as the networks know faces, and the way back."""

    face: Landmarks
    turn: NDArray[np.float64]
    middle: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: Landmarks) -> "_Upright":
        across = pixels[16, :2] - pixels[0, :2]
        cos, sin = across / max(float(np.linalg.norm(across)), 1e-6)
        turn = np.array([[cos, sin], [-sin, cos]])
        middle = (pixels[0, :2] + pixels[16, :2]) / 2
        face = pixels.copy()
        face[:, :2] = (pixels[:, :2] - middle) @ turn.T + middle
        return cls(face, turn, middle)

    def back(self, frames: Landmarks) -> Landmarks:
        """Turn landmarks (frames, 68, 3) as the face was."""
        out = frames.copy()
        out[..., :2] = (frames[..., :2] - self.middle) @ self.turn + self.middle
        return out
