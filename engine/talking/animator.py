"""Engines that make a character speak: which there are, and what each of them does with a take.

The warp needs nothing but the drawing and is always there. The others bring networks, whose weights an
operator has placed; each adds its name, and its maker to `MAKERS`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from engine.arrays import FloatMap, Pixels
from engine.character import Character
from engine.face import Face
from engine.neural import need_neural
from engine.photo import Photo
from engine.progress import Progress
from engine.speech.motion import Motion
from engine.talking.warp import Blend, Puppet
from engine.together import Ask
from engine.voice import Voice
from engine.weights import WeightStore


class TalkingEngine(StrEnum):
    """What turns a character and a voice into frames; the setting MYTALKCON_ENGINE."""

    WARP = "warp"
    MAKEITTALK = "makeittalk"
    SADTALKER = "sadtalker"


@dataclass(frozen=True)
class Take:
    """A character that is to say a voice.

    Attributes
    ----------
    voice : the trimmed voice; `voice.analysis` is what the motion was heard from
    motion : what the warp does at 25 fps; an engine that hears for itself takes its blinks and pauses from it
    blends : the frames that are wanted, in order: frames of the motion, or moments between two of them
    seed : the frames are a function of take and seed
    options : what is asked of the engine in its own words, such as "still,pose_style=3" for SadTalker
    """

    character: Character
    voice: Voice
    motion: Motion
    blends: Sequence[Blend]
    seed: int
    options: str = ""


class Animator(Protocol):
    """One engine, ready to work. Used by the engine thread only."""

    def study(self, photo: Photo, face: Face) -> FloatMap | None:
        """Take from the selfie what the engine wants to know later: float32 (N,), or None for nothing.

        It is stored as `Character.coefficients[name]`, since nothing is ever detected on a drawing.
        """

    def frames(self, take: Take, progress: Progress) -> Iterator[Pixels]:
        """Draw the frames of `take.blends`.

        Yields
        ------
        uint8 (512, 512, 4), RGBA, colours multiplied with the alpha; a new array each

        Raises
        ------
        Cancelled
            from `progress`, which is called every few frames with Stage.RENDER
        """


@runtime_checkable
class Ensemble(Animator, Protocol):
    """An engine that draws the frames of several takes in one run of its networks."""

    def asks(self, take: Take, progress: Progress) -> Iterator[Ask[Any, Sequence[Pixels]]]:
        """Ask for the frames of `take.blends`, some at a time (engine/together.py).

        Each answer is the next frames as `frames` gives them; they do not depend on who else asks.
        """


class Warp:
    """The drawing itself is moved (engine/talking/warp.py)."""

    def study(self, photo: Photo, face: Face) -> FloatMap | None:
        """Need nothing of the selfie."""
        return None

    def shown(self, take: Take, progress: Progress) -> Motion:
        """Give the motion that the frames show: what was heard."""
        return take.motion

    def frames(self, take: Take, progress: Progress) -> Iterator[Pixels]:
        """See Animator."""
        return Puppet(take.character).frames(take.motion, progress, take.blends)


Maker = Callable[[WeightStore], Animator]


def _makeittalk(weights: WeightStore) -> Animator:
    need_neural()
    from engine.talking.makeittalk.makeittalk import MakeItTalk

    return MakeItTalk(weights)


def _sadtalker(weights: WeightStore) -> Animator:
    need_neural()
    from engine.talking.sadtalker.animator import SadTalker

    return SadTalker(weights)


MAKERS: Mapping[TalkingEngine, Maker] = {
    TalkingEngine.WARP: lambda _: Warp(),
    TalkingEngine.MAKEITTALK: _makeittalk,
    TalkingEngine.SADTALKER: _sadtalker,
}


def animator(engine: TalkingEngine, weights: WeightStore) -> Animator:
    """Make an engine ready.

    Raises
    ------
    NeuralMissing
        without the extra `neural`, for the engines that need it
    WeightsMissing, WeightsWrong
        when its files are not placed, or are others
    """
    return MAKERS[engine](weights)
