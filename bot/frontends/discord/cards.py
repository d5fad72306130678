"""Cards: how a reply of the dialogue looks on Discord.

Styles become a select under the preview; several messages that offer the same (the gallery) become one with
numbered pictures and a select for each thing that can be done. What Discord takes at most stands on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.dialogue import Button, Reply
from bot.dialogue.buttons import event_of
from bot.dialogue.events import StyleChosen
from bot.dialogue.replies import Said
from bot.frontend import Progress
from bot.frontends.discord.names import with_our_names
from bot.sentences import sentence

TEXT = 2_000  # characters of a message
LABEL = 80  # characters of a button
OPTION = 100  # characters of a select's option
ROWS, ROW = 5, 5  # rows of a message, buttons of a row
OPTIONS = 25  # of a select
FILES = 10  # of a message
BAR = 10  # blocks

# Said with other words here, because one types and taps differently; the second ones outside direct messages.
OUR_WORDS = frozenset({"help"})
SERVER_WORDS = frozenset(
    {"next-photo", "next-voice", "sticker-done", "talk-done", "voice-held-photo", "picture-question"}
)
PICTURES = {  # what a file shows, for those who cannot see it
    "preview.jpg": "web-picture-preview",
    "sticker.webp": "web-picture-sticker",
    "sticker.png": "web-picture-sticker",
    "scene.jpg": "web-picture-scene",
}
VIDEO = "web-picture-video"


@dataclass(frozen=True)
class File:
    """A file to show; `shows` is said to those who cannot see it."""

    name: str
    content: bytes
    shows: str


@dataclass(frozen=True)
class Choice:
    """A select: options (label, data of the button that each stands for)."""

    hint: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Card:
    """A message. `job`: it shows the progress of this job from now on."""

    text: str
    language: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    choices: tuple[Choice, ...] = ()
    files: tuple[File, ...] = ()
    job: str | None = None


def card_of(reply: Reply, content: bytes | None, *, direct: bool) -> Card:
    """Write a reply; `content` are the bytes of its file, `direct`: in direct messages."""
    styles = [b for row in reply.buttons for b in row if isinstance(event_of(b.data), StyleChosen)]
    rows = tuple(row for row in (tuple(b for b in row if b not in styles) for row in reply.buttons) if row)
    choices = _choices(sentence("next-style", reply.language), [(b.label, b.data) for b in styles])
    files = () if content is None else (_file(reply, content),)
    return Card(
        text_of(reply, direct=direct), reply.language, rows[: ROWS - len(choices)], choices, files, reply.job
    )


def cards_of(replies: Sequence[tuple[Reply, bytes | None]], *, direct: bool) -> tuple[Card, ...]:
    """Write an answer of several messages; those that offer the same are put together."""
    cards: list[Card] = []
    for alike, group in groupby(replies, key=lambda pair: bool(pair[0].buttons) and pair[0].job is None):
        members = list(group)
        if alike and len(members) > 1:
            cards.extend(
                _together(members[first : first + FILES], first) for first in range(0, len(members), FILES)
            )
        else:
            cards.extend(card_of(reply, content, direct=direct) for reply, content in members)
    return tuple(cards)


def progress_card(progress: Progress, *, direct: bool) -> Card:
    """Write how a job stands."""
    card = card_of(progress.reply, None, direct=direct)
    if not progress.done:
        return card
    filled = round(progress.done * BAR)
    bar = "▰" * filled + "▱" * (BAR - filled)
    return replace(card, text=f"{card.text}\n{bar} {progress.done:.0%}")


def text_of(reply: Reply, *, direct: bool) -> str:
    """Say the sentences of a reply."""
    return "\n".join(_say(said, reply.language, direct=direct) for said in reply.says)[:TEXT]


def _say(said: Said, language: str, *, direct: bool) -> str:
    if said.message_id in OUR_WORDS or (said.message_id in SERVER_WORDS and not direct):
        return sentence(f"discord-{said.message_id}", language, **dict(said.values))
    return with_our_names(said.text(language), language)


def _together(members: Sequence[tuple[Reply, bytes | None]], first: int) -> Card:
    """Put several messages into one: numbered lines and pictures, a select for each label of a button."""
    lines, files, offers = [], [], dict[str, list[tuple[str, str]]]()
    for number, (reply, content) in enumerate(members, start=first + 1):
        line = f"{number}. {reply.text}"
        lines.append(line)
        if content is not None:
            file = _file(reply, content)
            files.append(replace(file, name=f"{number}-{file.name}"))
        for button in (button for row in reply.buttons for button in row):
            offers.setdefault(button.label, []).append((line, button.data))
    choices = tuple(choice for label, options in offers.items() for choice in _choices(label, options))
    return Card("\n".join(lines)[:TEXT], members[0][0].language, (), choices[:ROWS], tuple(files))


def _choices(hint: str, options: Sequence[tuple[str, str]]) -> tuple[Choice, ...]:
    """Offer options, in as many selects as they need."""
    short = [(label[:OPTION], data) for label, data in options]
    return tuple(Choice(hint, tuple(short[i : i + OPTIONS])) for i in range(0, len(short), OPTIONS))


def _file(reply: Reply, content: bytes) -> File:
    name = reply.media.name if reply.media is not None else "file"
    return File(name, content, sentence(PICTURES.get(name, VIDEO), reply.language))
