"""SadTalker as an engine that makes characters speak.

The selfie gives 257 coefficients, which the character keeps; the voice gives key points for every frame; the
generator moves the drawing. Only key points and coefficients are held for the whole talk, and pictures of one
batch at a time, so memory does not grow with the voice. Frames of several talks are drawn together (`asks`).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.arrays import FloatMap, Pixels, Points
from engine.character import SIZE, Character
from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch, CheckpointRefused
from engine.devices import best_device, memory_told
from engine.face import Face
from engine.face.landmarks import ibug_68
from engine.photo import Photo
from engine.progress import Progress, Stage
from engine.raster import resized
from engine.talking.animator import Take
from engine.talking.sadtalker.alignment import SIDE, Aligned, align, crop_of, y_up
from engine.talking.sadtalker.checkpoint import Networks, Sizes, has_files, read_networks
from engine.talking.sadtalker.composition import GROUND, Composition, composed
from engine.talking.sadtalker.enhancer import Enhancer
from engine.talking.sadtalker.fast import FastGenerator
from engine.talking.sadtalker.generator import Features, Warped
from engine.talking.sadtalker.options import Options, Precision, parsed
from engine.talking.sadtalker.reconstruction import COUNT
from engine.talking.sadtalker.reference import reference_rows
from engine.talking.sadtalker.talk import heard_rows, keypoint_tracks
from engine.together import Ask, Report
from engine.weights import WeightStore, WeightsWrong

NAME = "sadtalker"
AT_ONCE = 2  # batches in one run of the generator where several people's frames are drawn
AUTO_BATCH = {"cuda": 16, "cpu": 2}  # frames of 256 px; a quarter of it at 512
EXPRESSION, ANGLE, TRANSLATION = slice(80, 144), slice(224, 227), slice(254, 257)  # of the coefficients

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Loaded:
    """Networks for one size of picture."""

    networks: Networks
    generator: FastGenerator


@dataclass(frozen=True)
class Role:
    """A take that is ready to be drawn.

    Attributes
    ----------
    at_rest : (1, K, 3), key points of the drawing
    tracks : float32 (frames of the motion, K, 3)
    """

    take: Take
    options: Options
    loaded: _Loaded
    composition: Composition
    features: Features
    at_rest: Tensor
    tracks: FloatMap
    enhancer: Enhancer | None

    def frame(self, picture: FloatMap, travel: FloatMap) -> Pixels:
        """Make a frame of what the generator drew."""
        better = picture if self.enhancer is None else self.enhancer.restored(picture)
        return self.composition.frame(better, travel)

    def driving(self, moment: int) -> Tensor:
        """Key points (1, K, 3) of a moment that is wanted."""
        return torch.from_numpy(self.take.blends[moment].of(self.tracks))[None]


@dataclass(frozen=True)
class Part:
    """Moments `first` to before `last` of a role."""

    role: Role
    first: int
    last: int


class SadTalker:
    """See engine.talking.animator.Animator.

    Parameters
    ----------
    sizes : widths of the networks; others than those of v0.0.2 are for tests

    Raises
    ------
    WeightsMissing
        when its files are not placed
    WeightsWrong
        when they are broken, or hold other networks
    """

    def __init__(self, weights: WeightStore, sizes: Sizes | None = None) -> None:
        self._weights, self._sizes = weights, sizes
        self._device = best_device()
        self._room: dict[int, int] = {}  # frames that memory holds at once, by size, where more did not fit
        self._loaded: dict[tuple[int, Precision], _Loaded] = {}
        self._enhancers: dict[str, Enhancer] = {}
        self._references: dict[str, FloatMap] = {}
        only_large = not has_files(weights, SIDE) and has_files(weights, 2 * SIDE)
        self._at_first = Options(size=2 * SIDE if only_large else SIDE)
        self._load(self._at_first)  # whoever wants SadTalker hears now that it is not to be had

    def study(self, photo: Photo, face: Face) -> FloatMap | None:
        """Reconstruct the face of the selfie: float32 (257,)."""
        return self._coefficients(self._aligned(photo.pixels, face.landmarks))

    def frames(self, take: Take, progress: Progress) -> Iterator[Pixels]:
        """See Animator; `take.options` are those of options.py."""
        for ask in self.asks(take, progress):
            yield from ask.answer([ask.given], ask.report)[0]

    def asks(self, take: Take, progress: Progress) -> Iterator[Ask[Part, Sequence[Pixels]]]:
        """See Ensemble: as many frames at a time as the networks draw at once."""
        role, total = self.prepared(take, progress), len(take.blends)
        batch = self._batch(role.options)
        key = (NAME, role.options.size, role.options.precision, batch)
        for first in range(0, total, batch):

            def report(_: float, first: int = first) -> None:
                progress(Stage.RENDER, first / total)

            yield Ask(key, self._answers, Part(role, first, min(total, first + batch)), report)
        progress(Stage.RENDER, 1.0)

    def _answers(self, parts: Sequence[Part], report: Report) -> Sequence[Sequence[Pixels]]:
        """Draw parts of several takes, at most twice the usual batch at once, or what memory holds."""
        found: list[list[Pixels]] = [[] for _ in parts]
        whose = [
            (number, moment) for number, part in enumerate(parts) for moment in range(part.first, part.last)
        ]
        log.debug("%d frames of %d talks", len(whose), len(parts))
        size, start = parts[0].role.options.size, 0
        most = min(AT_ONCE * self._batch(parts[0].role.options), self._room.get(size, len(whose)))
        while start < len(whose):
            report(start / len(whose))
            here = whose[start : start + most]
            try:
                drawn = _drawn([(parts[number].role, moment) for number, moment in here])
            except MemoryError:
                if len(here) == 1:
                    raise
                self._room[size] = most = len(here) // 2
                log.warning("%d frames of %d px at once do not fit into memory", len(here), size)
                continue
            for (number, _), (picture, travel) in zip(here, drawn, strict=True):
                role = parts[number].role
                found[number].append(role.frame(picture, travel))
            start += len(here)
        return found

    def prepared(self, take: Take, report: Progress) -> Role:
        """Hear the voice and look at the drawing."""
        options = parsed(take.options)
        loaded = self._load(options)
        report(Stage.RENDER, 0.0)
        networks, enhancer = loaded.networks, self._enhancer(options)

        def between() -> None:
            report(Stage.RENDER, 0.0)

        composition = composed(take.character, options.preprocess, options.size)
        source = self._semantics(take.character)
        followed = [
            None
            if path is None
            else reference_rows(path, self._weights, self._row, between, self._references)
            for path in (options.ref_eyeblink, options.ref_pose)
        ]
        rows = heard_rows(
            networks.expression,
            networks.pose,
            take.voice.analysis,
            take.motion,
            source,
            options,
            take.seed,
            (followed[0], followed[1]),
            between,
        )
        mapping = networks.full_mapping if options.preprocess.is_full else networks.mapping
        picture = torch.from_numpy(composition.source).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            canonical = networks.detector(picture)
        at_rest, tracks = keypoint_tracks(mapping, canonical, source, rows, options, between)
        features = loaded.generator.features(picture)
        return Role(take, options, loaded, composition, features, at_rest, tracks, enhancer)

    def _load(self, options: Options) -> _Loaded:
        key = (options.size, options.precision)
        if key not in self._loaded:
            networks = next(
                (known.networks for (size, _), known in self._loaded.items() if size == options.size), None
            ) or self._read(options.size)
            numbers = numbers_of(options.precision, self._device)
            self._loaded[key] = _Loaded(networks, FastGenerator(networks.generator, self._device, numbers))
        return self._loaded[key]

    def _read(self, side: int) -> Networks:
        try:
            return read_networks(self._weights, side, self._sizes)
        except (CheckpointRefused, CheckpointBroken, CheckpointMismatch) as error:
            raise WeightsWrong(f"SadTalker: {error.detail}") from error

    def _batch(self, options: Options) -> int:
        by_size = AUTO_BATCH[self._device.type] * SIDE * SIDE // options.size**2
        return options.batch_size or max(1, by_size)

    def _enhancer(self, options: Options) -> Enhancer | None:
        if options.enhancer is None:
            return None
        path = str(options.enhancer)
        if path not in self._enhancers:
            self._enhancers[path] = Enhancer(options.enhancer, self._device)
        return self._enhancers[path]

    def _aligned(self, picture: Pixels, landmarks: Points) -> Aligned:
        """The face of a picture, uint8 (H, W, 3), in its place; landmarks (478, 3), px of it."""
        points = ibug_68(landmarks)[:, :2].astype(np.float64)
        crop = crop_of(points.astype(np.float32), picture.shape[1], picture.shape[0])
        left, top, right, bottom = crop.box(outer=False)
        points = points * (np.array(crop.reduced) / picture.shape[1::-1]) - (left, top)
        points *= (SIDE / (right - left), SIDE / (bottom - top))
        cut = resized(np.ascontiguousarray(crop.cut(picture)), SIDE, SIDE)
        return align(cut, y_up(points.astype(np.float32), SIDE), self._any_networks().standard)

    @torch.inference_mode()
    def _coefficients(self, aligned: Aligned) -> FloatMap:
        seen = torch.from_numpy(aligned.picture.copy()).permute(2, 0, 1)[None].float() / 255
        return np.asarray(self._any_networks().reconstruction(seen)[0].numpy(), np.float32)

    def _semantics(self, character: Character) -> FloatMap:
        """The row (73,) of a drawing: what the selfie gave, and how the drawing's face is aligned.

        A character that was drawn for another engine has no coefficients of its selfie: those of the drawing
        stand in, found by the landmarks it was drawn with.
        """
        aligned = self._aligned(_on_white(character), _with_room(character.landmarks))
        known = character.coefficients.get(NAME)
        if known is None or known.shape != (COUNT,):
            log.info("the character has no coefficients of its selfie: its drawing is looked at")
            known = self._coefficients(aligned)
        return _row_of(known, aligned)

    def _row(self, picture: Pixels, landmarks: Points) -> FloatMap:
        aligned = self._aligned(picture, landmarks)
        return _row_of(self._coefficients(aligned), aligned)

    def _any_networks(self) -> Networks:
        return self._load(self._at_first).networks


def numbers_of(precision: Precision, device: torch.device) -> torch.dtype:
    """What the decoder convolves in; GPUs that only imitate bfloat16 (before Ampere) are slow with it."""
    if precision is Precision.AUTO:
        lower = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        lower = precision is Precision.BFLOAT16
    return torch.bfloat16 if lower else torch.float32


def _row_of(known: FloatMap, aligned: Aligned) -> FloatMap:
    """The row (73,) of a face with these coefficients (257,) in this place."""
    place = np.array([aligned.scale, aligned.x, aligned.y], np.float32)
    return np.concatenate([known[EXPRESSION], known[ANGLE], known[TRANSLATION], place])


def _with_room(landmarks: Points) -> Points:
    return landmarks + np.array([SIZE, SIZE, 0], np.float32)


def _on_white(character: Character) -> Pixels:
    """The drawing on white, uint8 (1536, 1536, 3), with room so that no crop of its face ends with it."""
    alpha = character.drawing[..., 3:].astype(np.float32) / 255
    laid = np.rint(character.drawing[..., :3] * alpha + GROUND * (1 - alpha)).astype(np.uint8)
    return np.pad(laid, ((SIZE, SIZE), (SIZE, SIZE), (0, 0)), constant_values=GROUND)


def _drawn(moments: Sequence[tuple[Role, int]]) -> list[tuple[FloatMap, FloatMap]]:
    """Draw moments of several roles in one batch: picture and travel of each."""
    roles = [role for role, _ in moments]
    with memory_told():
        features = Features(
            torch.cat([role.features.volume for role in roles]),
            torch.cat([role.features.compressed for role in roles]),
        )
        at_rest = torch.cat([role.at_rest for role in roles])
        driving = torch.cat([role.driving(moment) for role, moment in moments])
        drawn, warped = roles[0].loaded.generator.render(features, at_rest, driving)
        pictures = drawn.permute(0, 2, 3, 1).float().cpu().numpy()
    return list(zip(pictures, travel_of(warped).cpu().numpy(), strict=True))


@torch.inference_mode()
def travel_of(warped: Warped) -> Tensor:
    """From where each place of the picture came, (N, H, W, 2), as shares of the picture's side.

    The mean over the depth of the volume: an outline lies neither in front nor behind.
    """
    seen = warped.deformation[..., :2].mean(dim=1)
    height, width = seen.shape[1:3]
    x = torch.linspace(-1, 1, width, device=seen.device)
    y = torch.linspace(-1, 1, height, device=seen.device)[:, None]
    still = torch.stack([x.expand(height, width), y.expand(height, width)], dim=-1)
    return (seen - still) / 2
