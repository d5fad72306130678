"""Savitzky-Golay: a track is replaced by polynomials that fit it best around each frame.

Savitzky and Golay, "Smoothing and Differentiation of Data by Simplified Least Squares Procedures" (1964).
"""

import numpy as np
from numpy.typing import NDArray

Track = NDArray[np.float64]


def savitzky_golay(track: Track, window: int, order: int) -> Track:
    """Smooth along the first axis; the ends are read from the polynomial of the first and last window.

    Parameters
    ----------
    track : (frames, ...); fewer frames than `window` take the longest odd window that fits
    window : frames, odd
    order : of the polynomials
    """
    window = min(window, (len(track) - 1) // 2 * 2 + 1)
    if window <= order:
        return track
    half = window // 2
    powers = np.vander(np.arange(-half, half + 1, dtype=np.float64), order + 1)
    fit = powers @ np.linalg.pinv(powers)  # values of the fitted polynomial from those of a window
    flat = np.asarray(track, np.float64).reshape(len(track), -1)
    windows = np.lib.stride_tricks.sliding_window_view(flat, window, axis=0)
    middle = windows @ fit[half]
    out = np.concatenate([fit[:half] @ flat[:window], middle, fit[half + 1 :] @ flat[-window:]])
    return np.asarray(out.reshape(track.shape), np.float64)
