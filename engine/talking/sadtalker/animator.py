"""SadTalker as an engine that makes characters speak.

The selfie gives 257 coefficients, which the character keeps; the voice gives key points for every frame; the
generator moves the drawing. Only key points and coefficients are held for the whole talk, and pictures of one
batch at a time, so memory does not grow with the voice. Several talks can be drawn together (`frames_of`).
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
from engine.weights import WeightStore, WeightsWrong

NAME = "sadtalker"
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

    def driving(self, first: int, last: int) -> Tensor:
        """Key points (last - first, K, 3) of the moments that are wanted."""
        moments = self.take.blends[first:last]
        return torch.from_numpy(np.stack([moment.of(self.tracks) for moment in moments]))


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
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._loaded: dict[tuple[int, Precision], _Loaded] = {}
        self._enhancers: dict[str, Enhancer] = {}
        self._references: dict[str, FloatMap] = {}
        only_large = not has_files(weights, SIDE) and has_files(weights, 2 * SIDE)
        self._at_first = Options(size=2 * SIDE if only_large else SIDE)
        self._load(self._at_first)  # whoever wants SadTalker hears now that it is not to be had

    def study(self, photo: Photo, face: Face) -> FloatMap | None:
        """Reconstruct the face of the selfie: float32 (257,)."""
        return self._coefficients(photo.pixels, face.landmarks)

    def frames(self, take: Take, progress: Progress) -> Iterator[Pixels]:
        """See Animator; `take.options` are those of options.py."""
        for _, frame in self.frames_of([take], [progress]):
            yield frame

    def frames_of(self, takes: Sequence[Take], reports: Sequence[Progress]) -> Iterator[tuple[int, Pixels]]:
        """Draw several takes together, frames of all of them in each batch.

        Takes of another size, precision or batch than the first are drawn after it. What one take looks like
        does not depend on those beside it.

        Yields
        ------
        number of the take, and its next frame
        """
        roles = [self.prepared(take, report) for take, report in zip(takes, reports, strict=True)]
        groups: dict[tuple[int, Precision, int], list[int]] = {}
        for number, role in enumerate(roles):
            key = (role.options.size, role.options.precision, self._batch(role.options))
            groups.setdefault(key, []).append(number)
        for (_, _, batch), numbers in groups.items():
            yield from self._together(roles, reports, numbers, batch)

    def _together(
        self, roles: Sequence[Role], reports: Sequence[Progress], numbers: Sequence[int], batch: int
    ) -> Iterator[tuple[int, Pixels]]:
        done = dict.fromkeys(numbers, 0)
        while waiting := [n for n in numbers if done[n] < len(roles[n].take.blends)]:
            wanted = _dealt({n: len(roles[n].take.blends) - done[n] for n in waiting}, batch)
            for number in wanted:
                reports[number](Stage.RENDER, done[number] / len(roles[number].take.blends))
            parts = [(roles[n], done[n], done[n] + count) for n, count in wanted.items()]
            drawn = _drawn(parts)
            for (number, count), pictures in zip(wanted.items(), drawn, strict=True):
                role = roles[number]
                for offset, (picture, travel) in enumerate(pictures):
                    reports[number](Stage.RENDER, (done[number] + offset) / len(role.take.blends))
                    yield number, role.composition.frame(self._enhanced(picture, role.options), travel)
                done[number] += count
                if done[number] == len(role.take.blends):
                    reports[number](Stage.RENDER, 1.0)

    def prepared(self, take: Take, report: Progress) -> Role:
        """Hear the voice and look at the drawing."""
        options = parsed(take.options)
        loaded = self._load(options)
        report(Stage.RENDER, 0.0)
        networks = loaded.networks

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
        return Role(take, options, loaded, composition, loaded.generator.features(picture), at_rest, tracks)

    def _load(self, options: Options) -> _Loaded:
        key = (options.size, options.precision)
        if key not in self._loaded:
            networks = next(
                (known.networks for (size, _), known in self._loaded.items() if size == options.size), None
            ) or self._read(options.size)
            lower = options.precision is Precision.BFLOAT16 or (
                options.precision is Precision.AUTO and self._device == "cuda"
            )
            precision = torch.bfloat16 if lower else torch.float32
            self._loaded[key] = _Loaded(networks, FastGenerator(networks.generator, self._device, precision))
        return self._loaded[key]

    def _read(self, side: int) -> Networks:
        try:
            return read_networks(self._weights, side, self._sizes)
        except (CheckpointRefused, CheckpointBroken, CheckpointMismatch) as error:
            raise WeightsWrong(f"SadTalker: {error.detail}") from error

    def _batch(self, options: Options) -> int:
        by_size = AUTO_BATCH[self._device] * SIDE * SIDE // options.size**2
        return options.batch_size or max(1, by_size)

    def _enhanced(self, picture: FloatMap, options: Options) -> FloatMap:
        if options.enhancer is None:
            return picture
        path = str(options.enhancer)
        if path not in self._enhancers:
            self._enhancers[path] = Enhancer(options.enhancer, self._device)
        return self._enhancers[path].restored(picture)

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
    def _coefficients(self, picture: Pixels, landmarks: Points) -> FloatMap:
        aligned = torch.from_numpy(self._aligned(picture, landmarks).picture.copy())
        seen = aligned.permute(2, 0, 1)[None].float() / 255
        return np.asarray(self._any_networks().reconstruction(seen)[0].numpy(), np.float32)

    def _semantics(self, character: Character) -> FloatMap:
        """The row (73,) of a drawing: what the selfie gave, and how the drawing's face is aligned.

        A character that was drawn for another engine has no coefficients of its selfie: those of the drawing
        stand in, found by the landmarks it was drawn with.
        """
        on_white = _on_white(character)
        known = character.coefficients.get(NAME)
        if known is None or known.shape != (COUNT,):
            log.info("the character has no coefficients of its selfie: its drawing is looked at")
            known = self._coefficients(on_white, _with_room(character.landmarks))
        return self._row_of(known, self._aligned(on_white, _with_room(character.landmarks)))

    def _row(self, picture: Pixels, landmarks: Points) -> FloatMap:
        return self._row_of(self._coefficients(picture, landmarks), self._aligned(picture, landmarks))

    @staticmethod
    def _row_of(known: FloatMap, aligned: Aligned) -> FloatMap:
        place = np.array([aligned.scale, aligned.x, aligned.y], np.float32)
        return np.concatenate([known[EXPRESSION], known[ANGLE], known[TRANSLATION], place])

    def _any_networks(self) -> Networks:
        return self._load(self._at_first).networks


def _with_room(landmarks: Points) -> Points:
    return landmarks + np.array([SIZE, SIZE, 0], np.float32)


def _on_white(character: Character) -> Pixels:
    """The drawing on white, uint8 (1536, 1536, 3), with room so that no crop of its face ends with it."""
    alpha = character.drawing[..., 3:].astype(np.float32) / 255
    laid = np.rint(character.drawing[..., :3] * alpha + GROUND * (1 - alpha)).astype(np.uint8)
    return np.pad(laid, ((SIZE, SIZE), (SIZE, SIZE), (0, 0)), constant_values=GROUND)


def _dealt(left: dict[int, int], batch: int) -> dict[int, int]:
    """How many frames of each take the next batch has: one in turn until it is full."""
    dealt = dict.fromkeys(left, 0)
    while sum(dealt.values()) < min(batch, sum(left.values())):
        for number, count in left.items():
            if dealt[number] < count and sum(dealt.values()) < batch:
                dealt[number] += 1
    return {number: count for number, count in dealt.items() if count}


def _drawn(parts: Sequence[tuple[Role, int, int]]) -> list[list[tuple[FloatMap, FloatMap]]]:
    """Draw frames `first` to `last` of several roles in one batch: pictures and travels of each."""
    counts = [last - first for _, first, last in parts]

    def repeated(layers: Sequence[Tensor]) -> Tensor:
        pairs = zip(layers, counts, strict=True)
        return torch.cat([layer.expand(count, *layer.shape[1:]) for layer, count in pairs])

    roles = [role for role, _, _ in parts]
    volumes = repeated([role.features.volume for role in roles])
    features = Features(volumes, repeated([role.features.compressed for role in roles]))
    at_rest = repeated([role.at_rest for role in roles])
    driving = torch.cat([role.driving(first, last) for role, first, last in parts])
    drawn, warped = roles[0].loaded.generator.render(features, at_rest, driving)
    pictures = drawn.permute(0, 2, 3, 1).float().cpu().numpy()
    travels = travel_of(warped).cpu().numpy()
    both = iter(list(zip(pictures, travels, strict=True)))
    return [[next(both) for _ in range(count)] for count in counts]


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
