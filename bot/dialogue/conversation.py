"""The conversation's state, what the dialogue may wish for, and the house rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.dialogue.replies import Reply
from bot.kinds import Background, Effect, Feeling

CONSENT_VERSION = 1  # raised when what people agreed to changes: everybody is asked again
HOLD_SECONDS = 600.0  # a voice waits so long for a character, a new photo for its style
NAME_LENGTH = 40  # characters of a character's name
CAPTION_LENGTH = 600  # characters; what the engine takes


@dataclass(frozen=True)
class Conversation:
    """Where the conversation with somebody stands.

    Attributes
    ----------
    person : their id
    consent : version they agreed to; 0: none
    character : the one that speaks
    photo, photo_at : photo on hand, and when it came
    others : photos that were sent together with it, tried in turn while none shows a face
    choosing : the photo is new and waits for a style
    voice, voice_at : voice that waits for a character
    asked : the question that the next message answers: "rename <character>", "forget", "caption", "picture"
    effect, background : of every talk from now on
    picture, next_picture : lies behind the character instead of a colour; one that is being made ready
    caption : words of the next talk
    drawing : a character is being drawn (known from the jobs, not kept)
    """

    person: str
    language: str
    language_chosen: bool = False
    consent: int = 0
    character: str | None = None
    photo: str | None = None
    photo_at: float | None = None
    others: tuple[str, ...] = ()
    choosing: bool = False
    voice: str | None = None
    voice_at: float | None = None
    asked: str | None = None
    effect: Effect = Effect.NONE
    background: Background = Background.WARM
    picture: str | None = None
    next_picture: str | None = None
    caption: str = ""
    drawing: bool = False

    @property
    def agreed(self) -> bool:
        """Whether they agreed to what holds now."""
        return self.consent >= CONSENT_VERSION

    def holds_voice(self, now: float) -> bool:
        """Whether a voice waits that is not too old."""
        return self.voice is not None and self.voice_at is not None and now - self.voice_at <= HOLD_SECONDS

    def is_choosing(self, now: float) -> bool:
        """Whether a new photo waits for its style, not too long yet."""
        fresh = self.photo_at is not None and now - self.photo_at <= HOLD_SECONDS
        return self.choosing and self.photo is not None and fresh


@dataclass(frozen=True)
class Style:
    """A style that people can pick: id, and its names by language."""

    id: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class House:
    """What holds for everybody: the styles that are offered now, and how long things are kept."""

    styles: Sequence[Style]
    photo_hours: int = 24
    render_days: int = 7

    def style_name(self, style: str, language: str) -> str:
        """Name a style; one that is gone is named by its id."""
        return next((s.names.get(language, s.id) for s in self.styles if s.id == style), style)


# Wishes: what the dialogue wants done. service.py does it and answers by an event.


@dataclass(frozen=True)
class WantPreview:
    """One's own face in every style."""

    photo: str


@dataclass(frozen=True)
class WantDrawing:
    """A character."""

    photo: str
    style: str


@dataclass(frozen=True)
class WantTalk:
    """A talk of the active character."""

    voice: str


@dataclass(frozen=True)
class WantBackground:
    """A background made of a photo."""

    photo: str


@dataclass(frozen=True)
class WantCancel:
    """Cancel a job; None: all of the person's."""

    job: str | None


@dataclass(frozen=True)
class WantQueue:
    """List the person's live jobs."""


@dataclass(frozen=True)
class WantGallery:
    """List the person's characters."""


@dataclass(frozen=True)
class WantCharacter:
    """Find a character of the person and do what `about` says.

    `about`: chosen, rename, drop, renamed (to `name`), dropped, feels (`feeling`, from now on),
    settings (to show them).
    """

    about: str
    character: str
    name: str = ""
    feeling: str = Feeling.NEUTRAL


@dataclass(frozen=True)
class WantForgetting:
    """Delete everything about the person."""


@dataclass(frozen=True)
class WantResult:
    """Deliver what is unclear of a job."""

    job: str


@dataclass(frozen=True)
class WantFile:
    """Deliver one more file of a job's result."""

    name: str
    job: str


Wish = (
    WantPreview
    | WantDrawing
    | WantTalk
    | WantBackground
    | WantCancel
    | WantQueue
    | WantGallery
    | WantCharacter
    | WantForgetting
    | WantResult
    | WantFile
)


@dataclass(frozen=True)
class Turn:
    """What follows from an event."""

    conversation: Conversation
    replies: tuple[Reply, ...] = ()
    wishes: tuple[Wish, ...] = ()
