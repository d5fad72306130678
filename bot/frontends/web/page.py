"""The page's files: read once at the start, sentences put in from the catalogues.

Elements of index.html name their sentence by `data-word` (`data-word-label`: it is their label,
`data-word-hint`: their placeholder); it is put in here, so that the page can be read before any script runs.
"""

import html
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.sentences import CATALOGUES, DEFAULT_LANGUAGE, DOMAIN, LANGUAGES, known_language, sentence, template

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PREFIX = "web-"  # of the sentences that only this page says

_WORD = re.compile(r'data-word(-label|-hint)?="([a-z-]+)"')


@dataclass(frozen=True)
class File:
    """A file of the page, ready to be sent."""

    content: bytes
    kind: str
    etag: str


def words_of(language: str) -> dict[str, str]:
    """List the page's own sentences in a language."""
    return {word: template(word, language) for word in _own_words()}


def _own_words() -> list[str]:
    text = (CATALOGUES / DEFAULT_LANGUAGE / "LC_MESSAGES" / f"{DOMAIN}.po").read_text("utf-8")
    return re.findall(
        rf'^msgid "((?:{PREFIX}[^"]+)|our-fault|(?:another-style|gallery|settings|delete)-button)"',
        text,
        re.M,
    )


def pages() -> dict[str, File]:
    """Write the page in every language."""
    source = (STATIC / "index.html").read_text("utf-8")
    return {language: _file(_filled(source, language).encode(), "text/html") for language in LANGUAGES}


def files() -> dict[str, File]:
    """Read the other files, by name; the sentences of a language are words-ko.json."""
    found = {
        path.name: _file(path.read_bytes(), TYPES[path.suffix])
        for path in sorted(STATIC.iterdir())
        if path.suffix in TYPES
    }
    for language in LANGUAGES:
        words = json.dumps(words_of(language), ensure_ascii=False).encode()
        found[f"words-{language}.json"] = _file(words, "application/json")
    return found


def language_of(accepted: str | None) -> str:
    """Choose the language of the page: the first of the browser's that we speak."""
    for entry in (accepted or "").split(","):
        tag = entry.partition(";")[0].strip()[:35]
        if known_language(tag) in tag.lower():
            return known_language(tag)
    return DEFAULT_LANGUAGE


def _filled(source: str, language: str) -> str:
    """Put the sentences in."""
    attributes = {"-label": "aria-label", "-hint": "placeholder"}

    def put(match: re.Match[str]) -> str:
        kind, word = match[1], html.escape(sentence(match[2], language))
        return match[0] + (f' {attributes[kind]}="{word}"' if kind else "")

    with_attributes = _WORD.sub(put, source)
    with_text = re.sub(
        r'(<[^<>]*data-word="([a-z-]+)"[^<>]*>)(?=</)',
        lambda match: match[1] + html.escape(sentence(match[2], language)),
        with_attributes,
    )
    return with_text.replace("{language}", language)


def _file(content: bytes, kind: str) -> File:
    return File(content, kind, f'"{sha256(content).hexdigest()[:20]}"')
