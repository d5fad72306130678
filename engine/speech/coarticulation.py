"""From phones to the tracks of the mouth: each phone pulls at the mouth, its neighbours pull with it.

Dominance functions (Cohen and Massaro's idea): the mouth is at every moment the mean of all targets near by,
weighted by how strongly each asks for it then. Lip closure does not fit into a mean, a half closed M is no
M: it is a track of its own that multiplies. Everything is computed at 100 Hz and pooled into frames.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap
from engine.speech.acoustics import RATE, SHORTEST_PAUSE, runs, smooth
from engine.speech.ipa import SILENCE, sound_of
from engine.speech.motion import FPS, MOUTH_CLASSES, Mouth
from engine.speech.phones import Phone
from engine.speech.visemes import VISEMES, Pose, poses_of

STEPS_PER_FRAME = RATE // FPS  # 4
LEAD = 0.03  # s by which jaw and lips go ahead of the sound, as in people
_REACH = 0.4  # s beyond which a dominance is nothing

_HOLD = 0.035  # s, shortest pressing of the lips; one frame of 40 ms then shows it
_LONGEST_HOLD = 0.09  # s
_RAMP = 0.045  # s to close and to open again
_SILENCE_RAMP = 0.06  # s
_BLIP = 0.11  # s; lips do not part for less between a pause and a pressing
_TUCKED_JAW = 0.13
_APART = 0.13  # jaw: lips do not touch in speech unless they press
_HUSHED = 0.35  # relative loudness under which a moment between two phones is a short pause
_NEARLY_SHUT = 0.6  # of _APART that goes in it
_WORDLESS_JAW = 0.6  # jaw of the loudest laugh
_STEADY = 0.35  # part of that for a sound as steady as a fan, which should not hold a mouth agape
_MURMUR = 0.5  # relative loudness below which sound between phones does not move the mouth: rooms, traffic
_MURMUR_ALONE = 0.25  # the same in a voice without any phones
_WORDLESS_AFTER = 0.10  # s of sound that no phone explains


def mouth_of(
    phones: list[Phone],
    loudness: FloatMap,
    pauses: list[tuple[int, int]],
    frames: int,
    air: NDArray[np.bool_] | None = None,
) -> Mouth:
    """Move the mouth.

    Parameters
    ----------
    phones : in order, not overlapping
    loudness : float32 (steps,) in 0..1 at 100 Hz, `acoustics.relative_loudness`
    pauses : ranges of steps without speech
    frames : length of the motion
    air : (steps,) where nobody's voice is heard, `acoustics.airy` or `music.music`; lips do not part for it
    """
    steps = frames * STEPS_PER_FRAME
    level = np.zeros(steps, np.float32)
    level[: min(steps, len(loudness))] = loudness[:steps]
    breathing = np.zeros(steps, np.bool_)
    if air is not None:
        breathing[: min(steps, len(air))] = air[:steps]
    spoken = _spoken(phones, steps)
    silent = ~spoken & (_inside(pauses, steps) | _murmur(level, spoken, breathing))
    silent[len(loudness) :] = True
    wordless = _wordless(spoken, silent)
    targets = _targets(poses_of(phones) + _pauses_as_poses(silent), steps)
    tucked = _pressed([p for p in poses_of(phones) if p.viseme.tuck], steps)
    jaw = _jaw(targets["jaw"], level, wordless)
    closed_by_silence = smooth(silent.astype(np.float32), _SILENCE_RAMP / 3)
    hush = smooth((~spoken & (level < _HUSHED)).astype(np.float32), 0.02)
    jaw = np.maximum(jaw, _APART * (1 - closed_by_silence) * (1 - _NEARLY_SHUT * hush)).astype(np.float32)
    jaw += tucked * (np.minimum(jaw, _TUCKED_JAW) - jaw)
    pressed = _pressed([p for p in poses_of(phones) if p.viseme.closes], steps)
    closure = _without_blips(np.maximum(pressed, _shut(silent)), silent)
    width = targets["width"] * (1 - closed_by_silence) * (1 - wordless)
    return Mouth(
        viseme=_classes(phones, silent, wordless, jaw, frames),
        jaw=_mean_of_frames(_ahead(smooth(jaw, 0.012))),
        rounding=_mean_of_frames(_ahead(np.maximum(0, -width))),
        spread=_mean_of_frames(_ahead(np.maximum(0, width))),
        lip_raise=_mean_of_frames(_ahead(targets["lip_raise"])),
        tongue=_mean_of_frames(_ahead(targets["tongue"] * (1 - closed_by_silence))),
        closure=_peak_of_frames(closure),
        tuck=_peak_of_frames(tucked),
        smile=np.zeros(frames, np.float32),
    )


def _spoken(phones: list[Phone], steps: int) -> NDArray[np.bool_]:
    """Steps that some phone explains."""
    spoken = np.zeros(steps, np.bool_)
    for phone in phones:
        spoken[round(phone.start * RATE) : round(phone.end * RATE)] = True
    return spoken


def _murmur(level: FloatMap, spoken: NDArray[np.bool_], breathing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Steps of stretches as long as a pause that no phone explains: soft beside the speech, or breath."""
    soft = ~spoken & ((level < (_MURMUR if spoken.any() else _MURMUR_ALONE)) | breathing)
    murmur = np.zeros_like(soft)
    for start, end in runs(soft):
        murmur[start:end] = end - start >= SHORTEST_PAUSE * RATE
    return murmur


