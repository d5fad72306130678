"""Events: what a person sends or presses, and what became of a wish.

A button is about something (a photo, a job, a character) or, where it is about nothing, belongs to the person
whom it was shown to, so that one pressed by somebody else is always noticed. Whose a thing is, is checked in
service.py.
"""

from dataclasses import dataclass

from bot.kinds import Feeling, JobKind

# What a person sends.


@dataclass(frozen=True)
class CommandGiven:
    """A command: start, help, language, characters, queue, cancel, privacy, delete, style, settings, feeling,
    effect, background, caption.

    `argument`: of start, the command that a link into the bot leads to; of caption, the words; of background,
    "picture" when one of one's own is to come.
    """

    name: str
    argument: str = ""


@dataclass(frozen=True)
class TextReceived:
    """Words."""

    text: str


@dataclass(frozen=True)
class PhotoReceived:
    """A photo; `photo` is the id under which service.py has put it (the front end leaves it empty).

    `others`: ids of further photos that were sent together with it, in their order.
    """

    photo: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoiceReceived:
    """A voice note, audio file or the sound of a video; `voice` as with photos."""

    voice: str = ""


@dataclass(frozen=True)
class Unreadable:
    """Something that nobody here can use: a location, an unknown button, a document."""


# Buttons about nothing in particular.


@dataclass(frozen=True)
class ShownTo:
    """A button that only says what is wanted; `owner` is the person it was shown to."""

    owner: str


class Agreed(ShownTo):
    """Consent is given."""


class StylesAsked(ShownTo):
    """Another style for the photo on hand."""


class PhotoAsked(ShownTo):
    """A new photo is to come."""


class GalleryAsked(ShownTo):
    """Show my characters."""


class HeldVoiceUsed(ShownTo):
    """Let the character that I have say what I sent."""


class DeleteConfirmed(ShownTo):
    """Yes, forget me."""


class Declined(ShownTo):
    """No, keep it."""


class LooksAsked(ShownTo):
    """A button about how talks look and sound."""


class FeelingAsked(LooksAsked):
    """How may my character look while it speaks?"""


class SettingsAsked(LooksAsked):
    """How do my talks look and sound?"""


class EffectAsked(LooksAsked):
    """What may be done with my voice?"""


class BackgroundAsked(LooksAsked):
    """What may lie behind my character?"""


class PictureAsked(LooksAsked):
    """A picture of my own is to lie behind my character; it comes next."""


class CaptionAsked(LooksAsked):
    """My next talk gets words, which come next."""


class CaptionDropped(LooksAsked):
    """My next talk gets no words after all."""


@dataclass(frozen=True)
class LanguageChosen:
    """A language is chosen."""

    language: str
    owner: str


@dataclass(frozen=True)
class EffectChosen:
    """From now on my voice sounds so."""

    effect: str
    owner: str


@dataclass(frozen=True)
class BackgroundChosen:
    """From now on this colour lies behind my character."""

    background: str
    owner: str


# Buttons about something.


@dataclass(frozen=True)
class StyleChosen:
    """Draw this photo in this style."""

    style: str
    photo: str


@dataclass(frozen=True)
class AboutCharacter:
    """A button about a character."""

    character: str


class CharacterChosen(AboutCharacter):
    """From now on this character speaks."""


class RenameAsked(AboutCharacter):
    """This character gets a new name, which comes next."""


class DropAsked(AboutCharacter):
    """This character may go."""


class DropConfirmed(AboutCharacter):
    """Yes, this character goes."""


@dataclass(frozen=True)
class FeelingChosen:
    """From now on this character looks so while it speaks."""

    feeling: str
    character: str


@dataclass(frozen=True)
class AboutJob:
    """A button about a job."""

    job: str


class CancelPressed(AboutJob):
    """Cancel this job."""


class ResultAsked(AboutJob):
    """Show what may not have reached me of this job."""


@dataclass(frozen=True)
class FileAsked:
    """Send me this file of a job's result."""

    name: str
    job: str


Owned = ShownTo | LanguageChosen | EffectChosen | BackgroundChosen
Pressed = Owned | AboutCharacter | AboutJob | StyleChosen | FeelingChosen | FileAsked
Sent = CommandGiven | TextReceived | PhotoReceived | VoiceReceived | Unreadable | Pressed


class Outcome:
    """What became of a wish, or what the engine has done."""


@dataclass(frozen=True)
class JobAccepted(Outcome):
    """Work is on its way; `position` jobs are served before."""

    kind: JobKind
    job: str
    position: int
    blob: str


@dataclass(frozen=True)
class JobRefused(Outcome):
    """A limit is reached; `reason` is a sentence's id."""

    kind: JobKind
    reason: str
    limit: int


@dataclass(frozen=True)
class JobsCancelled(Outcome):
    """So many jobs were cancelled; `others`: the one that was meant is somebody else's.

    `blobs`: the photos and voices of the cancelled jobs.
    """

    count: int
    others: bool = False
    blobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueueListed(Outcome):
    """Somebody's live jobs: (kind, id, position)."""

    jobs: tuple[tuple[JobKind, str, int], ...]


@dataclass(frozen=True)
class GalleryEntry:
    """A character in the gallery; `render` is its sticker, `file_id` what the platform calls that."""

    character: str
    name: str
    style: str
    render: str | None
    file_id: str | None = None


@dataclass(frozen=True)
class GalleryListed(Outcome):
    """Somebody's characters."""

    entries: tuple[GalleryEntry, ...]


@dataclass(frozen=True)
class CharacterFound(Outcome):
    """The character that an event was about, and what is to be said about it."""

    about: str  # "chosen", "rename", "drop", "renamed", "feels", "settings"
    character: str
    name: str
    feeling: str = Feeling.NEUTRAL


@dataclass(frozen=True)
class CharacterGone(Outcome):
    """A character was deleted; the active one is now `active`."""

    name: str
    active: str | None


@dataclass(frozen=True)
class PhotoGone(Outcome):
    """The photo that a button is about was deleted in the meantime; the one on hand may be another."""

    photo: str


@dataclass(frozen=True)
class NotYours(Outcome):
    """A button of somebody else, or about something that is gone."""


@dataclass(frozen=True)
class Forgotten(Outcome):
    """Everything about the person is deleted."""


@dataclass(frozen=True)
class OnItsWay(Outcome):
    """So many messages will be delivered (again)."""

    count: int


@dataclass(frozen=True)
class CharacterDrawn(Outcome):
    """A new character can speak."""

    character: str


@dataclass(frozen=True)
class PhotoUseful(Outcome):
    """The engine has drawn this photo in every style."""

    photo: str


@dataclass(frozen=True)
class PhotoUseless(Outcome):
    """The engine cannot draw this photo; why is told apart from this."""

    photo: str


@dataclass(frozen=True)
class BackgroundReady(Outcome):
    """The engine has made a background, kept as `picture`, of this photo."""

    photo: str
    picture: str


Event = Sent | Outcome
