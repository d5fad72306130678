"""Toonist: draws faces in the style of a pack. A face becomes styles, the blended generator draws them.

The styles come from an encoder (e4e, pSp), from a search, or from both: the search begins where the encoder
ends. Everything a face gets is computed so that it does not depend on who is drawn beside it.
"""

from collections.abc import Sequence
from functools import cached_property

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from engine.arrays import Pixels
from engine.checkpoints.errors import CheckpointMismatch
from engine.devices import best_device, large_memory_apart, memory_told
from engine.stylegan2.encoder_files import read_style_encoder
from engine.stylegan2.encoders import SIDE, StyleEncoder
from engine.stylegan2.generator import Generator
from engine.stylegan2.packs import base_of, blended
from engine.stylegan2.perceptual import Distance, pixels_and_edges, placed_lpips
from engine.stylegan2.pictures import pixels_of, tensor_of_pixels
from engine.stylegan2.projector import Search, project, refined
from engine.styles.packs import Pack
from engine.styles.toonify import Sitter
from engine.together import Report


class PackToonist:
    """The networks of a pack; see `engine.styles.toonify.Toonist`.

    Raises
    ------
    PackWrong
        when weights are missing or are others than it names
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """

    def __init__(self, pack: Pack, others: Sequence["PackToonist"] = ()) -> None:
        large_memory_apart()
        self._pack = pack
        self._device = best_device()
        self._generator: Generator = blended(pack).to(self._device)
        same = next((known for known in others if known._pack.encoder == pack.encoder), None)
        self._encoder: StyleEncoder | None = same._encoder if same else self._read_encoder()
        wanted, resolution = self._generator.config.num_ws, self._generator.config.resolution
        if self._encoder is not None and len(self._encoder.start) != wanted:
            raise CheckpointMismatch(
                f"its encoder finds {len(self._encoder.start)} styles, its generators take {wanted}"
            )
        self.side = SIDE if self._encoder else min(SIDE, resolution)
        self.sampled = SIDE if self._encoder else 4 * self.side  # as those that trained them have it

    def draw(self, sitters: Sequence[Sitter], report: Report, *, steps: int) -> list[Pixels]:
        """See `engine.styles.toonify.Toonist`."""
        with memory_told():
            targets = torch.stack([tensor_of_pixels(sitter.square) for sitter in sitters])
            seeds = [sitter.seed for sitter in sitters]
            styles = self._styles(targets.to(self._device), seeds, steps, report)
            with torch.inference_mode():
                styles = self._generator.truncated(styles, self._pack.truncation)
                pictures = self._generator.synthesise(styles)
            return [pixels_of(picture) for picture in pictures]

    def _styles(self, targets: Tensor, seeds: Sequence[int], steps: int, report: Report) -> Tensor:
        """Styles (B, num_ws, w_dim) of faces (B, 3, side, side)."""
        if self._encoder is not None:
            with torch.inference_mode():
                found = self._encoder.styles(targets)
            if not steps:
                return found
        share = 1 / len(targets)
        searched = []
        for number, target in enumerate(self._shrunk(targets)):  # alone: gradients of others would shift it

            def done(part: float, number: int = number) -> None:
                report((number + part) * share)

            if self._encoder is not None:
                start = found[number].clone()
                searched.append(refined(self._base, target, start, self._distance, steps, done))
            else:
                search = Search(steps=max(1, steps), space="w+")
                searched.append(
                    project(self._base, target, self._distance, search, seeds[number], done).styles
                )
        return torch.stack(searched)

    def _shrunk(self, targets: Tensor) -> Tensor:
        """As the search compares them: no larger than the generator draws."""
        side = min(SIDE, self._generator.config.resolution)
        return (
            targets if targets.shape[-1] == side else F.interpolate(targets, size=(side, side), mode="area")
        )

    @cached_property
    def _base(self) -> Generator:
        return base_of(self._pack).to(self._device)

    @cached_property
    def _distance(self) -> Distance:
        lpips = placed_lpips()
        return pixels_and_edges if lpips is None else lpips.to(self._device)

    def _read_encoder(self) -> StyleEncoder | None:
        weights = self._pack.encoder
        if weights is None:
            return None
        return read_style_encoder(self._pack.checked_path(weights), slim=True).to(self._device)
