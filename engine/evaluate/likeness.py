"""Do drawings look like the people? A drawing must lead back to its photo among all people of a folder.

The judge is a public face descriptor (engine/evaluate/descriptor.py). For each drawing all photos are ranked
by their distance from it; the rank of the person's own photo counts. A drawing in which the judge finds no
face is a miss, and so is a photo that was refused although the judge finds a frontal face in it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Pixels
from engine.character import Character
from engine.clock import StageClock
from engine.engine import Engine
from engine.errors import PersonProblem, PhotoProblem
from engine.evaluate.descriptor import Described, Descriptor, FaceJudge
from engine.evaluate.skin import SkinColour, skin_colour
from engine.photo import Photo
from engine.progress import Progress, Stage, silent
from engine.styles import draw, prepare

MAX_SKIN_YAW = 35.0  # degrees
MISS = 10**6  # rank of a person whom a drawing does not lead to
TONES = (("dark", 0.0, 45.0), ("medium", 45.0, 65.0), ("light", 65.0, 101.0))  # L of the skin in the photo
SETTLED = "sitting"  # what styles share, beside the engine's own stages


@dataclass(frozen=True)
class Portrait:
    """One drawing, judged.

    Attributes
    ----------
    character : as drawn
    rank : of the person's own photo, 1 is best; MISS where the judge finds no face
    own, others : distance from the own photo, and mean of those from the other photos; nan for a miss
    skin : its colour in the drawing
    seconds : for this style alone
    """

    character: Character
    rank: int
    own: float
    others: float
    skin: SkinColour
    seconds: float


@dataclass(frozen=True)
class Person:
    """One photo of the folder and its drawings.

    Attributes
    ----------
    name : of the file
    photo : uint8 (H, W, 3), upright
    refused : why it was not drawn, "" when it was
    frontal : whether the judge's frontal detector finds the face of the photo
    skin : its colour in the photo; None when refused or seen from the side
    portraits : by style id; empty when refused
    seconds : of the stages that all styles share
    """

    name: str
    photo: Pixels
    refused: str
    frontal: bool
    skin: SkinColour | None
    portraits: dict[str, Portrait]
    seconds: dict[str, float]

    @property
    def counts(self) -> bool:
        """Whether the person belongs into the figures: drawn, or wrongly refused."""
        return not self.refused or self.frontal


@dataclass(frozen=True)
class StyleScore:
    """Figures of a style over all people that count; see `Portrait`.

    `hue` is the largest difference in degrees (None for black-and-white styles), `lift` the lowest and the
    highest change of L, `order` Spearman's rank correlation of L between photos and drawings, nan under three
    people.
    """

    style: str
    people: int
    rank_1: float
    rank_5: float
    own: float
    others: float
    hue: float | None
    lift: tuple[float, float]
    order: float
    seconds: float


class NobodyToCompare(PersonProblem):
    """The folder holds fewer than two faces."""

    message_id = "nobody-to-compare"


def measure(
    engine: Engine,
    photos: Sequence[Path],
    read: Callable[[Path], bytes],
    style_ids: Sequence[str],
    drawn: Callable[[int], bool] = lambda _: True,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Person]:
    """Draw people and judge the drawings.

    Parameters
    ----------
    photos : one person each; drawings are searched for among all of them
    read : gives the bytes of a file
    style_ids : styles to draw in
    drawn : whether the person of this index is drawn; the others are only there to be confused with

    Raises
    ------
    JudgeMissing, NobodyToCompare
    """
    judge = FaceJudge()
    gallery: list[Described | None] = []
    sat: list[tuple[int, Person, dict[str, tuple[Character, float]]]] = []
    for index, path in enumerate(photos):
        progress(Stage.DRAW, index / len(photos))
        photo = engine.decoder.photo(read(path))
        person, characters, described = _sit(engine, judge, path.name, photo, style_ids, drawn(index), seed)
        gallery.append(described)
        if drawn(index):
            sat.append((index, person, characters))
    if sum(one is not None for one in gallery) < 2:
        raise NobodyToCompare(f"{len(photos)} photos")
    people = []
    for done, (index, person, characters) in enumerate(sat):
        progress(Stage.ENCODE, done / len(sat))
        for style_id, (character, seconds) in characters.items():
            person.portraits[style_id] = _judged(judge, character, seconds, index, gallery)
        people.append(person)
    return people


def _sit(
    engine: Engine,
    judge: FaceJudge,
    name: str,
    photo: Photo,
    style_ids: Sequence[str],
    drawn: bool,
    seed: int,
) -> tuple[Person, dict[str, tuple[Character, float]], Described | None]:
    """Find one person, draw them when `drawn`, and describe the photo."""
    clock = StageClock()
    try:
        if not drawn:
            found = engine.find_face(photo)
            described = judge.describe(found.photo.pixels, found.box)
            return Person(name, found.photo.pixels, "", True, None, {}, {}), {}, described
        upright, face = engine.cut_out(photo, clock)
        clock(Stage.DRAW, 0.0)
        sitting = prepare(upright, face)
    except PhotoProblem as problem:
        described = judge.describe(photo.pixels)
        refusal = Person(name, photo.pixels, problem.message_id, described is not None, None, {}, {})
        return refusal, {}, described
    seconds = clock.seconds()
    seconds[SETTLED] = seconds.pop(str(Stage.DRAW))
    described = judge.describe(upright.pixels, face.box)
    # from the side the far cheek is not seen, so its colour cannot be read
    skin = skin_colour(upright.pixels, face.landmarks) if abs(face.yaw) < MAX_SKIN_YAW else None
    frontal = described is not None and described.found
    person = Person(name, upright.pixels, "", frontal, skin, {}, seconds)
    characters = {}
    for style_id in style_ids:
        begin = time.perf_counter()
        character = draw(sitting, style_id, seed)
        characters[style_id] = (character, time.perf_counter() - begin)
    return person, characters, described


def _judged(
    judge: FaceJudge, character: Character, seconds: float, index: int, gallery: Sequence[Described | None]
) -> Portrait:
    picture = on_white(character.drawing)
    skin = skin_colour(picture, character.landmarks)
    described, own = judge.describe(picture), gallery[index]
    if described is None or own is None:
        return Portrait(character, MISS, float("nan"), float("nan"), skin, seconds)
    distances = [_distance(described.numbers, one.numbers) for one in gallery if one is not None]
    distance = _distance(described.numbers, own.numbers)
    rank = 1 + sum(other < distance for other in distances)
    others = float((np.sum(distances) - distance) / max(1, len(distances) - 1))
    return Portrait(character, rank, distance, others, skin, seconds)


def on_white(drawing: Pixels) -> Pixels:
    """RGBA drawing on white paper, RGB."""
    alpha = drawing[..., 3:].astype(np.float32) / 255
    return np.rint(drawing[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _distance(first: Descriptor, second: Descriptor) -> float:
    return float(np.linalg.norm(first - second))


def score(people: Sequence[Person], style_id: str) -> StyleScore:
    """Figures of one style; refused frontal photos are misses."""
    counted = [person for person in people if person.counts]
    drawn = [(person, person.portraits[style_id]) for person in counted if style_id in person.portraits]
    ranks = np.array([portrait.rank for _, portrait in drawn])
    total = max(1, len(counted))
    pairs = [(person.skin, portrait.skin) for person, portrait in drawn if person.skin is not None]
    hues = [abs(turn) for photo, drawing in pairs if (turn := photo.hue_to(drawing)) is not None]
    lifts = [photo.lift_to(drawing) for photo, drawing in pairs]
    return StyleScore(
        style=style_id,
        people=len(counted),
        rank_1=float((ranks <= 1).sum() / total),
        rank_5=float((ranks <= 5).sum() / total),
        own=_median([portrait.own for _, portrait in drawn]),
        others=_median([portrait.others for _, portrait in drawn]),
        # a style is black and white where most drawings have no hue
        hue=max(hues) if len(hues) > len(pairs) / 2 else None,
        lift=(min(lifts, default=0.0), max(lifts, default=0.0)),
        order=spearman([photo.lightness for photo, _ in pairs], [drawing.lightness for _, drawing in pairs]),
        seconds=_median([portrait.seconds for _, portrait in drawn]),
    )


def missed(people: Sequence[Person], style_id: str, rank: int = 1) -> list[str]:
    """Names of the people whom the style's drawings do not lead to within `rank`."""
    return [
        person.name
        for person in people
        if person.counts and (style_id not in person.portraits or person.portraits[style_id].rank > rank)
    ]