def _inside(ranges: list[tuple[int, int]], steps: int) -> NDArray[np.bool_]:
    inside = np.zeros(steps, np.bool_)
    for start, end in ranges:
        inside[start:end] = True
    return inside


def _wordless(spoken: NDArray[np.bool_], silent: NDArray[np.bool_]) -> FloatMap:
    """1 where there is sound without phones (laughter, noise, a hum), soft at its edges; float32 (steps,)."""
    rest = (~spoken & ~silent).astype(np.float32)
    width = round(_WORDLESS_AFTER * RATE)
    # A gap shorter than this between two phones is bridged by their coarticulation.
    long_enough = np.convolve(rest, np.ones(width), mode="full")[: len(rest)] >= width - 0.5
    spread = np.convolve(long_enough[::-1], np.ones(width), mode="full")[: len(rest)][::-1] > 0
    return smooth(spread.astype(np.float32), 0.03)


def _pauses_as_poses(silent: NDArray[np.bool_]) -> list[Pose]:
    """Pauses ask for a shut mouth as phones ask for theirs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8))) / RATE
    return [Pose(VISEMES[SILENCE], float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _targets(poses: list[Pose], steps: int) -> dict[str, FloatMap]:
    """Means of the targets weighted by dominance: jaw, width, lip_raise, tongue; float32 (steps,) each."""
    jaws, lips = np.full(steps, 1e-3, np.float32), np.full(steps, 1e-3, np.float32)
    sums = {name: np.zeros(steps, np.float32) for name in ("jaw", "width", "lip_raise", "tongue")}
    for pose in poses:
        first = max(0, round((pose.start - _REACH) * RATE))
        last = min(steps, round((pose.end + _REACH) * RATE))
        if last <= first:
            continue
        viseme, pull = pose.viseme, _dominance(pose, np.arange(first, last) / RATE)
        here = slice(first, last)
        jaws[here] += viseme.jaw_weight * pull
        lips[here] += viseme.lip_weight * pull
        sums["jaw"][here] += viseme.jaw_weight * viseme.jaw * pull
        sums["tongue"][here] += viseme.jaw_weight * viseme.tongue * pull
        sums["width"][here] += viseme.lip_weight * viseme.width * pull
        sums["lip_raise"][here] += viseme.lip_weight * viseme.lip_raise * pull
    return {name: total / (jaws if name in ("jaw", "tongue") else lips) for name, total in sums.items()}


def _dominance(pose: Pose, seconds: NDArray[np.float64]) -> FloatMap:
    """1 in the middle of a pose, falling before and after it; float32 like `seconds`."""
    quarter = 0.25 * (pose.end - pose.start)
    before, after = pose.start + quarter - seconds, seconds - (pose.end - quarter)
    distance = np.maximum(before / pose.viseme.attack, after / pose.viseme.release)
    pull: FloatMap = np.exp(-1.2 * np.maximum(0, distance) ** 1.6).astype(np.float32)
    return pull


def _jaw(target: FloatMap, loudness: FloatMap, wordless: FloatMap) -> FloatMap:
    """Open the jaw by phone and loudness: whispered vowels open little, shouted ones wide."""
    # The second part lifts small openings: a quarter of the way to a third of the jaw counts like more.
    opened = 0.75 * target + 0.25 * np.minimum(1, 3 * target)
    spoken = opened * (0.1 + 1.1 * loudness**1.5)
    laughed = _WORDLESS_JAW * loudness**1.5 * (_STEADY + (1 - _STEADY) * _liveliness(loudness))
    jaw: FloatMap = (spoken + wordless * (laughed - spoken)).clip(0, 1)
    return jaw


def _liveliness(loudness: FloatMap) -> FloatMap:
    """How much the loudness swells and fades within a second around: 0 a fan .. 1 a voice; float32."""
    if len(loudness) == 0:
        return loudness
    second = np.ones((RATE, 1), np.uint8)
    swing = cv2.dilate(loudness[:, None], second) - cv2.erode(loudness[:, None], second)
    return smooth(np.clip(swing[:, 0] / 0.4, 0, 1), 0.2)


def _pressed(poses: list[Pose], steps: int) -> FloatMap:
    """1 while lips are held together for each pose, with ramps; float32 (steps,)."""
    pressed: FloatMap = np.zeros(steps, np.float32)
    for pose in poses:
        middle = (pose.start + pose.end) / 2
        hold = float(np.clip(pose.end - pose.start - 0.02, _HOLD, _LONGEST_HOLD))
        first = max(0, int((middle - hold / 2 - _RAMP) * RATE))
        last = min(steps, int((middle + hold / 2 + _RAMP) * RATE) + 2)
        distance = np.maximum(0, np.abs(np.arange(first, last) / RATE - middle) - hold / 2)
        ramp = 0.5 + 0.5 * np.cos(np.pi * np.minimum(1, distance / _RAMP))
        pressed[first:last] = np.maximum(pressed[first:last], ramp)
    return pressed


def _shut(silent: NDArray[np.bool_]) -> FloatMap:
    """1 in pauses; the lips meet and part in their first and last moments. Float32 (steps,)."""
    shut: FloatMap = np.zeros(len(silent), np.float32)
    ramp = round(_SILENCE_RAMP * RATE)
    for start, end in runs(silent):
        if end - start < SHORTEST_PAUSE * RATE and start > 0 and end < len(silent):
            continue
        step = np.arange(start, end)
        since = np.ones(len(step)) if start == 0 else np.minimum(1, (step - start + 1) / ramp)
        until = np.ones(len(step)) if end == len(silent) else np.minimum(1, (end - step) / ramp)
        shut[start:end] = np.minimum(since, until)
    return shut


def _without_blips(closure: FloatMap, silent: NDArray[np.bool_]) -> FloatMap:
    """Keep the lips together from a pause into an M, B or P (and out of one into a pause)."""
    if len(closure) == 0:
        return closure
    width = round(_BLIP * RATE)
    near = cv2.dilate(silent.astype(np.uint8)[:, None], np.ones((2 * width + 1, 1), np.uint8))[:, 0]
    bridged = cv2.morphologyEx(closure[:, None], cv2.MORPH_CLOSE, np.ones((width, 1), np.uint8))[:, 0]
    return np.where(near > 0, bridged, closure).astype(np.float32)


def _classes(
    phones: list[Phone], silent: NDArray[np.bool_], wordless: FloatMap, jaw: FloatMap, frames: int
) -> tuple[str, ...]:
    """The mouth class that fills most of each frame, at zero lag."""
    index = {name: i for i, name in enumerate(MOUTH_CLASSES)}
    label = np.full(len(silent), -1)
    for phone in phones:
        sound = sound_of(phone.name)
        if sound is not None:
            label[round(phone.start * RATE) : round(phone.end * RATE)] = index[sound.mouth_class]
    label[silent] = index[SILENCE]
    laughing = (label < 0) & (wordless > 0.5)
    label[laughing] = np.where(jaw[laughing] > 0.2, index["A"], index[SILENCE])
    label = _bridged(label, index[SILENCE])
    votes = np.eye(len(MOUTH_CLASSES))[label]
    return tuple(MOUTH_CLASSES[i] for i in _windows(votes, frames).sum(axis=1).argmax(axis=1))


def _bridged(label: NDArray[np.int64], nothing: int) -> NDArray[np.int64]:
    """Give unexplained steps the label before them: a gap of a moment belongs to the phone it follows."""
    known = label >= 0
    last = np.maximum.accumulate(np.where(known, np.arange(len(label)), -1))
    return np.where(last >= 0, label[np.maximum(last, 0)], nothing)


def _windows(track: NDArray[np.generic], frames: int) -> NDArray[np.float64]:
    """Steps of each frame: (frames, 4, ...). Frame i shows i / 25 s and the 20 ms on both sides of it."""
    half = STEPS_PER_FRAME // 2
    padded = np.concatenate([track[:1]] * half + [track])[: frames * STEPS_PER_FRAME]
    return padded.reshape(frames, STEPS_PER_FRAME, *track.shape[1:])


def _ahead(track: FloatMap) -> FloatMap:
    """Move a track LEAD earlier; its end is held."""
    lead = round(LEAD * RATE)
    return np.concatenate([track[lead:], np.repeat(track[-1:], lead)])


def _mean_of_frames(track: FloatMap) -> FloatMap:
    mean = _windows(track, len(track) // STEPS_PER_FRAME).mean(axis=1)
    pooled: FloatMap = mean.clip(0, 1).astype(np.float32)
    return pooled


def _peak_of_frames(track: FloatMap) -> FloatMap:
    """The strongest half of each frame: a closure of one frame's length is then shown by one frame."""
    ordered = np.sort(_windows(track, len(track) // STEPS_PER_FRAME), axis=1)
    pooled: FloatMap = ordered[:, STEPS_PER_FRAME // 2 :].mean(axis=1).clip(0, 1).astype(np.float32)
    return pooled
