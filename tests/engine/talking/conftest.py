"""Characters that speak: the sample photo, and a few of the shared photos, drawn as in a job."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from engine.character import Character
from engine.engine import Engine
from engine.weights import locate

PEOPLE = {
    "toothy smile": "real_009.jpg",
    "glasses and beard": "real_045.jpg",
    "three-quarter view": "real_005.jpg",
    "dark skin": "ai_male_0.jpg",
}


@pytest.fixture(scope="session")
def drawn() -> Callable[[Path, str], Character]:
    """Draw a photo in a style, once."""
    engine = Engine()

    @cache
    def draw(path: Path, style: str) -> Character:
        photo = engine.decoder.photo(path.read_bytes())
        return engine.draw(photo, [style]).characters[0]

    yield draw
    engine.close()


@pytest.fixture(scope="session")
def astronaut(drawn) -> Character:
    """Somebody who smiles with her teeth showing."""
    return drawn(locate("astronaut.png"), "webtoon")


@pytest.fixture(params=list(PEOPLE))
def person(request, drawn, shared_media) -> Character:
    return drawn(shared_media / "photos" / PEOPLE[request.param], "webtoon")
