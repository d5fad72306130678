"""People to draw: photos of several skin tones where the shared media lie, else the sample photo."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.character import Character
from engine.face import Face
from engine.face.finder import FaceFinder
from engine.face.matte import Matting
from engine.photo import Photo
from engine.styles import Sitting, draw, prepare
from engine.weights import locate
from tests.samples import SHARED_MEDIA

# Dark to light skin, bald, hat and glasses, white beard, head scarf, a head that the photo cuts off.
NAMES = (
    "ai_male_0", "real_006", "ai_male_67", "ai_female_30", "ai_male_23", "real_045", "real_009", "real_005",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Person:
    """A photo with its face and its sitting."""

    name: str
    photo: Photo
    face: Face
    sitting: Sitting

    @cache  # noqa: B019 - people live as long as the tests
    def drawn(self, style: str) -> Character:
        return draw(self.sitting, style, seed=7)


def sit(name: str, pixels: np.ndarray, finder: FaceFinder, matting: Matting) -> Person:
    """Find the person of a photo, uint8 (H, W, 3), RGB, and prepare them to be drawn."""
    found = finder.find(Photo(pixels))
    matte = matting.matte(found.photo.pixels, found.landmarks, others=found.others)
    pose = found.pose
    face = Face(found.box, found.landmarks, pose.yaw, pose.pitch, pose.roll, matte, found.notices)
    return Person(name, found.photo, face, prepare(found.photo, face))


@pytest.fixture(scope="session")
def people(finder: FaceFinder, matting: Matting) -> list[Person]:
    paths = [path for name in NAMES if (path := SHARED_MEDIA / "photos" / f"{name}.jpg").exists()]
    return [sit(path.stem, _read(path), finder, matting) for path in paths or [locate("astronaut.png")]]


def _read(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.uint8)


@pytest.fixture(scope="session")
def person(people: list[Person]) -> Person:
    return people[0]


@pytest.fixture(scope="session")
def sitting_again(person: Person) -> Sitting:
    """The first person, prepared a second time."""
    return prepare(person.photo, person.face)
