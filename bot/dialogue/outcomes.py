"""What is said when a wish is fulfilled or refused, and when the engine has drawn a character."""

from dataclasses import replace

from bot.dialogue import looks, ways
from bot.dialogue.conversation import Conversation, House, Turn, WantPreview, WantTalk
from bot.dialogue.events import (
    BackgroundReady,
    CancelPressed,
    CharacterChosen,
    CharacterDrawn,
    CharacterFound,
    CharacterGone,
    Declined,
    DropAsked,
    DropConfirmed,
    Event,
    Forgotten,
    GalleryEntry,
    GalleryListed,
    JobAccepted,
    JobRefused,
    JobsCancelled,
    NotYours,
    OnItsWay,
    PhotoGone,
    PhotoUseful,
    PhotoUseless,
    QueueListed,
    RenameAsked,
)
from bot.dialogue.replies import Media, Reply, Said, button, say
from bot.kinds import JobKind


def answer_outcome(  # noqa: PLR0911, PLR0912 one case an event
    conversation: Conversation, event: Event, house: House, now: float
) -> Turn:
    """Answer what became of a wish."""
    match event:
        case JobAccepted():
            return _accepted(conversation, event, now)
        case JobRefused(kind, reason, limit):
            left = replace(conversation, others=()) if kind is JobKind.PREVIEW else conversation
            return ways.one(left, say(reason, limit=limit))
        case JobsCancelled():
            return _cancelled(conversation, event)
        case PhotoUseful(photo):
            return Turn(replace(conversation, others=()) if conversation.photo == photo else conversation)
        case PhotoUseless(photo) if conversation.next_picture == photo:
            return Turn(replace(conversation, next_picture=None))
        case BackgroundReady():
            return looks.take_ready(conversation, event)
        case PhotoUseless(photo):
            return _next_photo(conversation) if conversation.photo == photo else Turn(conversation)
        case CharacterDrawn(character):
            return _drawn(conversation, character, now)
        case PhotoGone(photo):
            left = _without_photo(conversation) if conversation.photo == photo else conversation
            return ways.one(left, say("photo-gone"))
        case NotYours():
            return ways.one(conversation, say("old-button"), *ways.next_step(conversation))
        case Forgotten():
            return ways.one(conversation, say("forgotten"))
        case OnItsWay(count):
            return Turn(conversation) if count else ways.one(conversation, say("nothing-to-show"))
        case QueueListed():
            return _queue(conversation, event)
        case GalleryListed():
            return _gallery(conversation, event, house)
        case CharacterFound() | CharacterGone():
            return _character(conversation, event)
    raise TypeError(f"nobody answers {event}")


def _cancelled(conversation: Conversation, event: JobsCancelled) -> Turn:
    """Say what was cancelled; a photo that was to be looked at waits for no style any more."""
    if conversation.photo in event.blobs:
        conversation = replace(conversation, choosing=False, others=())
    if conversation.next_picture in event.blobs:
        conversation = replace(conversation, next_picture=None)
    word = "cancelled" if event.count else "not-yours" if event.others else "nothing-to-cancel"
    return ways.one(conversation, say(word))


def _without_photo(conversation: Conversation) -> Conversation:
    return replace(conversation, photo=None, photo_at=None, choosing=False)


def _next_photo(conversation: Conversation) -> Turn:
    """Try the next of the photos that were sent together, if there is one."""
    left = replace(_without_photo(conversation), others=conversation.others[1:])
    wishes = tuple(WantPreview(photo) for photo in conversation.others[:1])
    return Turn(left, wishes=wishes)


