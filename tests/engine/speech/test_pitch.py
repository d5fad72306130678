"""The pitch of a voice is found within a percent, and silence has none."""

import numpy as np
import pytest

from engine.speech.pitch import pitch

HOP = 256


@pytest.mark.parametrize("hertz", [110, 180, 290, 520])
def test_a_trembling_tone_between_noise_and_silence(hertz):
    time = np.arange(32_000) / 16_000
    track = hertz * (1 + 0.05 * np.sin(2 * np.pi * 3 * time))
    phase = 2 * np.pi * np.cumsum(track) / 16_000
    sound = sum(np.sin(k * phase) / k for k in range(1, 12)).astype(np.float32) * 0.1
    sound[:8000] = np.random.default_rng(0).standard_normal(8000) * 0.01
    sound[28_000:] = 0
    found = np.exp(pitch(sound, HOP))
    wanted = track[np.minimum(np.arange(len(found)) * HOP, len(track) - 1)]
    inside = slice(34, 106)
    assert len(found) == len(sound) // HOP + 1
    assert np.abs(found[inside] / wanted[inside] - 1).max() < 0.02
    assert np.isnan(found[:29]).mean() > 0.95
    assert np.isnan(found[112:]).all()
