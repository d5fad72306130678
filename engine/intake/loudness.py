"""Loudness of a voice: measured as ITU-R BS.1770-4 does, brought near -16 LUFS, peaks held under -1 dBFS.

-16 LUFS is what podcasts and messengers aim at for speech on small speakers.
"""

import numpy as np

from engine.arrays import Samples
from engine.voice import VoiceSilent

AIM = -16.0  # LUFS
CEILING = 10 ** (-1 / 20)  # -1 dBFS
MAX_GAIN = 24.0  # dB; more would lift the noise of a room into a roar
MOST_MISSING = 2.0  # dB that are given back after the limiter; more would flatten the voice
SILENCE = -58.0  # LUFS of the loudest 0.4 s: below it there is nothing but the noise of a microphone
BLOCK = 0.4  # s, and a step of a quarter of it (BS.1770-4)
ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE = -10.0  # LU under the mean of the blocks over the absolute gate
DRIFT_WINDOW = 0.5  # s; slower than any voice
LOOK_AHEAD = 0.006  # s around a peak in which the limiter turns down and up again
HOP = 0.001  # s, the limiter's step


def without_drift(sound: Samples, rate: int) -> Samples:
    """Remove direct current and what drifts slower than DRIFT_WINDOW: the running mean."""
    window = min(len(sound), int(DRIFT_WINDOW * rate))
    half = window // 2
    sums = np.concatenate(([0.0], np.cumsum(sound, dtype=np.float64)))
    centre = np.arange(len(sound))
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half + 1, len(sound))
    steady: Samples = (sound - (sums[high] - sums[low]) / (high - low)).astype(np.float32)
    return steady


def level(sound: Samples, rate: int) -> Samples:
    """Bring a voice to AIM, by at most MAX_GAIN, without clipping.

    Raises
    ------
    VoiceSilent
        when not even the loudest 0.4 s is over SILENCE
    """
    blocks = block_loudness(sound, rate)
    if blocks.max() < SILENCE:
        raise VoiceSilent(f"loudest 0.4 s: {blocks.max():.0f} LUFS")
    gain = min(AIM - gated(blocks), MAX_GAIN)
    levelled = limited(_louder(sound, gain), rate)
    if np.abs(sound).max() * 10 ** (gain / 20) > CEILING:  # the limiter took something away: once more
        missing = min(AIM - gated(block_loudness(levelled, rate)), MOST_MISSING)
        levelled = limited(_louder(sound, min(gain + missing, MAX_GAIN)), rate)
    return levelled


def _louder(sound: Samples, gain: float) -> Samples:
    """Raise a sound by so many dB."""
    return sound * np.float32(10 ** (gain / 20))


def block_loudness(sound: Samples, rate: int) -> Samples:
    """Loudness of each 0.4 s block in LUFS, K-weighted; one block for what is shorter.

    The weight is applied to the power spectrum of the block (Parseval), which equals filtering it.
    """
    size = min(len(sound), int(BLOCK * rate))
    starts = range(0, len(sound) - size + 1, max(1, size // 4))
    weight = k_weight(np.fft.rfftfreq(size, 1 / rate)) * 2
    weight[0] /= 2
    power = [float((np.abs(np.fft.rfft(sound[at : at + size])) ** 2 * weight).sum()) for at in starts]
    return (-0.691 + 10 * np.log10(np.maximum(np.array(power) / size**2, 1e-12))).astype(np.float32)


def k_weight(hertz: Samples) -> Samples:
    """Power response of the K-weighting at given frequencies: head shelf, then high-pass (BS.1770-4).

    The standard gives coefficients at 48 kHz; their response is read at each frequency, for every rate alike.
    """
    z = np.exp(-2j * np.pi * np.minimum(hertz, 23_999) / 48_000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    response: Samples = (np.abs(shelf * high_pass) ** 2).astype(np.float32)
    return response


def gated(blocks: Samples) -> float:
    """Integrated loudness: blocks of silence and pauses are left out."""
    power = 10 ** (blocks.astype(np.float64) / 10)
    heard = power[blocks > ABSOLUTE_GATE]
    gate = 10 * np.log10(heard.mean()) + RELATIVE_GATE
    return float(10 * np.log10(power[blocks > gate].mean()))


def limited(sound: Samples, rate: int) -> Samples:
    """Turn down around peaks over CEILING, smoothly, so that none is left.

    The gain of each millisecond is what its peak allows; the least gain within the look-ahead is then
    averaged over a shorter window, so that no average exceeds what any peak inside allows.
    """
    hop = max(1, int(HOP * rate))
    count = -(-len(sound) // hop)
    peaks = np.abs(np.pad(sound, (0, count * hop - len(sound)))).reshape(count, hop).max(axis=1)
    if peaks.max() <= CEILING:
        return sound
    allowed = CEILING / np.maximum(peaks, CEILING)
    reach = int(LOOK_AHEAD / HOP)
    padded = np.pad(allowed, reach, mode="edge")
    least = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    width = 2 * (reach - 1) + 1
    weights = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(np.pad(least, reach - 1, mode="edge"), weights / weights.sum(), mode="valid")
    gain = np.interp(np.arange(len(sound)), (np.arange(count) + 0.5) * hop, smooth)
    return np.clip(sound * gain, -CEILING, CEILING).astype(np.float32)  # the clip is for rounding only
