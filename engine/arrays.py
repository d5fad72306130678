"""Names for the arrays that travel through the engine. Shapes stand in the docstrings of what uses them."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Picture, (H, W, 3) RGB or (H, W, 4) RGBA with straight alpha, 0..255."""

FloatMap = NDArray[np.float32]
"""Map or picture in float32; (H, W) maps lie in [0, 1] unless their docstring says otherwise."""

Points = NDArray[np.float32]
"""Points (N, 2) or (N, 3) in px of the picture named beside them: x right, y down, z away from the camera."""

Samples = NDArray[np.float32]
"""Mono sound (N,), float32 in [-1, 1]."""
