"""Mel spectra as networks for speech were trained on them: Slaney's scale, triangles of equal area.

Slaney, "Auditory Toolbox" (Interval Research, 1998): linear below 1 kHz, logarithmic above.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap, Samples
from engine.voice import ANALYSIS_RATE

_LINEAR = 200 / 3  # Hz a mel below the break
_BREAK = 1000.0  # Hz
_LOG_STEP = np.log(6.4) / 27  # a mel above it


@dataclass(frozen=True)
class Spectrum:
    """How a sound at 16 kHz is cut into bands.

    Attributes
    ----------
    fft : samples of a window (periodic Hann) and of its transform
    hop : samples from window to window; the first is centred on the first sample
    bands : triangles from `lowest` to `highest` Hz
    """

    fft: int
    hop: int
    bands: int
    lowest: float
    highest: float

    @cached_property
    def filters(self) -> FloatMap:
        """Triangles of equal area, float32 (bands, fft / 2 + 1)."""
        hertz = np.fft.rfftfreq(self.fft, 1 / ANALYSIS_RATE)
        edges = _hertz(np.linspace(_mels(self.lowest), _mels(self.highest), self.bands + 2))
        low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
        up, down = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
        return np.asarray(np.maximum(0, np.minimum(up, down)) * 2 / (high - low), np.float32)

    def mel(self, sound: Samples, power: Literal[1, 2], edge: Literal["reflect", "constant"]) -> FloatMap:
        """Amplitude (power 1) or energy (2) in each band, float32 (N / hop + 1, bands).

        Parameters
        ----------
        edge : what is heard beyond the ends: the sound turned round, or silence
        """
        padded = np.pad(np.asarray(sound, np.float64), self.fft // 2, mode=edge)
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.fft)[:: self.hop]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.fft) / self.fft)
        amplitude = np.abs(np.fft.rfft(frames * window))
        return np.asarray(amplitude**power @ self.filters.T, np.float32)


def _mels(hertz: float) -> float:
    if hertz < _BREAK:
        return hertz / _LINEAR
    return float(_BREAK / _LINEAR + np.log(hertz / _BREAK) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK * np.exp(_LOG_STEP * (mels - _BREAK / _LINEAR))
    return np.where(mels < _BREAK / _LINEAR, mels * _LINEAR, above)
