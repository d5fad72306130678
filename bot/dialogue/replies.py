"""Replies: what to show. A front end turns them into its platform's messages and decides nothing else."""

from dataclasses import dataclass

from bot.dialogue.buttons import data_of
from bot.dialogue.events import Pressed
from bot.sentences import sentence


@dataclass(frozen=True)
class Said:
    """A sentence with its values."""

    message_id: str
    values: tuple[tuple[str, object], ...] = ()

    def text(self, language: str) -> str:
        """Say it in a language."""
        return sentence(self.message_id, language, **dict(self.values))


def say(message_id: str, **values: object) -> Said:
    """Name a sentence and its values."""
    return Said(message_id, tuple(values.items()))


@dataclass(frozen=True)
class Button:
    """A button; pressing it gives back `data`, which `event_of` reads."""

    label: str
    data: str


@dataclass(frozen=True)
class Media:
    """A file to show: service.content(render) gives its bytes.

    Attributes
    ----------
    name : "preview.webp", "sticker.webp", "talk.mp4": what it is; the front end knows how to show it
    render : id
    file_id : what this platform calls it, when it was sent there before
    """

    name: str
    render: str
    file_id: str | None = None


@dataclass(frozen=True)
class Reply:
    """One message.

    Attributes
    ----------
    language : of the sentences
    says : paragraphs
    buttons : rows of buttons
    media : shown together with the text
    job : the message is about this live job and shows its progress from now on
    """

    language: str
    says: tuple[Said, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()
    media: Media | None = None
    job: str | None = None

    @property
    def text(self) -> str:
        """The sentences in the person's language."""
        return "\n".join(said.text(self.language) for said in self.says)


def button(language: str, message_id: str, event: Pressed) -> Button:
    """Make a button whose label is a sentence."""
    return Button(sentence(message_id, language), data_of(event))


def word_button(label: str, event: Pressed) -> Button:
    """Make a button whose label is a name."""
    return Button(label, data_of(event))
