"""Events: what a person does, and what became of a wish.

Every button carries `v1:<action>[.<argument>]:<id>`, at most 64 bytes. The id names what the button is about
(a photo, a job, a character) or, where it is about nothing, the person whom it was shown to, so that a button
pressed by somebody else is always noticed. Whose a thing is, is checked in service.py.
"""

from dataclasses import dataclass

from bot.kinds import Feeling, JobKind
from storage.ids import ID_LENGTH

VERSION = "v1"


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


# Buttons about nothing in particular: `owner` is the person they were shown to.


@dataclass(frozen=True)
class Agreed:
    """Consent is given."""

    owner: str


@dataclass(frozen=True)
class LanguageChosen:
    """A language is chosen."""

    language: str
    owner: str


@dataclass(frozen=True)
class StylesAsked:
    """Another style for the photo on hand."""

    owner: str


@dataclass(frozen=True)
class PhotoAsked:
    """A new photo is to come."""

    owner: str


@dataclass(frozen=True)
class GalleryAsked:
    """Show my characters."""

    owner: str


@dataclass(frozen=True)
class FeelingAsked:
    """How may my character look while it speaks?"""

    owner: str


@dataclass(frozen=True)
class SettingsAsked:
    """How do my talks look and sound?"""

    owner: str


@dataclass(frozen=True)
class EffectAsked:
    """What may be done with my voice?"""

    owner: str


@dataclass(frozen=True)
class BackgroundAsked:
    """What may lie behind my character?"""

    owner: str


@dataclass(frozen=True)
class PictureAsked:
    """A picture of my own is to lie behind my character; it comes next."""

    owner: str


@dataclass(frozen=True)
class CaptionAsked:
    """My next talk gets words, which come next."""

    owner: str


@dataclass(frozen=True)
class CaptionDropped:
    """My next talk gets no words after all."""

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


@dataclass(frozen=True)
class HeldVoiceUsed:
    """Let the character that I have say what I sent."""

    owner: str


@dataclass(frozen=True)
class DeleteConfirmed:
    """Yes, forget me."""

    owner: str


@dataclass(frozen=True)
class Declined:
    """No, keep it."""

    owner: str


# Buttons about something.


@dataclass(frozen=True)
class StyleChosen:
    """Draw this photo in this style."""

    style: str
    photo: str


@dataclass(frozen=True)
class FeelingChosen:
    """From now on this character looks so while it speaks."""

    feeling: str
    character: str


@dataclass(frozen=True)
class CharacterChosen:
    """From now on this character speaks."""

    character: str


@dataclass(frozen=True)
class RenameAsked:
    """This character gets a new name, which comes next."""

    character: str


@dataclass(frozen=True)
class DropAsked:
    """This character may go."""

    character: str


@dataclass(frozen=True)
class DropConfirmed:
    """Yes, this character goes."""

    character: str


@dataclass(frozen=True)
class CancelPressed:
    """Cancel this job."""

    job: str


@dataclass(frozen=True)
class ResultAsked:
    """Show what may not have reached me of this job."""

    job: str


@dataclass(frozen=True)
class FileAsked:
    """Send me this file of a job's result."""

    name: str
    job: str


# What became of a wish, and what the engine has done.


@dataclass(frozen=True)
class JobAccepted:
    """Work is on its way; `position` jobs are served before."""

    kind: JobKind
    job: str
    position: int
    blob: str


@dataclass(frozen=True)
class JobRefused:
    """A limit is reached; `reason` is a sentence's id."""

    kind: JobKind
    reason: str
    limit: int


@dataclass(frozen=True)
class JobsCancelled:
    """So many jobs were cancelled; `others`: the one that was meant is somebody else's.

    `blobs`: the photos and voices of the cancelled jobs.
    """

    count: int
    others: bool = False
    blobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueueListed:
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
class GalleryListed:
    """Somebody's characters."""

    entries: tuple[GalleryEntry, ...]


@dataclass(frozen=True)
class CharacterFound:
    """The character that an event was about, and what is to be said about it."""

    about: str  # "chosen", "rename", "drop", "renamed", "feels", "settings"
    character: str
    name: str
    feeling: str = Feeling.NEUTRAL


