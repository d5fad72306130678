"""Pitch of a voice, after RAPT.

Talkin, "A robust algorithm for pitch tracking", in Speech Coding and Synthesis (1995). Normalised
cross-correlation finds candidates in every frame, dynamic programming the cheapest way through them. The
costs are the paper's; ours looks at all lags at once instead of at a coarse and a fine sampling rate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Samples
from engine.voice import ANALYSIS_RATE

_WINDOW = round(0.0075 * ANALYSIS_RATE)  # samples that are compared
_CANDIDATES = 20
_LEAST = 0.3  # of the best correlation of a frame: what is below is no candidate
_NOISE = 1e4 / 32768**2  # energy^2 a sample below which a correlation counts less: 16-bit sounds' 10,000


@dataclass(frozen=True)
class _Costs:
    """Of RAPT; `per_frame` ones are the paper's for 10 ms."""

    lag: float = 0.3  # how much long periods count less: twice a period fits as well
    octave: float = 0.35
    jump: float = 0.02
    voicing: float = 0.005
    spectrum: float = 0.5
    loudness: float = 0.5
    bias: float = 0.0


COSTS = _Costs()


def pitch(sound: Samples, hop: int, lowest: float = 100.0, highest: float = 600.0) -> NDArray[np.float64]:
    """Natural logarithm of the pitch in Hz, nan where there is none; (N / hop + 1,).

    Parameters
    ----------
    sound : at 16 kHz
    hop : samples from frame to frame
    lowest, highest : Hz
    """
    wave = np.asarray(sound, np.float64)
    lags = np.arange(int(ANALYSIS_RATE / highest), int(np.ceil(ANALYSIS_RATE / lowest)) + 1)
    alike = _correlations(wave, hop, lags)
    places, heights = _candidates(alike, lags)
    change = _transients(wave, hop, len(alike))
    chosen = _cheapest_way(places, heights, change, float(lags[-1]), hop / ANALYSIS_RATE / 0.010)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chosen > 0, np.log(ANALYSIS_RATE / chosen), np.nan)


def _correlations(wave: NDArray[np.float64], hop: int, lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """How alike the sound around each frame is to itself `lags` samples later, (frames, lags)."""
    frames = len(wave) // hop + 1
    reach = _WINDOW + int(lags[-1])
    padded = np.pad(wave, (reach // 2, reach + hop))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, reach)[::hop][:frames]
    pieces = pieces - pieces[:, :_WINDOW].mean(axis=1, keepdims=True)
    size = 1 << int(reach + _WINDOW - 1).bit_length()
    first = np.fft.rfft(pieces[:, :_WINDOW], size)
    products = np.fft.irfft(np.conj(first) * np.fft.rfft(pieces, size), size)[:, lags]
    total = np.cumsum(np.pad(pieces**2, ((0, 0), (1, 0))), axis=1)
    energy = total[:, lags + _WINDOW] - total[:, lags]
    own = total[:, _WINDOW, None]
    return np.asarray(products / np.sqrt(_NOISE + own * energy + 1e-12), np.float64)


def _candidates(
    alike: NDArray[np.float64], lags: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Peaks of each frame: lags in samples, between which a parabola reads, and heights; 0 is none.

    Returns
    -------
    (frames, _CANDIDATES) each
    """
    left, middle, right = alike[:, :-2], alike[:, 1:-1], alike[:, 2:]
    peak = (middle >= left) & (middle > right)
    peak &= middle > _LEAST * alike.max(axis=1, keepdims=True).clip(0.0)
    score = np.where(peak, middle, 0.0)
    order = np.argsort(-score, axis=1, kind="stable")[:, :_CANDIDATES]
    heights, before, after = (np.take_along_axis(part, order, 1) for part in (score, left, right))
    bend = before - 2 * heights + after
    shift = np.where((heights > 0) & (bend < -1e-9), (before - after) / (2 * np.minimum(bend, -1e-9)), 0.0)
    return np.where(heights > 0, lags[1:-1][order] + shift.clip(-0.5, 0.5), 0.0), heights


def _transients(wave: NDArray[np.float64], hop: int, frames: int) -> NDArray[np.float64]:
    """Ratio of the loudness after each frame to that before it, (frames,)."""
    width = round(0.02 * ANALYSIS_RATE)
    total = np.cumsum(np.pad(wave**2, (width + 1, width + hop)))
    at = np.arange(frames) * hop + width
    after, before = total[at + width] - total[at], total[at] - total[at - width]
    return np.sqrt((after + 1e-7) / (before + 1e-7))


def _cheapest_way(
    places: NDArray[np.float64],
    heights: NDArray[np.float64],
    change: NDArray[np.float64],
    longest: float,
    step: float,
) -> NDArray[np.float64]:
    """Lag of each frame, 0 where unvoiced; `step` is the time between frames in 10 ms."""
    here = places > 0
    local = np.where(here, 1 - heights * (1 - COSTS.lag * places / longest), np.inf)
    unvoiced = COSTS.bias + heights.max(axis=1, initial=0.0)
    logs = np.log(np.where(here, places, 1.0))
    cost = np.append(local[0], unvoiced[0])
    came_from = np.zeros((len(places), cost.size), np.int64)
    for i in range(1, len(places)):
        rise = np.abs(logs[i][:, None] - logs[i - 1][None])
        octaves = COSTS.octave + np.abs(rise - np.log(2))
        moving = COSTS.jump * np.minimum(rise, octaves) / step
        begin = COSTS.voicing + COSTS.loudness / max(change[i], 1e-3) * 0.1
        end = COSTS.voicing + COSTS.loudness * min(change[i], 1e3) * 0.1
        ways = np.full((cost.size, cost.size), np.inf)  # to, from
        ways[:-1, :-1] = moving + cost[None, :-1]
        ways[:-1, -1] = begin + cost[-1]
        ways[-1, :-1] = end + cost[:-1]
        ways[-1, -1] = cost[-1]
        came_from[i] = ways.argmin(axis=1)
        cost = np.append(local[i], unvoiced[i]) + ways.min(axis=1)
        cost -= cost.min()
    chosen = np.zeros(len(places))
    state = int(cost.argmin())
    for i in range(len(places) - 1, -1, -1):
        chosen[i] = places[i, state] if state < places.shape[1] else 0.0
        state = int(came_from[i, state])
    return chosen
