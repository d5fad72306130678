"""Frames are the drawing where nothing moves, and have no seam where something does. Needs no torch."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.raster import looked_up, premultiplied, unit
from engine.talking.sadtalker.composition import REACH, composed
from engine.talking.sadtalker.options import Preprocess
from engine.texture import Texture

SHIFT = 0.03  # of the crop's side


@pytest.mark.parametrize("preprocess", [Preprocess.RESIZE, Preprocess.FULL, Preprocess.EXTFULL])
def test_a_generator_that_changes_nothing_gives_the_drawing(drawing, preprocess):
    scene = composed(drawing, preprocess, 512)
    frame = scene.frame(unit(scene.source), np.zeros((128, 128, 2), np.float32)).astype(int)
    away = np.abs(frame - premultiplied(drawing.drawing))
    assert away[..., 3].max() <= 1 and away.mean() < 0.6


@pytest.mark.parametrize("preprocess", [Preprocess.FULL, Preprocess.EXTFULL])
def test_a_face_that_moves_has_no_seam(drawing, preprocess):
    """Stripes across head and body: where the moved meets the still they bend and never break or double."""
    striped = drawing.drawing.copy()
    stripes = 120 + 100 * np.sin(np.arange(512) / 6)
    striped[..., :3] = stripes[None, :, None]
    striped[..., 3] = 255
    scene = composed(replace(drawing, drawing=striped), preprocess, 512)
    travel = np.zeros((128, 128, 2), np.float32)
    travel[..., 0] = SHIFT
    y, x = np.mgrid[:512, :512].astype(np.float32)
    moved = looked_up(scene.source, np.stack([x + SHIFT * 512, y], axis=-1))
    frame = scene.frame(unit(moved), travel)
    left, top, right, bottom = scene.box
    inside = frame[(top + bottom) // 2, left + 60 : right - 60, 0].astype(int)
    still = striped[(top + bottom) // 2, left + 60 : right - 60, 0].astype(int)
    assert np.abs(inside - still).mean() > 20, "the face moves"
    far = max(0, left - round(REACH * (right - left)))
    assert np.array_equal(frame[:, :far], striped[:, :far]), "what is far from it does not"
    down = np.abs(np.diff(frame[..., 0].astype(int), axis=0))
    assert down.max() < 40, "no edge between moved and still"
    light = frame[..., 0].astype(np.float32)
    contrast = cv2.blur(light**2, (61, 61)) - cv2.blur(light, (61, 61)) ** 2
    least = contrast[40:-40, 40:-40].min()
    assert least > 0.5 * contrast.max(), "stripes of two places at once would grey each other out"


def test_the_outline_moves_with_the_face_and_its_paper_with_both(drawing):
    tone = np.full((128, 128), 200, np.uint8)
    paper = Texture("grain", 3.0, 0.3, tone, 0.0, 0)
    scene = composed(replace(drawing, texture=paper), Preprocess.RESIZE, 256)
    travel = np.zeros((64, 64, 2), np.float32)
    travel[..., 1] = 0.05
    frame = scene.frame(unit(scene.source), travel)
    before = np.flatnonzero(drawing.drawing[:, 256, 3])[0]
    assert before - np.flatnonzero(frame[:, 256, 3])[0] == pytest.approx(0.05 * 512, abs=2)
    assert (frame[..., :3] <= frame[..., 3:]).all()
