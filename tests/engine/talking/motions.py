"""Motions to speak with."""

import numpy as np

from engine.speech.motion import Motion

TRACKS = (
    *("jaw", "rounding", "spread", "lip_raise", "tongue", "closure", "tuck", "lids", "brows"),
    *("yaw", "pitch", "roll", "breath", "smile", "frown", "gaze_yaw", "gaze_pitch"),
)


def motion_of(frames: int, **tracks) -> Motion:
    """A motion of so many frames; a track is a number or one number a frame, 0 where it is not named."""
    values = {name: np.broadcast_to(tracks.get(name, 0.0), frames).astype(np.float32) for name in TRACKS}
    return Motion(viseme=("sil",) * frames, **values)


SOUNDS = {
    "silence": {"closure": 1.0},
    "AA": {"jaw": 0.9, "spread": 0.05},
    "EH": {"jaw": 0.5, "spread": 0.45, "lip_raise": 0.3},
    "IY": {"jaw": 0.26, "spread": 0.75, "lip_raise": 0.4},
    "OW": {"jaw": 0.6, "rounding": 0.65},
    "UW": {"jaw": 0.26, "rounding": 1.0},
    "M": {"jaw": 0.2, "closure": 1.0},
    "F": {"jaw": 0.13, "tuck": 1.0, "lip_raise": 0.2},
    "L": {"jaw": 0.4, "tongue": 1.0, "spread": 0.1},
    "S": {"jaw": 0.14, "spread": 0.4},
}


def speech(frames: int, seed: int = 0) -> Motion:
    """Sounds in random order, five frames each, gliding from one to the next; the head stays."""
    order = np.random.default_rng(seed).choice(list(SOUNDS), frames // 5 + 2)
    at = np.arange(len(order)) * 5
    tracks = {}
    for name in TRACKS:
        values = [SOUNDS[sound].get(name, 0.0) for sound in order]
        tracks[name] = np.interp(np.arange(frames), at, values)
    return motion_of(frames, **tracks)


def lively(frames: int, seed: int = 0) -> Motion:
    """Everything moves, smoothly and by different rhythms, as far as speech moves it."""
    time = np.arange(frames) / 25
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, 12)

    def wave(hertz: float, number: int) -> np.ndarray:
        return 0.5 + 0.5 * np.sin(2 * np.pi * hertz * time + phase[number])

    return motion_of(
        frames,
        jaw=wave(2.9, 0) * wave(0.7, 1),
        rounding=np.clip(2 * wave(1.1, 2) - 1, 0, 1),
        spread=np.clip(1.6 * wave(0.9, 3) - 0.8, 0, 1),
        lip_raise=0.4 * wave(1.3, 4),
        tongue=np.clip(3 * wave(1.7, 5) - 2, 0, 1),
        closure=np.clip(12 * wave(2.3, 6) - 11, 0, 1),
        tuck=np.clip(8 * wave(0.6, 7) - 7, 0, 1),
        lids=np.clip(6 * wave(0.4, 8) - 5, 0, 1),
        brows=wave(0.5, 9),
        yaw=6 * np.sin(1.3 * time),
        pitch=4 * np.sin(2.1 * time),
        roll=3 * np.sin(0.9 * time),
        breath=wave(0.28, 10),
    )
