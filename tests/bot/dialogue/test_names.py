"""Names that people give to characters: whatever is typed, what is kept can be seen and breaks no line."""

import pytest

from bot.dialogue.conversation import NAME_LENGTH
from bot.dialogue.ways import name_of


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Ada\n the\tfirst ", "Ada the first"),
        ("\u200d", ""),  # a joiner that joins nothing
        ("\u202e\u200f\u2066", ""),  # turns what is written after it around
        ("\u202eadA\u202c", "adA"),
        ("سلام", "سلام"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("x" * 5_000, "x" * NAME_LENGTH),
        ("x" * (NAME_LENGTH - 1) + "👩\u200d🔬", "x" * (NAME_LENGTH - 1) + "👩"),
    ],
)
def test_what_becomes_of_a_name(typed: str, name: str):
    assert name_of(typed) == name