@dataclass(frozen=True)
class CharacterGone:
    """A character was deleted; the active one is now `active`."""

    name: str
    active: str | None


@dataclass(frozen=True)
class PhotoGone:
    """The photo that a button is about was deleted in the meantime; the one on hand may be another."""

    photo: str


@dataclass(frozen=True)
class NotYours:
    """A button of somebody else, or about something that is gone."""


@dataclass(frozen=True)
class Forgotten:
    """Everything about the person is deleted."""


@dataclass(frozen=True)
class OnItsWay:
    """So many messages will be delivered (again)."""

    count: int


@dataclass(frozen=True)
class CharacterDrawn:
    """A new character can speak."""

    character: str


@dataclass(frozen=True)
class PhotoUseful:
    """The engine has drawn this photo in every style."""

    photo: str


@dataclass(frozen=True)
class PhotoUseless:
    """The engine cannot draw this photo; why is told apart from this."""

    photo: str


@dataclass(frozen=True)
class BackgroundReady:
    """The engine has made a background, kept as `picture`, of this photo."""

    photo: str
    picture: str


Owned = (
    Agreed
    | LanguageChosen
    | StylesAsked
    | PhotoAsked
    | GalleryAsked
    | FeelingAsked
    | SettingsAsked
    | EffectAsked
    | BackgroundAsked
    | PictureAsked
    | CaptionAsked
    | CaptionDropped
    | EffectChosen
    | BackgroundChosen
    | HeldVoiceUsed
    | DeleteConfirmed
    | Declined
)
Pressed = (
    Owned
    | StyleChosen
    | FeelingChosen
    | CharacterChosen
    | RenameAsked
    | DropAsked
    | DropConfirmed
    | CancelPressed
    | ResultAsked
    | FileAsked
)
Sent = CommandGiven | TextReceived | PhotoReceived | VoiceReceived | Unreadable | Pressed
Outcome = (
    JobAccepted
    | JobRefused
    | JobsCancelled
    | QueueListed
    | GalleryListed
    | CharacterFound
    | CharacterGone
    | PhotoGone
    | NotYours
    | Forgotten
    | OnItsWay
    | CharacterDrawn
    | PhotoUseful
    | PhotoUseless
    | BackgroundReady
)
Event = Sent | Outcome

_PLAIN: dict[str, type[Pressed]] = {
    "agree": Agreed,
    "restyle": StylesAsked,
    "photo": PhotoAsked,
    "gallery": GalleryAsked,
    "feel": FeelingAsked,
    "settings": SettingsAsked,
    "effects": EffectAsked,
    "grounds": BackgroundAsked,
    "picture": PictureAsked,
    "caption": CaptionAsked,
    "nocaption": CaptionDropped,
    "speak": HeldVoiceUsed,
    "forget": DeleteConfirmed,
    "keep": Declined,
    "use": CharacterChosen,
    "name": RenameAsked,
    "drop": DropAsked,
    "dropped": DropConfirmed,
    "cancel": CancelPressed,
    "show": ResultAsked,
}
_WITH_ARGUMENT: dict[str, type[Pressed]] = {
    "lang": LanguageChosen,
    "style": StyleChosen,
    "felt": FeelingChosen,
    "effect": EffectChosen,
    "ground": BackgroundChosen,
    "file": FileAsked,
}
_ACTIONS = {kind: action for action, kind in (_PLAIN | _WITH_ARGUMENT).items()}


def data_of(event: Pressed) -> str:
    """Write a button's data."""
    action = _ACTIONS[type(event)]
    *arguments, about = vars(event).values()
    return ":".join((VERSION, ".".join((action, *arguments)), about))


def event_of(data: str) -> Pressed | Unreadable:
    """Read a button's data; it may come from anybody and be anything."""
    version, _, rest = data.partition(":")
    words, _, about = rest.rpartition(":")
    action, _, argument = words.partition(".")
    if version != VERSION or len(about) != ID_LENGTH:
        return Unreadable()
    if not argument and action in _PLAIN:
        return _PLAIN[action](about)  # type: ignore[call-arg]
    if argument and action in _WITH_ARGUMENT:
        return _WITH_ARGUMENT[action](argument, about)  # type: ignore[call-arg]
    return Unreadable()
