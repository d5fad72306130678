"""A character keeps what other engines took from the selfie, and refuses what is no such thing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.character import SIZE, Character, NotACharacter, from_json, settled, to_json
from engine.talking.standard_face import standard_face

DRAWING = np.full((SIZE, SIZE, 4), 255, np.uint8)


def character() -> Character:
    return Character(DRAWING, standard_face(), "pencil", 3)


def test_coefficients_come_back_with_the_character():
    taken = np.random.default_rng(0).normal(size=257).astype(np.float32)
    back = settled(replace(character(), coefficients={"sadtalker": taken}))
    assert list(back.coefficients) == ["sadtalker"]
    np.testing.assert_allclose(back.coefficients["sadtalker"], taken, atol=1e-6)
    assert settled(back).coefficients["sadtalker"].tobytes() == back.coefficients["sadtalker"].tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"seed": "Infinity"},
        {"pose": [float("nan"), 0, 0]},
        {"landmarks": [[0, 0, 0]] * 478},
        {"landmarks": [[1e9, 0, 0]] * 478},
        {"landmarks": [[1, 2, 3]]},
        {"format": 99},
        *(
            {"coefficients": foreign}
            for foreign in ({"a": [[1.0]]}, {"a": [float("nan")]}, {"a": [0.0] * 5000}, {"a": ["x"]}, 7, [1])
        ),
    ],
)
def test_what_is_no_character_is_refused(change):
    values = json.loads(to_json(character())) | change
    with pytest.raises(NotACharacter):
        from_json(json.dumps(values), DRAWING)
