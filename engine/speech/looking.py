"""Where the eyes look: fixations with quick changes between them, away in pauses, steady as the head sways.

Eyes do not glide. They rest on a place for a second or so and are on the next one two frames later; only what
the head's own movement takes from them is made good smoothly, as people hold their look while they nod.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import FloatMap
from engine.speech.motion import FPS

FIXATION = (0.7, 2.2)  # s on one place of the listener's face
WANDER_YAW, WANDER_PITCH = 3.0, 1.5  # degrees, how far such places lie apart
AVERTED_YAW, AVERTED_UP, AVERTED_DOWN = (9.0, 15.0), 6.0, 3.0  # degrees of a look away
SPOKEN_AVERSION = 0.16  # part of the fixations of a speaking person that look away
SPOKEN_HOLD = (0.45, 0.9)  # s of these
COMES_BACK = 0.08  # s after a pause has ended
HELD_YAW, HELD_PITCH = 0.8, 0.6  # part of the head's movement that the eyes make good
HALFWAY = 0.6  # of the way in the first of a change's two frames: 10 degrees take 50 ms


@dataclass(frozen=True)
class LookAway:
    """A look away in a pause; `side` -1 .. 1, positive to the picture's right."""

    start: float  # s
    end: float  # s
    side: float


def gaze_of(
    away: list[LookAway], lids: FloatMap, yaw: FloatMap, pitch: FloatMap, seed: int
) -> tuple[FloatMap, FloatMap]:
    """Move the eyes.

    Parameters
    ----------
    away : looks away, which the head takes part in
    lids : float32 (frames,), eyes change their place before or after a blink, not under it
    yaw, pitch : float32 (frames,), degrees of the head
    seed : of chance

    Returns
    -------
    yaw and pitch of the eyes in their sockets, degrees, float32 (frames,)
    """
    chance = np.random.default_rng([seed, 0xE7E])  # its own: the head moves as it does without eyes
    frames = len(lids)
    places = _places(away, frames / FPS, chance)
    track = np.zeros((frames, 2))
    for moment, place in places:
        track[_after_a_blink(round(moment * FPS), lids) :] = place
    track[1:] = HALFWAY * track[1:] + (1 - HALFWAY) * track[:-1]
    head = np.stack([HELD_YAW * yaw, HELD_PITCH * pitch], axis=1)
    gaze = (track - head).astype(np.float32)
    return gaze[:, 0], gaze[:, 1]


def _places(
    away: list[LookAway], seconds: float, chance: np.random.Generator
) -> list[tuple[float, NDArray[np.float64]]]:
    """Moments in s, in order, and where the eyes look from then on: degrees right and down."""
    places: list[tuple[float, NDArray[np.float64]]] = []
    moment = float(chance.uniform(*FIXATION))
    averted = False
    while moment < seconds:
        looks = [look for look in away if look.start <= moment < look.end + COMES_BACK]
        if looks:
            moment = looks[0].end + COMES_BACK
            averted = False
            continue
        averted = not averted and chance.random() < SPOKEN_AVERSION
        place = _averted(chance.choice((-1, 1)), chance) if averted else _near(chance)
        places.append((moment, place))
        moment += float(chance.uniform(*(SPOKEN_HOLD if averted else FIXATION)))
    for look in away:
        places.append((look.start, _averted(look.side, chance)))
        places.append((look.end + COMES_BACK, _near(chance)))
    return sorted(places, key=lambda item: item[0])


def _near(chance: np.random.Generator) -> NDArray[np.float64]:
    return chance.uniform(-1, 1, 2) * (WANDER_YAW, WANDER_PITCH)


def _averted(side: float, chance: np.random.Generator) -> NDArray[np.float64]:
    """People who think look to a side, and rather up than down."""
    return np.array([np.sign(side) * chance.uniform(*AVERTED_YAW), chance.uniform(-AVERTED_UP, AVERTED_DOWN)])


def _after_a_blink(frame: int, lids: FloatMap) -> int:
    while 0 < frame < len(lids) and max(lids[frame - 1 : frame + 1]) > 0:
        frame += 1
    return frame
