"""MakeItTalk as an engine: its landmarks drive the warp for drawings, its photo network paints photos."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.character import Character
from engine.face import Face
from engine.face.landmarks import ibug_68
from engine.photo import Photo
from engine.progress import Progress, Stage
from engine.speech.motion import FPS, Motion
from engine.talking.animator import Take
from engine.talking.makeittalk import landmarks as marks
from engine.talking.makeittalk.landmarks import Landmarks
from engine.talking.makeittalk.networks import read_cast
from engine.talking.makeittalk.performance import at_seconds, perform
from engine.talking.makeittalk.tracks import motion_of
from engine.talking.warp import Puppet
from engine.weights import WeightStore

NAME = "makeittalk"  # of its coefficients


@dataclass(frozen=True)
class Spoken:
    """Landmarks that say a voice.

    Attributes
    ----------
    place : the face, its mouth closed, and the way from its frame to px
    frames : (frames, 68, 3) at 25 fps in the networks' frame
    """

    place: marks.Normalised
    frames: Landmarks


class MakeItTalk:
    """Ready to work; see Animator.

    Raises
    ------
    WeightsMissing, WeightsWrong
    """

    def __init__(self, weights: WeightStore) -> None:
        self._cast = read_cast(weights)

    def study(self, photo: Photo, face: Face) -> FloatMap | None:
        """Keep the 68 landmarks of the selfie, (204,): a style may change the shape of a face."""
        return np.asarray(ibug_68(face.landmarks).reshape(-1), np.float32)

    def frames(self, take: Take, progress: Progress) -> Iterator[Pixels]:
        """See Animator."""
        yield from Puppet(take.character).frames(self.shown(take, progress), progress, take.blends)

    def shown(self, take: Take, progress: Progress) -> Motion:
        """Give the motion that `frames` shows."""
        spoken = self.speak(take, progress)
        return motion_of(spoken.frames, spoken.place.face, take.motion)

    def speak(self, take: Take, progress: Progress) -> Spoken:
        """Let the face of the selfie say the voice."""
        pixels = marks.with_closed_mouth(_landmarks(take.character), strength=1.0, corners=0.7)
        place = marks.Normalised.of(_upright(pixels), self._cast.standard_face)
        said = perform(self._cast, take.voice.analysis, place.face, lambda: progress(Stage.RENDER, 0.0))
        moments = np.arange(len(take.motion)) / FPS
        return Spoken(place, at_seconds(marks.smoothed(said, marks.FOR_DRAWINGS), moments))


def _landmarks(character: Character) -> Landmarks:
    """68 landmarks (68, 3) of the selfie; of the drawing where the character was drawn for another engine."""
    known = character.coefficients.get(NAME)
    if known is not None and known.shape == (marks.COORDINATES,):
        return np.asarray(known.reshape(68, 3), np.float64)
    return np.asarray(ibug_68(character.landmarks), np.float64)


def _upright(pixels: Landmarks) -> Landmarks:
    """Turn a face (68, 3) so that its ears are level: the networks know no other."""
    across = pixels[16, :2] - pixels[0, :2]
    cos, sin = across / np.linalg.norm(across)
    middle = (pixels[0, :2] + pixels[16, :2]) / 2
    out = pixels.copy()
    out[:, :2] = (pixels[:, :2] - middle) @ np.array([[cos, -sin], [sin, cos]]) + middle
    return out
