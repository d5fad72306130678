"""The engine: a photo and a style become a Character, a Character and a voice become a Talk.

Every result is a function of its inputs and a seed. Models are loaded when they are first needed and are used
by one thread only: the engine thread (engine/worker.py).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from engine.arrays import FloatMap
from engine.character import Character, settled
from engine.errors import Notice
from engine.face import Face
from engine.face.finder import FaceFinder, FoundFace
from engine.face.matte import Matting
from engine.intake import Decoder
from engine.media.caption import FONT_FILE, Captions
from engine.media.highlight import shots
from engine.media.talk import PLAIN, Scene, TalkWriter
from engine.neural import NeuralMissing
from engine.photo import Photo
from engine.progress import Progress, Stage, silent
from engine.speech import Heard, Listener
from engine.speech.cleaning import gated, trimmed
from engine.speech.effects import Effect, with_effect
from engine.speech.expressions import Expression
from engine.speech.motion import Motion
from engine.styles import Sitting, draw, prepare, style_of
from engine.talking.animator import Animator, Take, TalkingEngine, animator
from engine.voice import Voice
from engine.weights import WeightsMissing, WeightStore, WeightsWrong

log = logging.getLogger(__name__)

SPEECH_SEED = 0x5EED  # so that drawing and motion do not share their random numbers


@dataclass(frozen=True)
class Drawn:
    """Characters of one person, one a style, and words about the photo."""

    characters: tuple[Character, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Talk:
    """A finished talk.

    Attributes
    ----------
    files : talk.mp4, note.mp4, talk.webm
    motion : what the face did
    notices : words about the voice
    """

    files: tuple[Path, ...]
    motion: Motion
    notices: tuple[Notice, ...]


class Engine:
    """Everything that makes pictures and sound. Close it, or use it as a context manager.

    Parameters
    ----------
    talking : engine that makes characters speak where none is asked for; the warp stands in for it when its
        weights are missing, and the log says so
    options : what is asked of engines in their own words (see `Take.options`), where no talk asks otherwise
    """

    def __init__(
        self,
        weights: WeightStore | None = None,
        talking: TalkingEngine = TalkingEngine.WARP,
        options: Mapping[TalkingEngine, str] | None = None,
    ) -> None:
        self._weights = weights or WeightStore()
        self._talking, self._options = talking, options or {}
        self._animators: dict[TalkingEngine, Animator] = {}
        self._stands_in: Animator | None = None  # for the usual engine

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the decoder processes."""
        if "decoder" in self.__dict__:
            self.decoder.close()

    @cached_property
    def decoder(self) -> Decoder:
        """The decoder processes: `decoder.photo(bytes)`, `decoder.voice(bytes)`."""
        return Decoder()

    @cached_property
    def _finder(self) -> FaceFinder:
        return FaceFinder(
            self._weights.locate("face_landmarker.task"),
            self._weights.locate("face_detection_full_range_sparse.tflite"),
        )

    @cached_property
    def _matting(self) -> Matting:
        return Matting(self._weights.locate("selfie_segmentation.tflite"))

    @cached_property
    def _listener(self) -> Listener:
        return Listener()

    def animator(self, engine: TalkingEngine | None = None) -> Animator:
        """Give an engine that makes characters speak; the usual one, or what stands in for it, for None.

        Raises
        ------
        NeuralMissing, WeightsMissing, WeightsWrong
            when `engine` was asked for by name
        """
        if engine is None and self._stands_in is not None:
            return self._stands_in
        wanted = engine or self._talking
        if wanted not in self._animators:
            try:
                self._animators[wanted] = animator(wanted, self._weights)
            except (NeuralMissing, WeightsMissing, WeightsWrong) as error:
                if engine is not None:
                    raise
                log.error("%s is not to be had, the warp stands in for it: %s", wanted, error)
                self._stands_in = self.animator(TalkingEngine.WARP)
                return self._stands_in
        return self._animators[wanted]

    def find_face(self, photo: Photo, progress: Progress = silent) -> FoundFace:
        """Find the person's face; raises a PhotoProblem when it cannot be drawn (engine/face/finder.py)."""
        progress(Stage.FACE, 0.0)
        found = self._finder.find(photo)
        progress(Stage.FACE, 1.0)
        return found

    def cut_out(self, photo: Photo, progress: Progress = silent) -> tuple[Photo, Face]:
        """Find the face and the matte; gives the photo too, since it may have been turned upright."""
        found = self.find_face(photo, progress)
        progress(Stage.MATTE, 0.0)
        matte = self._matting.matte(found.photo.pixels, found.landmarks)
        progress(Stage.MATTE, 1.0)
        pose = found.pose
        face = Face(
            found.box, found.landmarks, pose.yaw, pose.pitch, pose.roll, matte, photo.notices + found.notices
        )
        return found.photo, face

    def draw(
        self, photo: Photo, style_ids: Sequence[str], seed: int = 0, progress: Progress = silent
    ) -> Drawn:
        """Draw a person in one or more styles; what styles share is computed once.

        Raises
        ------
        PhotoProblem, StyleUnknown, Cancelled
        """
        for style_id in style_ids:
            style_of(style_id)
        upright, face = self.cut_out(photo, progress)
        progress(Stage.DRAW, 0.0)
        parts = len(style_ids) + 1  # the sitting takes about as long as a style
        sitting: Sitting = prepare(upright, face, lambda share: progress(Stage.DRAW, share / parts))
        known = self._studied(upright, face)
        characters = []
        for number, style_id in enumerate(style_ids):
            progress(Stage.DRAW, (number + 1) / parts)
            drawn = replace(draw(sitting, style_id, seed), coefficients=known)
            characters.append(settled(drawn))
        progress(Stage.DRAW, 1.0)
        return Drawn(tuple(characters), face.notices)

    def _studied(self, photo: Photo, face: Face) -> dict[str, FloatMap]:
        coefficients = self.animator().study(photo, face)
        return {} if coefficients is None else {self._talking: coefficients}

    def listen(
        self,
        voice: Voice,
        seed: int = 0,
        progress: Progress = silent,
        expression: Expression = Expression.NEUTRAL,
    ) -> Heard:
        """Hear a voice: phones, the motion of a face that says it, and all words about the voice."""
        heard = self._listener.listen(voice, seed ^ SPEECH_SEED, progress, expression)
        return replace(heard, notices=voice.notices + heard.notices)

    def speak(
        self,
        character: Character,
        voice: Voice,
        folder: Path,
        seed: int = 0,
        progress: Progress = silent,
        scene: Scene = PLAIN,
        expression: Expression = Expression.NEUTRAL,
        effect: Effect = Effect.NONE,
        engine: TalkingEngine | None = None,
        options: Mapping[TalkingEngine, str] | None = None,
    ) -> Talk:
        """Make a character say a voice; all files appear in `folder` at the end, or none.

        Silence at the ends of the voice is left out. `expression` is on the face all the while; `effect`
        changes the sound, not the lips. `engine` is taken as it is; None is the usual one (see `animator`).
        `options` are asked of engines in their own words.

        Raises
        ------
        Cancelled, MediaFailed
        WeightsMissing
            when the font of captions was not fetched, or nobody placed the weights of `engine`
        NeuralMissing, WeightsWrong
            from `engine`
        """
        actor = self.animator(engine)
        voice = trimmed(voice)
        heard = self.listen(voice, seed, progress, expression)
        captions = None
        if scene.caption:
            captions = Captions(scene.caption, heard.motion, self._weights.locate(FONT_FILE))
        folder.mkdir(parents=True, exist_ok=True)
        planned = shots(heard.motion)
        sticker_frames = sum(shot.sticker for shot in planned)
        asked = {**self._options, **(options or {})}.get(engine or self._talking, "")
        take = Take(character, voice, heard.motion, [shot.blend for shot in planned], seed, asked)
        sound = with_effect(gated(voice), effect)
        with TalkWriter(folder, sound, scene.background, sticker_frames, captions) as writer:
            for shot, frame in zip(planned, actor.frames(take, progress), strict=True):
                writer.write(frame, talk=shot.talk, sticker=shot.sticker)
            progress(Stage.ENCODE, 0.0)
            files = writer.close()
        progress(Stage.ENCODE, 1.0)
        return Talk(tuple(files), heard.motion, heard.notices)
