"""Texture that lies on the paper, not on the person: dots of print, grain of paper.

A person who moves on paper does not take its grain along. A style therefore gives its drawing without such
a texture, and says where it lies; the sticker gets it on top, and every frame of a talk gets it anew after
the warp. What was laid can be taken off again, so that a saved sticker is enough to go on from.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import gaussian, resized, smoothstep

SIDE = 128  # px, of the map that says where texture lies: it changes slowly over a face
STRONGEST = 0.6  # share of the light that texture may take: what is left must lead back to the drawing
DOT_REACH = 0.70  # largest radius of a dot, as a share of half the diagonal of its cell; they stay apart
SOFT = 0.9  # px, half the soft edge of a dot


@dataclass(frozen=True)
class Texture:
    """One texture over a drawing.

    Attributes
    ----------
    kind : "dots" grow with `tone`; "grain" is the same everywhere and `tone` says how much of it is seen
    pitch : px of the sticker, from dot to dot, or the size of the grain's finest bumps
    strength : share of the light that a dot, or the deepest grain, takes; 0 .. STRONGEST
    tone : uint8 (SIDE, SIDE), 0 none .. 255 most, over the whole sticker
    angle : degrees of the grid of dots
    seed : of the grain
    """

    kind: Literal["dots", "grain"]
    pitch: float
    strength: float
    tone: Pixels
    angle: float = 45.0
    seed: int = 0

    def __post_init__(self) -> None:
        possible = 0 <= self.strength <= STRONGEST and 1 <= self.pitch <= 64
        possible = possible and abs(self.angle) <= 360 and self.seed >= 0
        if self.tone.shape != (SIDE, SIDE) or not possible:
            raise ValueError(f"texture {self.tone.shape}, strength {self.strength}, pitch {self.pitch}")

    @classmethod
    def where(cls, kind: Literal["dots", "grain"], tone: FloatMap, **options: Any) -> "Texture":
        """Make one from a map of any size, float32 (H, W) in [0, 1]; `options` are the other attributes."""
        small = resized(np.asarray(tone, np.float32), SIDE, SIDE)
        return cls(kind, tone=np.round(np.clip(small, 0, 1) * 255).astype(np.uint8), **options)

    def within(self, matte: FloatMap) -> "Texture":
        """Leave out what is not well inside a matte, float32 (H, W) in [0, 1]: borders stay clean."""
        inside = smoothstep(0.8, 1.0, gaussian(resized(matte, SIDE, SIDE), 1.0))
        return replace(self, tone=np.round(self.tone * inside).astype(np.uint8))

    def tone_at(self, side: int) -> Pixels:
        """`tone` for a picture of that side, uint8 (side, side)."""
        return resized(self.tone, side, side)

    def laid(self, picture: Pixels, tone: Pixels | None = None) -> Pixels:
        """Lay the texture over a picture (S, S, 3 or 4).

        Parameters
        ----------
        tone : uint8 (S, S) where it lies, when the picture has moved since
        """
        light = self._light(self.tone_at(len(picture)) if tone is None else tone)
        return cast(Pixels, cv2.multiply(picture, _for_each(light, picture), scale=1 / 255))

    def taken_off(self, picture: Pixels) -> Pixels:
        """Undo `laid`, to within a step or two of 255."""
        light = self._light(self.tone_at(len(picture)))
        return cast(Pixels, cv2.divide(picture, _for_each(light, picture), scale=255))

    def _light(self, tone: Pixels) -> Pixels:
        """Light that the texture leaves, uint8 (S, S)."""
        ground = self._grounds(len(tone))
        if self.kind == "dots":
            cover = np.clip(cv2.subtract(cv2.LUT(tone, self._radii), ground), 0, 1)
        else:
            cover = cv2.multiply(ground, tone, scale=1 / 255, dtype=cv2.CV_32F)
        return cast(Pixels, cv2.convertScaleAbs(cover, alpha=-255 * self.strength, beta=255))

    @cached_property
    def _radii(self) -> FloatMap:
        """Radius of a dot by its tone, in soft edges."""
        share = np.sqrt(np.arange(256) / 255) * (DOT_REACH * np.sqrt(0.5) * self.pitch)
        small = np.clip(share / (1.5 * SOFT), 0, 1)  # the first dots are pale rather than sudden
        return np.where(small > 0, share / (2 * SOFT) + 0.5, 0).astype(np.float32)

    def _grounds(self, side: int) -> FloatMap:
        """What does not depend on the tone; worked out once for each side."""
        known: dict[int, FloatMap] = self.__dict__.setdefault("_by_side", {})
        if side not in known:
            known[side] = self._distances(side) if self.kind == "dots" else self._grain(side)
        return known[side]

    def _distances(self, side: int) -> FloatMap:
        """Distance from the middle of the nearest dot, in soft edges, float32 (side, side)."""
        y, x = np.mgrid[:side, :side].astype(np.float32)
        turn = np.radians(self.angle)
        along = (x * np.cos(turn) + y * np.sin(turn)) / self.pitch
        across = (y * np.cos(turn) - x * np.sin(turn)) / self.pitch
        away = np.hypot(along - np.round(along), across - np.round(across))
        return np.asarray(away * (self.pitch / (2 * SOFT)), np.float32)

    def _grain(self, side: int) -> FloatMap:
        """Depth of the paper, 0 .. 1, float32 (side, side)."""
        noise = np.random.default_rng(self.seed).standard_normal((side, side)).astype(np.float32)
        fine, coarse = (cv2.GaussianBlur(noise, (0, 0), self.pitch * size) for size in (0.5, 1.6))
        bumps = fine / fine.std() + 0.6 * coarse / coarse.std()
        return np.asarray(np.clip(0.5 + 0.22 * bumps, 0, 1), np.float32)

    def to_values(self) -> dict[str, Any]:
        """Values for JSON."""
        return {
            "kind": self.kind,
            "pitch": self.pitch,
            "strength": self.strength,
            "angle": self.angle,
            "seed": self.seed,
            "tone": base64.b64encode(zlib.compress(self.tone.tobytes(), 9)).decode(),
        }

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Texture":
        """Read what `to_values` gave.

        Raises
        ------
        ValueError, TypeError, KeyError
            when it is something else
        """
        kind = values["kind"]
        if kind not in ("dots", "grain"):
            raise ValueError(f"texture of kind {kind!r}")
        try:
            packed = base64.b64decode(values["tone"], validate=True)
            data = zlib.decompressobj().decompress(packed, SIDE * SIDE + 1)  # never more than that
        except (binascii.Error, zlib.error) as error:
            raise ValueError(f"tone: {error}") from error
        tone = np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)
        pitch, strength, angle = (float(values[name]) for name in ("pitch", "strength", "angle"))
        return cls(kind, pitch, strength, tone, angle, int(values["seed"]))


def _for_each(light: Pixels, picture: Pixels) -> Pixels:
    """The same light for each colour of a picture; its alpha stays."""
    whole = [np.full_like(light, 255)] if picture.shape[2] == 4 else []
    return cast(Pixels, cv2.merge([light, light, light, *whole]))
