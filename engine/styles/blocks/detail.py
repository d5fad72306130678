"""Detail: what makes a face this face - folds, dimples, the form of nose and lids - in few clean steps.

Without it a smoothed face is a pretty one, but nobody's.
"""

import numpy as np

from engine.arrays import FloatMap
from engine.raster import gaussian, wide_gaussian
from engine.styles.blocks.tones import stepped


def face_detail(lightness: FloatMap, face_height: float, *, step: float = 3.0, ramp: float = 0.6) -> FloatMap:
    """Medium-scale relief of lightness in L, quantised; add it to a smoothed face.

    Parameters
    ----------
    lightness : float32 (H, W), L 0..100
    face_height : px
    step : L of one step
    ramp : share of a step that blends
    """
    relief = gaussian(lightness, 0.0045 * face_height) - wide_gaussian(lightness, 0.035 * face_height)
    relief = np.clip(relief, -30, 18)
    return stepped(relief, step, ramp, origin=-step / 2)
