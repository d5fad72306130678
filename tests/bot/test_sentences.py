"""Sentences for people: every id in both languages, with the same names to fill."""

import re
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from bot.sentences import CATALOGUES, LANGUAGES, UnknownSentence, known_language, sentence, template


def ids_in(language: str) -> set[str]:
    with (CATALOGUES / language / "LC_MESSAGES" / "mytalkcon.po").open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id and not message.fuzzy}


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things():
    """No sentence is missing in a language, and both need the same values."""
    assert ids_in("en") == ids_in("ko")
    for message_id in ids_in("en"):
        assert names_in(template(message_id, "en")) == names_in(template(message_id, "ko")), message_id


def test_korean_is_korean():
    """A Korean sentence has Hangul: nobody copied the English one."""
    assert [i for i in ids_in("ko") if not re.search("[가-힣]", template(i, "ko"))] == []


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("KO_kr", "ko"),
        ("en-GB", "en"),
        ("pt-BR", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_platforms_language_tag_is_understood(tag: str | None, language: str):
    assert known_language(tag) == language
    assert language in LANGUAGES


def test_an_unknown_id_is_a_mistake_of_ours():
    with pytest.raises(UnknownSentence):
        sentence("no-such-sentence", "ko")
