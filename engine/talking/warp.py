"""The warp: a drawing and a motion become frames.

Everything that depends on the drawing alone is prepared once in a `Puppet`: the texture at two samples a px
(so that a bilinear look-up stays sharp), basis fields, lids, palette. A frame then costs one small patch
around the mouth, the lids of that moment, and one look-up of the whole picture for the head.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.character import SIZE, Character
from engine.progress import Progress, Stage, silent
from engine.raster import looked_up, premultiplied, resized, smoothstep
from engine.speech.motion import Motion
from engine.talking import head, mouth
from engine.talking.eyes import EYES, EyeView
from engine.talking.fields import combine
from engine.talking.gaze import iris_travel, prepare_irises
from engine.talking.geometry import CHIN, INNER_LOWER_LIP, INNER_UPPER_LIP, FaceFrame, curve
from engine.talking.glasses import glasses
from engine.talking.lids import LEVELS, lid_travel, prepare_lids
from engine.talking.lips import RestLips, find_lips
from engine.talking.mouth_patch import MouthPatch, poses
from engine.talking.palette import MouthPalette, palette_for
from engine.talking.standard_face import standard_face

SCALE = 2  # samples of the texture per px
SMALLEST = 0.85  # scale below which a character is not shrunk to keep it in the frame
MARGIN = 2.0  # px that stay free at the edge of the frame
CLOSED = 0.04  # opening over mouth width
REPORT_EVERY = 8  # frames


class Blend(NamedTuple):
    """A frame of a motion, or one between two of them: `share` of the second, the rest of the first."""

    first: int
    second: int
    share: float

    def of(self, track: FloatMap) -> FloatMap:
        """Give the value (...) that a track (frames, ...) has there."""
        here, there = track[self.first], track[self.second]
        return np.asarray(here + (there - here) * np.float32(self.share), np.float32)


def opening(motion: Motion, landmarks: Points | None = None) -> FloatMap:
    """Measure how far the mouth is open in every frame: inner-lip gap after the warp over mouth width.

    The width is that of the mouth at rest: a rounded mouth is narrow, and its small hole is not wide open.

    Parameters
    ----------
    landmarks : float32 (478, 3), px; the standard face where none are given

    Returns
    -------
    float32 (frames,); closed under CLOSED
    """
    face = standard_face() if landmarks is None else landmarks
    rig = mouth.rig_mouth(face)
    moved = rig.moved_lips(mouth.coefficients(motion))
    middle = moved.shape[2] // 2
    gap = np.linalg.norm(moved[1][:, middle] - moved[0][:, middle], axis=-1)
    width = float(np.linalg.norm(rig.upper_lip[-1] - rig.upper_lip[0]))
    return np.asarray(gap / max(width, 1.0), np.float32)


class Puppet:
    """A character that is ready to move."""

    def __init__(self, character: Character, palette: MouthPalette | None = None) -> None:
        landmarks, paper = character.landmarks, character.texture
        drawing = paper.taken_off(character.drawing) if paper else character.drawing
        colours = palette or palette_for(character.style, drawing, landmarks)
        self._texture = fine_texture(premultiplied(drawing))
        lips = find_lips(drawing, landmarks)
        self._landmarks = _with_lips(landmarks, lips)
        self._paper = paper
        self._tones = paper.tone_at(SIZE * SCALE) if paper else None
        spectacles = glasses(drawing, landmarks)
        self._head = head.rig_head(landmarks, drawing[..., 3], stiffness=spectacles)
        self._mouth = _rig(character, lips)
        self._patch = MouthPatch(self._texture, landmarks, lips, self._mouth, colours)
        views = [EyeView.of(landmarks, eye, self._texture, SCALE) for eye in EYES]
        self._lids = prepare_lids(self._texture, views, colours, spectacles)
        self._irises = prepare_irises(self._texture, landmarks, views, colours.dot)
        self._outline = _outline(drawing[..., 3])
        self._pixels = self._head.grid.points()

    def frames(
        self, motion: Motion, progress: Progress = silent, blends: Sequence[Blend] | None = None
    ) -> Iterator[Pixels]:
        """Draw every frame of a motion, or the `blends` of its frames.

        Yields
        ------
        uint8 (512, 512, 4), RGBA, colours multiplied with the alpha; a new array each

        Raises
        ------
        Cancelled
            from `progress`, when the person has cancelled the job
        """
        of_mouth, of_head = mouth.coefficients(motion), head.coefficients(motion)
        inside, looks = poses(motion), _looks(motion)
        scale, shift = self._fit(of_head)
        canvas, tones = self._texture.copy(), None if self._tones is None else self._tones.copy()
        if blends is None:
            blends = [Blend(i, i, 0.0) for i in range(len(motion))]
        spoken = np.stack([blend.of(of_mouth) for blend in blends])
        lips = self._mouth.moved_lips(spoken)
        for i, blend in enumerate(blends):
            if i % REPORT_EVERY == 0:
                progress(Stage.RENDER, i / len(blends))
            self._patch.draw(canvas, spoken[i], lips[:, i], blend.of(inside), tones)
            self._look(canvas, blend.of(looks), float(blend.of(motion.lids)))
            yield self._turn(canvas, tones, blend.of(of_head), scale, shift)
        progress(Stage.RENDER, 1.0)

    def landmarks(self, motion: Motion, i: int) -> Points:
        """Landmarks of frame i, float32 (478, 3), px of the frame, moved by the very same fields."""
        of_head = head.coefficients(motion)
        scale, shift = self._fit(of_head)
        spoken = self._mouth.move(self._landmarks, mouth.coefficients(motion)[i])
        spoken += lid_travel(self._landmarks, float(motion.lids[i]))
        spoken += iris_travel(self._landmarks, self._irises, _looks(motion)[i])
        moved = self._landmarks.copy()
        moved[:, :2] = self._head.move(spoken, of_head[i]) * scale + shift
        return moved

    def _look(self, canvas: Pixels, gaze: FloatMap, shut: float) -> None:
        """Draw both eyes into the canvas: where they look, and what their lids leave of them."""
        level = round(float(np.clip(shut, 0, 1)) * LEVELS)
        for lid in self._lids:
            canvas[lid.rows, lid.columns] = self._texture[lid.rows, lid.columns]
        if level < LEVELS and gaze.any():
            for iris in self._irises:
                if iris is not None:
                    canvas[iris.rows, iris.columns] = iris.looking(gaze)
        for lid in self._lids if level else ():
            eye = np.ascontiguousarray(canvas[lid.rows, lid.columns])
            canvas[lid.rows, lid.columns] = lid.over(eye, level)

    def _turn(
        self, canvas: Pixels, tones: Pixels | None, coefficients: FloatMap, scale: float, shift: Points
    ) -> Pixels:
        """Move the head: look up every pixel of the frame in the canvas, and lay it on its paper."""
        grid = self._head.grid
        field = combine(coefficients, self._head.basis)
        wanted = ((self._pixels - shift) / scale).astype(np.float32)
        came_from = grid.invert(field, wanted, steps=3) * SCALE + (SCALE - 1) / 2
        fine = grid.enlarge(came_from, 1)
        inner = fine[-grid.top : -grid.top + SIZE, -grid.left : -grid.left + SIZE]
        frame = looked_up(canvas, inner, border=cv2.BORDER_CONSTANT)
        if self._paper is None or tones is None:
            return frame
        return self._paper.laid(frame, looked_up(tones, inner, border=cv2.BORDER_CONSTANT))

    def _fit(self, coefficients: FloatMap) -> tuple[float, Points]:
        """Scale about the middle of the lower edge so that no frame leaves the picture."""
        rest = self._outline
        moved = self._head.move(rest, coefficients)
        low, high = np.minimum(rest, MARGIN), np.maximum(rest, SIZE - 1 - MARGIN)
        anchor = np.array([(SIZE - 1) / 2, rest[:, 1].max()], np.float32)
        room = np.where(moved < anchor, anchor - low, high - anchor)
        need = np.abs(moved - anchor)
        leaves = need > room + 0.5
        scale = max(SMALLEST, float(np.min(room[leaves] / need[leaves], initial=1.0)))
        return scale, anchor * (1 - scale)


def _looks(motion: Motion) -> FloatMap:
    """Degrees to the right and down, float32 (frames, 2)."""
    return np.stack([motion.gaze_yaw, motion.gaze_pitch], axis=1).astype(np.float32)


def _rig(character: Character, lips: RestLips) -> mouth.MouthRig:
    landmarks = character.landmarks
    fh = FaceFrame.of(landmarks, landmarks[CHIN]).height
    inside = head.outline_distance(character.drawing[..., 3])
    return mouth.rig_mouth(landmarks, (lips.upper, lips.lower), smoothstep(0.03 * fh, 0.13 * fh, inside))


def _with_lips(landmarks: Points, lips: RestLips) -> Points:
    """Put the landmarks of the inner lips onto the edges that were found in the drawing."""
    moved = landmarks.astype(np.float32).copy()
    if not lips.apart:
        pairs = moved[[INNER_UPPER_LIP, INNER_LOWER_LIP], 0].mean(axis=0)
        for indices in (INNER_UPPER_LIP, INNER_LOWER_LIP):
            moved[list(indices), 0] = pairs
            moved[list(indices), 1] = curve(lips.upper, pairs)
    return moved


def _outline(alpha: Pixels) -> Points:
    """Points of the outline, every few px, float32 (N, 2)."""
    contours, _ = cv2.findContours((alpha > 8).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.concatenate([np.asarray(contour)[::4, 0] for contour in contours]).astype(np.float32)


def fine_texture(picture: Pixels) -> Pixels:
    """Enlarge (H, W, 4) to SCALE samples a px such that the mean over each px is that px again."""
    size = (picture.shape[1] * SCALE, picture.shape[0] * SCALE)
    wanted = np.asarray(picture, np.float32)
    fine = np.asarray(cv2.resize(wanted, size, interpolation=cv2.INTER_CUBIC), np.float32)
    for _ in range(3):
        missing = wanted - resized(fine, picture.shape[1], picture.shape[0])
        fine += np.asarray(cv2.resize(missing, size, interpolation=cv2.INTER_NEAREST), np.float32)
        np.clip(fine, 0, 255, out=fine)
    enlarged = (fine + np.float32(0.5)).astype(np.uint8)
    enlarged[..., :3] = np.minimum(enlarged[..., :3], enlarged[..., 3:])
    return enlarged
