"""Lines: flow-based difference of Gaussians (Kang et al., "Coherent Line Drawing", 2007).

Only edges give lines: the two Gaussians are nearly in balance, so that dark areas never fill. The response is
divided by the local contrast, which gives soft photos as many lines as hard ones, and joined along the flow,
which lets lines taper at their ends.
"""

import numpy as np

from engine.arrays import FloatMap
from engine.raster import blended, gaussian, grey, smoothstep, wide_gaussian
from engine.styles.flow import Flow, along_flow
from engine.styles.sitting import Sitting


def flow_lines(
    lightness: FloatMap,
    flow: Flow,
    *,
    sigma: float = 1.15,
    threshold: FloatMap | float = 0.5,
    softness: float = 0.35,
    floor: FloatMap | float = 0.6,
    levels: int = 2,
) -> FloatMap:
    """Where lines run, float32 (H, W) in [0, 1].

    Parameters
    ----------
    lightness : float32 (H, W), L 0..100, already smoothed where texture is unwanted
    sigma : px, half the width of a line
    threshold : what fraction of the local contrast makes a line
    softness : width of the ramp from no line to full line
    floor : L of contrast that a line needs anyway, however calm its surroundings
    levels : reach along the flow (see `along_flow`)
    """
    valley = gaussian(lightness, 1.6 * sigma) - gaussian(lightness, sigma)
    valley = along_flow(valley, flow, levels)
    power = wide_gaussian(valley * valley, 24.0)
    contrast = np.sqrt(power) + floor
    height = valley / contrast
    cover = smoothstep(0, 1, np.clip((height - threshold) / softness, 0, 1).astype(np.float32))
    return cover * smoothstep(0.2, 1.4, valley)


def line_ground(sitting: Sitting) -> tuple[FloatMap, FloatMap]:
    """Lightness that lines are found on, and where skin without features is, both float32 (768, 768).

    Highlights on skin are capped: their rims are not lines that anybody draws.
    """
    lightness = grey(
        blended(sitting.brushed, sitting.smooth, np.maximum(sitting.skin.share, sitting.skin.oval))
    )
    plain = sitting.skin.share * (1 - sitting.skin.features)
    scaled = lightness.astype(np.float32) * np.float32(100 / 255)
    capped = np.minimum(scaled, sitting.skin_lightness + 4)
    return scaled + plain * (capped - scaled), plain
