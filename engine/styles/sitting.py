"""A sitting: everything that styles share about one person, computed once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.arrays import FloatMap, Pixels, Points
from engine.face import Face
from engine.face.parts import CLOTH, HAIR, Parts
from engine.photo import Photo
from engine.raster import Matrix, blended, gaussian, grey, smoothstep, wide_gaussian
from engine.styles.blocks.strands import smoothed, strands
from engine.styles.composition import CHIN, MARGIN, TOP, Composition, compose
from engine.styles.crown import complete_top
from engine.styles.flow import Flow, find_flow
from engine.styles.foreground import foreground_colours
from engine.styles.relight import Light, exposed, relight
from engine.styles.skin import Skin, find_skin

THREADS = 2
CALM = ((6.0, 0.10), (24.0, 0.34), (20.0, 0.18))  # reach and edge: strokes, what has no direction, skin
HAIR_BRUSHED, CLOTH_CALMED = 0.9, 0.6  # where a parser tells hair from cloth


@dataclass(frozen=True)
class Sitting:
    """A person on the working canvas, ready to be drawn in any style.

    Attributes
    ----------
    pixels : uint8 (768, 768, 3), RGB, relit, the person's colours continued beyond the edge
    matte : float32 (768, 768) in [0, 1]
    landmarks : float32 (478, 3), px of the canvas
    face_height : px, landmark 10 to landmark 152
    skin : where the skin is, and its colour in the photo
    skin_lightness : its median L after relighting
    flow : direction of hair, folds and edges
    smooth : uint8 (768, 768, 3), `pixels` without pores, weave and noise
    brushed : uint8 (768, 768, 3), hair as strands, cloth and what else has no direction as calm faces
    yaw, pitch, roll : degrees, of the head on the canvas
    placed : float32 (2, 3), from px of the photo to px of the canvas
    frame : float32 (768, 768) in [0, 1], where the bust may be
    """

    pixels: Pixels
    matte: FloatMap
    landmarks: Points
    face_height: float
    skin: Skin
    skin_lightness: float
    flow: Flow
    smooth: Pixels
    brushed: Pixels
    yaw: float
    pitch: float
    roll: float
    placed: Matrix
    frame: FloatMap


def prepare(photo: Photo, face: Face, done: Callable[[float], None] = lambda share: None) -> Sitting:
    """Compose, clean and relight a person; the slow part that all styles share.

    `done` is told from time to time which share of the work is done; what it raises ends the work.
    """
    stage: Composition = compose(photo, face)
    face_height = float(np.linalg.norm(stage.landmarks[CHIN, :2] - stage.landmarks[TOP, :2]))
    pixels = foreground_colours(exposed(stage.pixels, stage.landmarks), stage.mixture)
    pixels, matte = complete_top(pixels, stage.matte, stage.landmarks, stage.photo_top)
    done(0.3)
    skin = find_skin(pixels, matte, stage.landmarks, face_height, stage.parts)
    pixels, skin_lightness = relight(pixels, matte, skin, face_height, Light())
    done(0.5)
    place = _around(matte)
    with ThreadPoolExecutor(THREADS) as threads:  # OpenCV's edge-preserving filter knows one core only
        strokes, faces, smooth = (threads.submit(_calmed, pixels, place, reach, edge) for reach, edge in CALM)
        flow = find_flow(grey(pixels).astype(np.float32))
        done(0.7)
        directed = _directed(flow, stage.parts)
        brushed = strands(strokes.result(), flow, sigma=1.8)  # while the other two are still at work
        calm = strands(faces.result(), flow, rounds=1, sigma=2.2)
    return Sitting(
        pixels=pixels,
        matte=matte,
        landmarks=stage.landmarks,
        face_height=face_height,
        skin=skin,
        skin_lightness=skin_lightness,
        flow=flow,
        smooth=smooth.result(),
        brushed=blended(calm, brushed, directed),
        yaw=face.yaw,
        pitch=face.pitch,
        roll=face.roll + stage.turned,
        placed=stage.placed,
        frame=stage.frame,
    )


def _around(matte: FloatMap) -> tuple[slice, slice]:
    """Rows and columns of the person and a little more; even, as filters work at half the size."""
    rows, columns = (np.flatnonzero((matte > 0).any(axis=axis)) for axis in (1, 0))
    first, last = (
        [int(ends[side]) // 2 * 2 if ends.size else 0 for ends in (rows, columns)] for side in (0, -1)
    )
    top, left = (max(0, start - MARGIN) for start in first)
    return slice(top, last[0] + MARGIN), slice(left, last[1] + MARGIN)


def _calmed(pixels: Pixels, place: tuple[slice, slice], reach: float, edge: float) -> Pixels:
    """`smoothed`, but for what lies far from the person: that is never seen."""
    calm = pixels.copy()
    calm[place] = smoothed(np.ascontiguousarray(pixels[place]), reach=reach, edge=edge)
    return calm


def _directed(flow: Flow, parts: Parts | None) -> FloatMap:
    """Where strokes follow a direction, (H, W) in [0, 1]."""
    directed = smoothstep(0.38, 0.68, wide_gaussian(flow.coherence, 6.0))
    if parts is not None:  # hair is brushed even where it shines, cloth keeps its calm folds
        hair, cloth = (gaussian(parts.sure_of(part), 3.0) for part in (HAIR, CLOTH))
        directed = np.maximum(directed, HAIR_BRUSHED * hair) * (1 - CLOTH_CALMED * cloth)
    return directed
