"""Strands: hair and folds as clean strokes that follow the flow.

Averaging along the flow takes texture away but blurs across; a shock filter (Osher and Rudin, 1990) then
pulls each pixel to the lighter or darker side of its edge, which leaves crisp strokes. Kyprianidis and Kang
("Image and Video Abstraction by Coherence-Enhancing Filtering", 2011) do both in turns, as here.
"""

from typing import cast

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import blended, gaussian, grey, resized, smoothstep
from engine.styles.flow import Flow, along_flow, find_flow


def strands(pixels: Pixels, flow: Flow, *, rounds: int = 2, sigma: float = 1.6, levels: int = 2) -> Pixels:
    """Painted version of a picture.

    Parameters
    ----------
    pixels : uint8 (H, W, 3)
    rounds : of averaging and sharpening
    sigma : px, half the width of the finest stroke that stays
    levels : reach of the averaging: 1.5, 4.5, 15 px at 1, 2, 3
    """
    for _ in range(rounds):
        pixels = shocked(along_flow(pixels, flow, levels), sigma)
    return along_flow(pixels, flow, 1)


def combed(pixels: Pixels, *, sigma: float, rounds: int = 2, kept: FloatMap | None = None) -> Pixels:
    """Long, calm strands without lumps, at half the size.

    Parameters
    ----------
    pixels : uint8 (H, W, 3)
    sigma : px, over which a direction is the same: curls that are finer are combed out
    rounds : each reaches 14 px of the half size along the strands
    kept : float32 (H, W) in [0, 1], what stays as it is: beards and glasses are finer than hair
    """
    half, flow = half_with_flow(pixels, sigma)
    strands = half
    for _ in range(rounds):
        strands = along_flow(strands, flow)
    return strands if kept is None else blended(strands, half, resized(kept, *half.shape[1::-1]))


def half_with_flow(pixels: Pixels, sigma: float) -> tuple[Pixels, Flow]:
    """A picture at half the size, and its flow there; `sigma` in px of the whole size."""
    height, width = pixels.shape[:2]
    half = resized(pixels, width // 2, height // 2)
    return half, find_flow(grey(half).astype(np.float32), sigma / 2)


def shocked(pixels: Pixels, sigma: float) -> Pixels:
    """Each pixel becomes its darkest neighbour in dark strokes and its lightest in light ones."""
    window = np.ones((3, 3), np.uint8)
    bend = cv2.Laplacian(gaussian(grey(pixels).astype(np.float32), sigma), cv2.CV_32F)
    dark, light = cv2.erode(pixels, window), cv2.dilate(pixels, window)
    # Flat places stay: there the sign of the curvature is noise.
    result = pixels.copy()
    cv2.copyTo(dark, (bend > 0.5).astype(np.uint8), result)
    cv2.copyTo(light, (bend < -0.5).astype(np.uint8), result)
    return result


def smoothed(pixels: Pixels, *, reach: float = 20.0, edge: float = 0.18) -> Pixels:
    """Photo without pores, weave and noise, edges kept, by a domain transform at half the size.

    Parameters
    ----------
    reach : px of the half size that are averaged over where there is no edge
    edge : 0..1, the smallest step of colour that stays an edge
    """
    height, width = pixels.shape[:2]
    half = resized(pixels, width // 2, height // 2)
    calm = cv2.edgePreservingFilter(half, flags=cv2.RECURS_FILTER, sigma_s=reach, sigma_r=edge)
    return resized(cast(Pixels, calm), width, height)


def rounded(matte: FloatMap, sigma: float) -> FloatMap:
    """Matte with a clean outline: what is finer than `sigma` px is rounded off."""
    return smoothstep(0.32, 0.68, gaussian(matte, sigma))
