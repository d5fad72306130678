"""From a voice to 68 landmarks that speak: all networks but the photo's, 62.5 frames a second."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.arrays import Samples
from engine.checkpoints.threads import one_thread
from engine.speech.pitch import pitch
from engine.talking.makeittalk import landmarks as marks
from engine.talking.makeittalk.branches import LONGEST, SPEAKER_GAIN, WINDOW, windows_of
from engine.talking.makeittalk.content import MULTIPLE
from engine.talking.makeittalk.landmarks import Landmarks
from engine.talking.makeittalk.networks import Cast
from engine.talking.makeittalk.sound import HOP, LOUDNESS, RATE, amplified, mel_of, pitch_steps
from engine.talking.makeittalk.speaker import embedding, spoken

PIECE = 4096  # mel frames that the content encoder hears at once
OVERLAP = 64  # frames of two sequences of the speaker-aware branch that are mixed where they meet

Step = Callable[[], None]
"""Called between steps; what it raises ends the work."""


@one_thread()
@torch.inference_mode()
def perform(cast: Cast, sound: Samples, face: Landmarks, step: Step = lambda: None) -> Landmarks:
    """Say a voice with a face.

    Parameters
    ----------
    sound : voice at 16 kHz
    face : (68, 3) in the networks' frame, its mouth closed

    Returns
    -------
    (frames, 68, 3) in the networks' frame; the last of them stands at or after the end of the voice
    """
    frames = int(np.ceil(len(sound) / HOP)) + 1
    loud = amplified(sound, LOUDNESS)
    # The branches look WINDOW frames ahead: silence follows the voice, so that its end is said, too.
    loud = np.pad(loud, (0, WINDOW * HOP + (-len(loud)) % HOP))
    person = embedding(cast.voice, spoken(loud))
    step()
    heard = (repeated(cast, loud, person, step) - cast.mean) / cast.deviation
    windows = windows_of(heard)[:frames]
    shape = torch.from_numpy(face.reshape(-1)).float()
    words = torch.cat([_stepping(cast.words(part, shape), step) for part in torch.split(windows, LONGEST)])
    pose = moved_by(cast, windows, person * SPEAKER_GAIN, step)
    content = marks.calibrated(_points(words))
    return marks.finished(marks.together(face, marks.pose_only(_points(pose)), content))


def _points(flat: Tensor) -> Landmarks:
    return np.asarray(flat.double().numpy().reshape(len(flat), 68, 3), np.float64)


def _stepping(found: Tensor, step: Step) -> Tensor:
    step()
    return found


def repeated(cast: Cast, sound: Samples, person: Tensor, step: Step) -> Tensor:
    """What is said, in the one voice that the branches know: mel frames (T, 80)."""
    mel = torch.from_numpy(mel_of(sound))
    steps = torch.from_numpy(pitch_steps(pitch(sound, HOP)))[: len(mel)]
    parts = []
    for piece, bins in zip(torch.split(mel, PIECE), torch.split(steps, PIECE), strict=True):
        missing = -len(piece) % MULTIPLE
        longer, more = pad(piece, (0, 0, 0, missing)), pad(bins, (0, missing))
        _, fine = cast.encoder(longer[None], person[None], cast.target[None], more[None])
        parts.append(fine[0, : len(piece)])
        step()
    return torch.cat(parts)


def moved_by(cast: Cast, windows: Tensor, person: Tensor, step: Step) -> Tensor:
    """How the person moves, (T, 204): sequences of LONGEST, mixed where they overlap.

    A transformer sees one sequence: without overlap the head would jump from one to the next.
    """
    total = windows.new_zeros(len(windows), marks.COORDINATES)
    weight = windows.new_zeros(len(windows), 1)
    ramp = (torch.arange(OVERLAP) + 1.0) / (OVERLAP + 1)
    for start in range(0, max(1, len(windows) - OVERLAP), LONGEST - OVERLAP):
        part = windows[start : start + LONGEST]
        share = torch.ones(len(part))
        if start:
            share[:OVERLAP] = ramp[: len(part)]
        if start + LONGEST < len(windows):
            share[-OVERLAP:] = ramp.flip(0)
        total[start : start + LONGEST] += cast.person(part, person) * share[:, None]
        weight[start : start + LONGEST] += share[:, None]
        step()
    return total / weight


def at_seconds(frames: Landmarks, seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Landmarks:
    """Landmarks at moments in s, between the frames where they fall there."""
    place = np.clip(seconds * RATE, 0, len(frames) - 1)
    first = np.floor(place).astype(int)
    second = np.minimum(first + 1, len(frames) - 1)
    share = (place - first)[:, None, None]
    return np.asarray(frames[first] * (1 - share) + frames[second] * share, np.float64)
