"""From 68 landmarks that speak to a Motion, with which the warp moves a drawing of any style.

What the warp does to its standard face is known exactly; so each track is found by asking which value makes
that face do what the landmarks do. The mouth by its opening and its width, the head and the brows by least
squares over the landmarks that no mouth moves.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from engine.arrays import FloatMap
from engine.character import SIZE
from engine.face.landmarks import ibug_68
from engine.speech.motion import Motion
from engine.talking import head, mouth
from engine.talking.makeittalk.landmarks import FACE_WIDTH, Landmarks
from engine.talking.standard_face import standard_face
from engine.talking.warp import CLOSED

STILL = (*range(5), *range(12, 48))  # landmarks that no mouth moves: not the chin, not the lips
MOST_YAW, MOST_PITCH, MOST_ROLL = 14.0, 10.0, 10.0  # degrees: beyond, a flat drawing shows what it has not
_JAWS = np.linspace(0, 1, 41, dtype=np.float32)
_WIDTHS = np.linspace(-1, 1, 21, dtype=np.float32)  # rounded .. spread
_ROUNDS = 3  # of finding opening and width in turn


@dataclass(frozen=True)
class Table:
    """What the standard face shows at each jaw (rows) and width (columns).

    Attributes
    ----------
    opening, corners : float32 (41, 21), gap of the inner lips and distance of the corners, over the mouth's
        width at rest
    """

    opening: FloatMap
    corners: FloatMap


def measured(frames: Landmarks, rest: Landmarks) -> tuple[FloatMap, FloatMap]:
    """Opening over the width of the inner mouth at rest, distance of the corners over that at rest.

    Parameters
    ----------
    frames : (frames, 68, 2 or 3)
    rest : (68, 2 or 3), with a closed mouth

    Returns
    -------
    float32 (frames,) each
    """
    outer, inner = (float(np.linalg.norm(rest[b, :2] - rest[a, :2])) for a, b in ((48, 54), (60, 64)))
    gap = (frames[:, [67, 66, 65], 1] - frames[:, [61, 62, 63], 1]).max(axis=1)
    corners = np.linalg.norm(frames[:, 54, :2] - frames[:, 48, :2], axis=1)
    return np.asarray(gap / inner, np.float32), np.asarray(corners / outer, np.float32)


@cache
def table() -> Table:
    """What the warp makes of jaw and width on the standard face."""
    jaws, widths = np.meshgrid(_JAWS, _WIDTHS, indexing="ij")
    moving = still_motion(jaws.size)
    moving = replace(
        moving,
        jaw=jaws.ravel(),
        rounding=np.maximum(0, -widths.ravel()),
        spread=np.maximum(0, widths.ravel()),
    )
    face = standard_face()
    rig = mouth.rig_mouth(face)
    coefficients = mouth.coefficients(moving)
    lips = rig.moved_lips(coefficients)
    half = lips.shape[2] // 2
    rest = float(np.linalg.norm(rig.upper_lip[-1] - rig.upper_lip[0]))
    gap = np.linalg.norm(lips[1][:, half] - lips[0][:, half], axis=-1) / rest
    # The outer corners, as landmarks have them; at rest they are as far apart as they are.
    outer = rig.move(face, coefficients)[:, [61, 291]]
    apart = np.linalg.norm(outer[:, 1] - outer[:, 0], axis=-1)
    apart = apart / float(np.linalg.norm(face[291, :2] - face[61, :2]))
    return Table(gap.reshape(jaws.shape).astype(np.float32), apart.reshape(jaws.shape).astype(np.float32))


def still_motion(frames: int) -> Motion:
    """A face that does nothing."""
    zero = np.zeros(frames, np.float32)
    tracks = {name: zero for name in Motion.__dataclass_fields__ if name != "viseme"}
    return Motion(viseme=("sil",) * frames, **tracks)


def mouth_tracks(opening: FloatMap, corners: FloatMap) -> tuple[FloatMap, FloatMap]:
    """Jaw (0 .. 1) and width (-1 rounded .. 1 spread) with which the warp shows what was measured."""
    known = table()
    jaw, width = np.zeros_like(opening), np.zeros_like(opening)
    for _ in range(_ROUNDS):
        row = np.asarray(jaw * (len(_JAWS) - 1), np.float32)
        columns = _rows_at(known.corners, row)
        width = _found(corners, columns, _WIDTHS)
        column = np.asarray((width + 1) / 2 * (len(_WIDTHS) - 1), np.float32)
        lines = _rows_at(known.opening.T, column)
        jaw = _found(opening, lines, _JAWS)
    return jaw, width


def _found(shown: FloatMap, lines: FloatMap, values: FloatMap) -> FloatMap:
    """Value at which each rising line shows what is to be shown."""
    return np.array([np.interp(s, line, values) for s, line in zip(shown, lines, strict=True)], np.float32)


def _rows_at(values: FloatMap, row: FloatMap) -> FloatMap:
    """Rows of a table at fractional places, each made to rise (`np.interp` needs that)."""
    first = np.clip(np.floor(row).astype(int), 0, len(values) - 2)
    share = (row - first)[:, None]
    between = values[first] * (1 - share) + values[first + 1] * share
    return np.maximum.accumulate(between, axis=1).astype(np.float32)


@cache
def _head_basis() -> FloatMap:
    """How the landmarks of STILL go at a unit of sin(yaw), sin(pitch), sin(roll), brows; px, (4, N, 2)."""
    rig = head.rig_head(standard_face(), np.full((SIZE, SIZE), 255, np.uint8))
    fields = rig.grid.sample_exactly(rig.basis[..., :2], ibug_68(standard_face())[list(STILL), :2])
    moves = len(head.MOVEMENTS)
    together = fields[:moves] + fields[moves : 2 * moves]  # head and the hair that comes after it
    named = {name: together[i] for i, name in enumerate(head.MOVEMENTS)}
    return np.stack([named["yaw"], named["pitch"], named["roll_sin"], fields[2 * moves]])


def head_tracks(frames: Landmarks, rest: Landmarks) -> tuple[FloatMap, FloatMap, FloatMap, FloatMap]:
    """Yaw, pitch, roll in degrees and brows (-1 .. 1), float32 (frames,) each.

    Parameters
    ----------
    frames, rest : in the networks' frame
    """
    face = ibug_68(standard_face())
    unit = float(np.linalg.norm(face[16, :2] - face[0, :2])) / FACE_WIDTH  # px of the standard face
    away = (frames[:, list(STILL), :2] - rest[list(STILL), :2]).reshape(len(frames), -1) * unit
    basis = _head_basis().reshape(4, -1)
    found, *_ = np.linalg.lstsq(basis.T.astype(np.float64), away.T, rcond=None)
    angles = [
        most * np.tanh(np.rad2deg(np.arcsin(np.clip(track, -1, 1))) / most)
        for track, most in zip(found[:3], (MOST_YAW, MOST_PITCH, MOST_ROLL), strict=True)
    ]
    yaw, pitch, roll = (np.asarray(angle, np.float32) for angle in angles)
    return yaw, pitch, roll, np.asarray(np.tanh(found[3]), np.float32)


def motion_of(frames: Landmarks, rest: Landmarks, heard: Motion) -> Motion:
    """Motion of landmarks at 25 fps.

    Parameters
    ----------
    frames : (frames, 68, 3) in the networks' frame, as many as `heard` has
    rest : (68, 3), the same face with a closed mouth
    heard : gives what landmarks do not have: blinks, breath, tongue and the expression
    """
    opening, corners = measured(frames, rest)
    jaw, width = mouth_tracks(opening, corners)
    yaw, pitch, roll, brows = head_tracks(frames, rest)
    closed = opening < CLOSED
    return replace(
        heard,
        viseme=_classes(jaw, width, closed, heard),
        jaw=jaw,
        rounding=np.maximum(0, -width),
        spread=np.maximum(0, width),
        lip_raise=np.zeros_like(jaw),
        tongue=np.asarray(heard.tongue * ~closed, np.float32),
        closure=closed.astype(np.float32),
        tuck=np.zeros_like(jaw),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        brows=np.clip(brows + heard.brows * (heard.smile != 0), -1, 1).astype(np.float32),
    )


_SHAPES = (("A", 0.9, 0.05), ("E", 0.5, 0.45), ("I", 0.25, 0.75), ("O", 0.6, -0.65), ("U", 0.2, -1.0))
"""Mouth classes with jaw and width, as in engine/speech/visemes.py; only what a silhouette shows."""


def _classes(jaw: FloatMap, width: FloatMap, closed: np.ndarray, heard: Motion) -> tuple[str, ...]:
    """Mouth class of each frame by its shape; closed lips are a pause or M B P, as the voice has it."""
    distances = np.stack([(jaw - j) ** 2 + 0.5 * (width - w) ** 2 for _, j, w in _SHAPES])
    nearest = distances.argmin(axis=0)
    return tuple(
        ("sil" if said == "sil" else "MBP") if shut else _SHAPES[k][0]
        for shut, said, k in zip(closed, heard.viseme, nearest, strict=True)
    )
