"""The filter of Savitzky and Golay (1964): a polynomial through every window, read in its middle."""

import numpy as np

from engine.arrays import FloatMap


def savitzky_golay(tracks: FloatMap, window: int, order: int) -> FloatMap:
    """Smooth tracks (T, C) along time; the first and last half window lie on the polynomial at the edge.

    A track that is shorter than the window gets the longest odd window it has room for; one of no more
    than `order` values stays.
    """
    window = min(window, len(tracks) - (len(tracks) + 1) % 2)
    if window <= order:
        return tracks.copy()
    half = window // 2
    powers = np.vander(np.arange(-half, half + 1, dtype=np.float64), order + 1)
    fit = powers @ np.linalg.pinv(powers)  # a window's values to those of its polynomial
    exact = np.asarray(tracks, np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(exact, window, axis=0)
    smooth = np.empty_like(exact)
    smooth[half : len(exact) - half] = windows @ fit[half]
    smooth[:half] = fit[:half] @ exact[:window]
    smooth[len(exact) - half :] = fit[half + 1 :] @ exact[-window:]
    return np.asarray(smooth, np.float32)