def by_tone(people: Sequence[Person], style_id: str) -> dict[str, tuple[int, float | None, float]]:
    """People, largest difference of hue in degrees and median lift of L, by tone of skin (see TONES)."""
    found = {}
    for name, low, high in TONES:
        pairs = [
            (person.skin, person.portraits[style_id].skin)
            for person in people
            if person.skin is not None
            and low <= person.skin.lightness < high
            and style_id in person.portraits
        ]
        hues = [abs(turn) for photo, drawing in pairs if (turn := photo.hue_to(drawing)) is not None]
        lift = _median([photo.lift_to(drawing) for photo, drawing in pairs])
        found[name] = (len(pairs), max(hues) if len(hues) > len(pairs) / 2 else None, lift)
    return found


def shared_seconds(people: Sequence[Person]) -> dict[str, float]:
    """Median seconds of what all styles share, by stage."""
    drawn = [person.seconds for person in people if person.seconds]
    return {stage: _median([seconds[stage] for seconds in drawn]) for stage in (drawn[0] if drawn else {})}


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Rank correlation; ties share their mean rank."""
    if len(first) < 3:
        return float("nan")
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values)
    below: NDArray[np.int64] = (array[None] < array[:, None]).sum(axis=1)
    same: NDArray[np.int64] = (array[None] == array[:, None]).sum(axis=1)
    return np.asarray(below + (same - 1) / 2)


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.median(known)) if known else float("nan")