def _accepted(conversation: Conversation, event: JobAccepted, now: float) -> Turn:
    """Say that work is on its way; its progress is shown in this message."""
    language = conversation.language
    if event.kind is JobKind.PREVIEW:
        new = event.blob != conversation.photo
        at = now if new else conversation.photo_at
        choosing = conversation.choosing or new
        conversation = replace(conversation, photo=event.blob, photo_at=at, choosing=choosing)
    if event.kind is JobKind.DRAW:
        conversation = replace(conversation, choosing=False, drawing=True)
    if event.kind is JobKind.BACKGROUND:
        conversation = replace(conversation, next_picture=event.blob)
    if event.kind is JobKind.SPEAK:
        conversation = replace(conversation, caption="")  # this talk has it
    cancel = button(language, "cancel-button", CancelPressed(event.job))
    says = (say(f"accepted-{event.kind}"), ways_to_wait(event.position))
    return Turn(conversation, (Reply(language, says, ((cancel,),), job=event.job),))


def ways_to_wait(position: int) -> Said:
    """Say how many go before."""
    return say("waiting-next") if position == 0 else say("waiting-behind", ahead=position)


def _drawn(conversation: Conversation, character: str, now: float) -> Turn:
    """A character is there: it speaks the voice that waits, if one does."""
    conversation = replace(conversation, character=character, drawing=False)
    if not conversation.holds_voice(now) or conversation.voice is None:
        return Turn(conversation)
    return Turn(replace(conversation, voice=None, voice_at=None), wishes=(WantTalk(conversation.voice),))


def _queue(conversation: Conversation, event: QueueListed) -> Turn:
    if not event.jobs:
        return ways.one(conversation, say("queue-empty"), *ways.next_step(conversation))
    replies = []
    for kind, job, position in event.jobs:
        cancel = button(conversation.language, "cancel-button", CancelPressed(job))
        says = (say(f"accepted-{kind}"), ways_to_wait(position))
        replies.append(Reply(conversation.language, says, ((cancel,),), job=job))
    return Turn(conversation, tuple(replies))


def _gallery(conversation: Conversation, event: GalleryListed, house: House) -> Turn:
    if not event.entries:
        return ways.one(conversation, say("gallery-empty"), *ways.next_step(conversation))
    head = Reply(conversation.language, (say("gallery", count=len(event.entries)),))
    shown = tuple(_entry(conversation, entry, house) for entry in event.entries)
    return Turn(conversation, (head, *shown))


def _entry(conversation: Conversation, entry: GalleryEntry, house: House) -> Reply:
    """Show a character with what can be done with it."""
    language, about = conversation.language, entry.character
    style = house.style_name(entry.style, language)
    active = about == conversation.character
    use = () if active else (button(language, "choose-button", CharacterChosen(about)),)
    rename = button(language, "rename-button", RenameAsked(about))
    drop = button(language, "drop-button", DropAsked(about))
    name = entry.name if entry.name == style else f"{entry.name} ({style})"  # unnamed: called as its style
    said = say("gallery-active" if active else "gallery-entry", name=name)
    media = Media("sticker.webp", entry.render, entry.file_id) if entry.render else None
    return Reply(language, (said,), ((*use, rename, drop),), media)


def _character(conversation: Conversation, event: CharacterFound | CharacterGone) -> Turn:
    if isinstance(event, CharacterGone):
        left = replace(conversation, character=event.active)
        return ways.one(left, say("character-dropped", name=event.name), *ways.next_step(left))
    about, language = event.character, conversation.language
    match event.about:
        case "chosen":
            chosen = replace(conversation, character=about, choosing=False)
            return ways.one(chosen, say("character-chosen", name=event.name), *ways.next_step(chosen))
        case "rename":
            asked = replace(conversation, asked=f"rename {about}")
            return ways.one(asked, say("rename-question", name=event.name))
        case "renamed":
            return ways.one(conversation, say("character-renamed", name=event.name))
        case "feels" | "settings":
            return looks.answer_found(conversation, event)
        case "drop":
            yes = button(language, "drop-yes-button", DropConfirmed(about))
            no = button(language, "keep-button", Declined(conversation.person))
            return ways.one(conversation, say("drop-question", name=event.name), buttons=((yes,), (no,)))
    raise ValueError(f"nothing is said about a character that was {event.about}")
