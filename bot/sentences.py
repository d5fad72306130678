"""Sentences for people, in their language, from the gettext catalogues in `locales/`.

The .po files are the source; they are compiled in memory when a language is first used, so that the
repository holds no .mo files. A sentence is named by an id ("no-face"), not by its English text.
"""

import io
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "locales"
DOMAIN = "mytalkcon"
LANGUAGES = ("en", "ko")
DEFAULT_LANGUAGE = "en"  # also the language of a sentence that a catalogue lacks


class UnknownSentence(LookupError):
    """No catalogue knows this id: a mistake of ours, not of a translator."""


def sentence(message_id: str, language: str, **values: object) -> str:
    """Say `message_id` in `language`, its {names} filled with `values`.

    Parameters
    ----------
    message_id : id in the catalogues
    language : one of LANGUAGES, or any tag of a platform ("ko-KR", "pt_BR"); see `known_language`
    values : fill the {names} of the sentence; more than it uses may be given

    Raises
    ------
    UnknownSentence
        when neither the language's catalogue nor the English one has the id
    KeyError
        when the sentence needs a value that was not given
    """
    return template(message_id, language).format_map(values)


def template(message_id: str, language: str) -> str:
    """Give the sentence with its {names} unfilled; raises UnknownSentence as `sentence` does."""
    text = _catalogue(known_language(language)).gettext(message_id)
    if text == message_id:
        raise UnknownSentence(message_id)
    return text


def known_language(tag: str | None) -> str:
    """Choose the language to speak to somebody whose platform reports `tag` ("ko-KR", "en_US", None)."""
    wanted = (tag or DEFAULT_LANGUAGE).replace("-", "_").lower()
    return negotiate_locale([wanted], LANGUAGES) or DEFAULT_LANGUAGE


@cache
def _catalogue(language: str) -> GNUTranslations:
    """Compile a language's catalogue, as msgfmt would; what it lacks is said in English."""
    compiled = io.BytesIO()
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    translations = GNUTranslations(compiled)
    if language != DEFAULT_LANGUAGE:
        translations.add_fallback(_catalogue(DEFAULT_LANGUAGE))
    return translations
