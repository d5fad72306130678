"""Filters of the augmentation: symlet low-pass filters, and a bank of four frequency bands.

Karras et al. 2020, "Training generative adversarial networks with limited data", appendix B. Coefficients:
Daubechies, "Ten lectures on wavelets", least asymmetric filters of 2 and 6 vanishing moments.
"""

import numpy as np
from numpy.typing import NDArray

Taps = NDArray[np.float64]

SYM2: Taps = np.array([-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025])
SYM6: Taps = np.array(
    [
        0.015404109327027373,
        0.0034907120842174702,
        -0.11799011114819057,
        -0.048311742585633,
        0.4910559419267466,
        0.787641141030194,
        0.3379294217276218,
        -0.07263752278646252,
        -0.021060292512300564,
        0.04472490177066578,
        0.0017677118642428036,
        -0.007800708325034148,
    ]
)
BANDS = 4


def geometry_filter() -> Taps:
    """Low-pass filter (12,) for resampling, of sum 1."""
    return np.asarray(SYM6 / SYM6.sum())


def filter_bank() -> Taps:
    """Impulse responses (4, 43) of four bands, low frequencies first; together they pass everything."""
    signs = (-1.0) ** np.arange(len(SYM2))
    low = np.convolve(SYM2, SYM2[::-1]) / 2
    high = np.convolve(SYM2 * signs, (SYM2 * signs)[::-1]) / 2
    bank: Taps = np.eye(BANDS, 1)
    for band in range(1, BANDS):
        spread = np.zeros((BANDS, 2 * bank.shape[1] - 1))
        spread[:, ::2] = bank
        bank = np.stack([np.convolve(row, low) for row in spread])
        begin = (bank.shape[1] - len(high)) // 2
        bank[band, begin : begin + len(high)] += high
    return bank
