"""The measure of likeness measures: drawings lead back to their photos, refusals count as they should."""

import sys

import numpy as np
import pytest
from PIL import Image

from engine.engine import Engine
from engine.evaluate import likeness
from engine.evaluate.descriptor import FaceJudge, JudgeMissing
from engine.evaluate.sheets import likeness_plot, style_sheet
from engine.evaluate.skin import SkinColour
from engine.styles import styles
from tests.samples import SHARED_MEDIA

SAME_PERSON = 0.6  # dlib's own bound for two photos of one person
PEOPLE = ("ai_female_0", "ai_male_67", "real_009")


@pytest.fixture(scope="module")
def engine():
    with Engine() as running:
        yield running


@pytest.fixture(scope="module")
def measured(engine, astronaut, tmp_path_factory) -> list[likeness.Person]:
    """The sample photo, a far too small one, a wall, and people of the shared photos to confuse them with."""
    folder = tmp_path_factory.mktemp("people")
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    other = np.asarray(Image.fromarray(mirrored).resize((330, 512)))  # a narrow face: somebody else
    pictures = {
        "a": astronaut,
        "b": other,
        "small": np.asarray(Image.fromarray(astronaut).resize((230, 230))),
        "wall": np.full((200, 150, 3), 130, np.uint8),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    known = [SHARED_MEDIA / "photos" / f"{name}.jpg" for name in PEOPLE]
    photos = [*sorted(folder.iterdir()), *(path for path in known if path.is_file())]
    ids = ["webtoon", "pencil"]
    return likeness.measure(engine, photos, lambda path: path.read_bytes(), ids, lambda index: index < 8)


def test_drawings_lead_back_to_their_photos(measured):
    for style_id in ("webtoon", "pencil"):
        drawn = {person.name: person.portraits[style_id] for person in measured if not person.refused}
        assert [name for name, portrait in drawn.items() if portrait.rank > 1] == []
        assert max(portrait.own for portrait in drawn.values()) < SAME_PERSON
        assert min(portrait.others - portrait.own for portrait in drawn.values()) > 0.05


def test_a_drawing_does_not_lead_to_somebody_else(measured):
    """Judged as if it were the next person's, each is a miss, and farther away than it should be."""
    judge = FaceJudge()
    people = [person for person in measured if not person.refused]
    gallery = [judge.describe(person.photo) for person in people]
    for index, person in enumerate(people):
        character, wrong = person.portraits["pencil"].character, (index + 1) % len(people)
        judged = likeness._judged(judge, character, 0.0, wrong, gallery)
        assert judged.rank > 1, person.name
        assert judged.own > person.portraits["pencil"].own


def test_refusals_count_only_where_the_judge_sees_a_frontal_face(measured):
    people = {person.name: person for person in measured}
    assert people["small.png"].refused == "face-too-small"
    assert people["small.png"].counts
    assert people["wall.png"].refused == "no-face"
    assert not people["wall.png"].counts
    assert likeness.missed(measured, "webtoon") == ["small.png"]
    score = likeness.score(measured, "webtoon")
    assert score.people == len(measured) - 1
    assert score.rank_1 == pytest.approx(1 - 1 / score.people)


def test_tables_and_pictures_show_what_was_measured(measured):
    scores = [likeness.score(measured, style_id) for style_id in ("webtoon", "pencil")]
    assert scores[0].hue is not None
    assert scores[1].hue is None or scores[1].hue > 0
    assert set(likeness.shared_seconds(measured)) == {"face", "matte", likeness.SETTLED}
    counts = [count for count, _, _ in likeness.by_tone(measured, "webtoon").values()]
    assert sum(counts) == sum(person.skin is not None for person in measured)
    assert likeness_plot(scores).std() > 10
    sheet = style_sheet(measured, "webtoon")
    assert sheet.shape[1] > 1000
    assert sheet.std() > 10


def test_every_style_keeps_the_person(engine, astronaut):
    """The judge takes each drawing of the sample photo for a photo of the same person."""
    judge = FaceJudge()
    photo = judge.describe(astronaut)
    assert photo is not None
    characters = engine.draw(
        engine.decoder.photo(_png(astronaut)), [style.id for style in styles()]
    ).characters
    distances = {}
    for character in characters:
        described = judge.describe(likeness.on_white(character.drawing))
        distances[character.style] = (
            9.0 if described is None else np.linalg.norm(described.numbers - photo.numbers)
        )
    main = [style.id for style in styles()][:5]
    assert {name: value for name, value in distances.items() if name in main and value > SAME_PERSON} == {}
    assert sum(value <= SAME_PERSON for value in distances.values()) >= 0.6 * len(distances), distances


def test_skin_colours_are_compared_around_the_circle():
    red, other = SkinColour(60, 15, 2), SkinColour(66, 15, -2)
    assert red.lift_to(other) == 6
    assert red.hue_to(other) == pytest.approx(-15.2, abs=0.1)
    assert red.hue_to(SkinColour(50, 1, 1)) is None  # grey has no hue
    assert likeness.spearman([1, 2, 3, 4], [10, 20, 25, 99]) == pytest.approx(1)
    assert likeness.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)


def test_without_dlib_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(JudgeMissing):
        FaceJudge()


def _png(pixels: np.ndarray) -> bytes:
    import io

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
