"""People to draw: photos of several skin tones where the shared media lie, else the sample photo."""

from collections.abc import Callable, Sequence
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
FEW = ("ai_male_0", "ai_female_30", "real_045", "real_005")  # the others are looked at in long tests


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
def sits(finder: FaceFinder, matting: Matting) -> Callable[[Path], Person]:
    """Prepare the person of a photo, once."""

    @cache
    def prepared(path: Path) -> Person:
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.uint8)
        return sit(path.stem, pixels, finder, matting)

    return prepared


@pytest.fixture(scope="session")
def people_of(sits: Callable[[Path], Person]) -> Callable[[Sequence[str]], list[Person]]:
    """People by their names; the sample photo where nobody of them is there."""

    def found(names: Sequence[str]) -> list[Person]:
        paths = [path for name in names if (path := SHARED_MEDIA / "photos" / f"{name}.jpg").exists()]
        return [sits(path) for path in paths or [locate("astronaut.png")]]

    return found


@pytest.fixture
def people(
    request: pytest.FixtureRequest, people_of: Callable[[Sequence[str]], list[Person]]
) -> list[Person]:
    """All of them, or those whom a parameter names."""
    return people_of(getattr(request, "param", NAMES))


@pytest.fixture(scope="session")
def person(people_of: Callable[[Sequence[str]], list[Person]]) -> Person:
    return people_of(FEW)[0]


@pytest.fixture(scope="session")
def sitting_again(person: Person) -> Sitting:
    """The first person, prepared a second time."""
    return prepare(person.photo, person.face)
