"""The engine: a photo and a style become a Character, a Character and a voice become a Talk.

Every result is a function of its inputs and a seed. Models are loaded when they are first needed and are used
by one thread only: the engine thread (engine/worker.py).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.arrays import FloatMap, Pixels, Points
from engine.character import Character, settled
from engine.errors import EngineError, Notice
from engine.face import Face
from engine.face.finder import FaceFinder, FoundFace
from engine.face.matte import Matting
from engine.intake import Decoder
from engine.media.caption import FONT_FILE, Captions
from engine.media.highlight import shots
from engine.media.talk import PLAIN, Scene, TalkWriter
from engine.neural import NeuralMissing, need_neural
from engine.photo import Photo
from engine.progress import Progress, Stage, silent
from engine.speech import Heard, Listener
from engine.speech.cleaning import gated, trimmed
from engine.speech.effects import Effect, with_effect
from engine.speech.expressions import Expression
from engine.speech.motion import Motion
from engine.styles import DrawnStyle, LearnedStyle, Sitting, Style, as_it_is, character_of, prepare, style_of
from engine.styles.drawn import Drawing
from engine.styles.packs import packs
from engine.styles.toonify import Landmarks68, Toonists, drawing_of, sitter_of
from engine.talking.animator import Animator, Ensemble, Take, TalkingEngine, animator
from engine.together import Ask, Report, Steps, alone
from engine.voice import Voice
from engine.weights import BISENET, WeightsMissing, WeightStore, WeightsWrong

if TYPE_CHECKING:
    from engine.face.parsing import Parser

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
        self._missed: EngineError | None = None  # why it does
        self._toonists = Toonists()
        self._landmarks_68 = Landmarks68(self._weights)

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
    def _parser(self) -> "Parser | None":
        """Tells hair, skin and cloth apart; None without its weights."""
        try:
            return self.parser()
        except WeightsMissing:
            return None
        except (NeuralMissing, WeightsWrong) as error:
            log.error("photos are not parsed: %s", error)
            return None

    def parser(self) -> "Parser":
        """Make the face parser ready.

        Raises
        ------
        WeightsMissing, NeuralMissing, WeightsWrong
        """
        weights = self._weights.locate(BISENET)
        need_neural()
        from engine.face.parsing import Parser

        return Parser(weights)

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
                self._stands_in, self._missed = self.animator(TalkingEngine.WARP), error
                return self._stands_in
        return self._animators[wanted]

    def missed(self) -> EngineError | None:
        """Say why the warp stands in for the usual engine, which is made ready; None where it does not."""
        self.animator()
        return self._missed

    def prepare_packs(self) -> None:
        """Get ready for the first drawing in a learned style, if there is one."""
        if packs():
            self._toonists.prepare()

    def find_face(self, photo: Photo, progress: Progress = silent) -> FoundFace:
        """Find the person's face; raises a PhotoProblem when it cannot be drawn (engine/face/finder.py)."""
        progress(Stage.FACE, 0.0)
        found = self._finder.find(photo)
        progress(Stage.FACE, 1.0)
        return found

    def landmarks_near(self, picture: Pixels, landmarks: Points) -> Points:
        """Landmarks (478, 3) of a face that is about where `landmarks` are: to measure frames of a talk."""
        return self._finder.landmark_detector.near(picture, landmarks).landmarks

    def cut_out(self, photo: Photo, progress: Progress = silent) -> tuple[Photo, Face]:
        """Find the face and the matte; gives the photo too, since it may have been turned upright."""
        found = self.find_face(photo, progress)
        progress(Stage.MATTE, 0.0)
        parts = self._parser.parse(found.photo.pixels, found.landmarks) if self._parser else None
        matte = self._matting.matte(found.photo.pixels, found.landmarks, parts, found.others)
        progress(Stage.MATTE, 1.0)
        pose, notices = found.pose, photo.notices + found.notices
        face = Face(found.box, found.landmarks, pose.yaw, pose.pitch, pose.roll, matte, notices, parts)
        return found.photo, face

    def draw(
        self,
        photo: Photo,
        style_ids: Sequence[str],
        seed: int = 0,
        progress: Progress = silent,
        refine: int | None = None,
    ) -> Drawn:
        """Draw a person in one or more styles; see `drawing`.

        Raises
        ------
        StyleUnknown
        """
        return alone(self.drawing(photo, [style_of(one) for one in style_ids], seed, progress, refine))

    def drawing(
        self,
        photo: Photo,
        styles: Sequence[Style],
        seed: int = 0,
        progress: Progress = silent,
        refine: int | None = None,
    ) -> Steps[Drawn]:
        """Draw a person in one or more styles; what styles share is computed once.

        Learned styles are asked for (engine/together.py), so that several people are drawn at once.

        Parameters
        ----------
        refine : steps of search for a person's styles, of learned styles; None is what their packs say

        Raises
        ------
        PhotoProblem, Cancelled
        PackWrong, CheckpointRefused, CheckpointBroken, CheckpointMismatch
            from learned styles
        """
        upright, face = self.cut_out(photo, progress)
        progress(Stage.DRAW, 0.0)
        parts = len(styles) + 1  # the sitting takes about as long as a style
        sitting: Sitting = prepare(upright, face, lambda share: progress(Stage.DRAW, share / parts))
        known = self._studied(upright, face)
        characters = []
        for number, style in enumerate(styles, start=1):

            def report(share: float, number: int = number) -> None:
                progress(Stage.DRAW, (number + share) / parts)

            report(0.0)
            drawing = yield from self._drawn(style, upright, face, sitting, seed, refine, report)
            drawn = replace(character_of(drawing, sitting, style.id, seed), coefficients=known)
            characters.append(settled(drawn))
        progress(Stage.DRAW, 1.0)
        return Drawn(tuple(characters), face.notices)

    def _drawn(
        self,
        style: Style,
        photo: Photo,
        face: Face,
        sitting: Sitting,
        seed: int,
        refine: int | None,
        report: Report,
    ) -> Steps[Drawing]:
        match style:
            case LearnedStyle(pack=pack):
                toonist = self._toonists.of(pack)
                sitter = sitter_of(photo.pixels, self._landmarks_68.of(photo.pixels, face), toonist, seed)
                steps = pack.refine if refine is None else refine
                picture = yield Ask((toonist, steps), partial(toonist.draw, steps=steps), sitter, report)
                return drawing_of(picture, sitter, sitting, self._finder, self._matting)
            case DrawnStyle():
                return style.draw(sitting, seed)
        raise TypeError(f"nobody draws in {style}")

    def photo_character(
        self, photo: Photo, progress: Progress = silent, engines: Sequence[TalkingEngine] = ()
    ) -> Character:
        """Cut the person out of a photo, to speak as they are; `engines` besides the usual one study them.

        Raises
        ------
        PhotoProblem, Cancelled
        """
        upright, face = self.cut_out(photo, progress)
        known = self._studied(upright, face, engines)
        return settled(replace(as_it_is(upright, face), coefficients=known))

    def _studied(
        self, photo: Photo, face: Face, engines: Sequence[TalkingEngine] = ()
    ) -> dict[str, FloatMap]:
        actors = {self._talking: self.animator()} | {name: self.animator(name) for name in engines}
        studied = {name: actor.study(photo, face) for name, actor in actors.items()}
        return {str(name): numbers for name, numbers in studied.items() if numbers is not None}

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
        """Make a character say a voice; see `speaking`."""
        steps = self.speaking(
            character, voice, folder, seed, progress, scene, expression, effect, engine, options
        )
        return alone(steps)

    def speaking(
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
    ) -> Steps[Talk]:
        """Make a character say a voice; all files appear in `folder` at the end, or none.

        Silence at the ends of the voice is left out. `expression` is on the face all the while; `effect`
        changes the sound, not the lips. `engine` is taken as it is; None is the usual one (see `animator`).
        `options` are asked of engines in their own words. Engines with networks are asked for frames
        (engine/together.py), so that several people's are drawn at once.

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
            if isinstance(actor, Ensemble):
                left = iter(planned)
                for ask in actor.asks(take, progress):
                    for frame in (yield ask):
                        shot = next(left)
                        writer.write(frame, talk=shot.talk, sticker=shot.sticker)
            else:
                for shot, frame in zip(planned, actor.frames(take, progress), strict=True):
                    writer.write(frame, talk=shot.talk, sticker=shot.sticker)
            progress(Stage.ENCODE, 0.0)
            files = writer.close()
        progress(Stage.ENCODE, 1.0)
        return Talk(tuple(files), heard.motion, heard.notices)
