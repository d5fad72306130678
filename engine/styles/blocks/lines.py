"""Lines: flow-based difference of Gaussians (Kang et al., "Coherent Line Drawing", 2007).

Only edges give lines: the two Gaussians are nearly in balance, so that dark areas never fill. The response is
divided by the local contrast, which gives soft photos as many lines as hard ones, and joined along the flow,
which lets lines taper at their ends.
"""

import numpy as np

from engine.arrays import FloatMap
from engine.raster import gaussian, smoothstep, wide_gaussian
from engine.styles.flow import Flow, along_flow


def flow_lines(
    lightness: FloatMap,
    flow: Flow,
    *,
    sigma: float = 1.15,
    threshold: FloatMap | float = 0.5,
    softness: float = 0.35,
    levels: int = 2,
) -> FloatMap:
    """Where lines run, float32 (H, W) in [0, 1].

    Parameters
    ----------
    lightness : float32 (H, W), L 0..100, already smoothed where texture is unwanted
    sigma : px, half the width of a line
    threshold : what fraction of the local contrast makes a line
    softness : width of the ramp from no line to full line
    levels : reach along the flow (see `along_flow`)
    """
    valley = gaussian(lightness, 1.6 * sigma) - gaussian(lightness, sigma)
    valley = along_flow(valley, flow, levels)
    power = wide_gaussian(valley * valley, 24.0)
    contrast = np.sqrt(power) + 0.22
    height = valley / contrast
    return smoothstep(0, 1, np.clip((height - threshold) / softness, 0, 1).astype(np.float32))
