"""What follows from every event in every state.

Before consent nothing is kept and nothing drawn: the only ways on are to agree, to read, and to choose a
language. After it, whatever is sent leads on by the shortest way to a talking character.
"""

from dataclasses import replace

from bot.dialogue import looks, outcomes, ways
from bot.dialogue.conversation import (
    CONSENT_VERSION,
    Conversation,
    House,
    Turn,
    WantCancel,
    WantCharacter,
    WantDrawing,
    WantFile,
    WantForgetting,
    WantGallery,
    WantPreview,
    WantQueue,
    WantResult,
    WantTalk,
)
from bot.dialogue.events import (
    AboutCharacter,
    Agreed,
    CancelPressed,
    CharacterChosen,
    CommandGiven,
    Declined,
    DeleteConfirmed,
    DropAsked,
    DropConfirmed,
    Event,
    FeelingChosen,
    FileAsked,
    GalleryAsked,
    HeldVoiceUsed,
    LanguageChosen,
    Outcome,
    PhotoAsked,
    PhotoReceived,
    RenameAsked,
    ResultAsked,
    StyleChosen,
    StylesAsked,
    TextReceived,
    Unreadable,
    VoiceReceived,
)
from bot.dialogue.replies import say
from bot.kinds import Feeling
from bot.sentences import LANGUAGES

LINKS = ("help", "language", "characters", "queue", "privacy", "style")  # commands that a link may lead to


def keeps_media(conversation: Conversation) -> bool:
    """Say whether a photo or voice that comes now may be kept at all."""
    return conversation.agreed


def speaks_at_once(conversation: Conversation, now: float) -> bool:
    """Say whether a voice that comes now is said at once by the character that is there."""
    chosen = conversation.character is not None and not conversation.is_choosing(now)
    return conversation.agreed and chosen and not conversation.drawing


def answer(conversation: Conversation, event: Event, house: House, now: float) -> Turn:
    """Answer an event: what is said, what is wished for, where the conversation stands then."""
    conversation = _forget_stale(conversation, now)
    event = _where_a_link_leads(conversation, event)
    always = _answer_always(conversation, event, house)
    if always is not None:
        return always
    if not conversation.agreed and isinstance(event, TextReceived):
        return ways.welcome(conversation, house)  # not everybody begins with a command
    if not conversation.agreed and not isinstance(event, Outcome):
        return ways.ask_consent(conversation, house)
    return _answer_agreed(conversation, event, house, now)


def _where_a_link_leads(conversation: Conversation, event: Event) -> Event:
    """Follow a link that opened the bot at one of LINKS; newcomers are greeted first."""
    match event:
        case CommandGiven("start", argument) if argument in LINKS and conversation.agreed:
            return CommandGiven(argument)
    return event


def _forget_stale(conversation: Conversation, now: float) -> Conversation:
    """Let go of a voice and a choice that have waited too long."""
    if conversation.voice is not None and not conversation.holds_voice(now):
        conversation = replace(conversation, voice=None, voice_at=None)
    if conversation.choosing and not conversation.is_choosing(now):
        conversation = replace(conversation, choosing=False)
    return conversation


def _answer_always(  # noqa: PLR0911 one case an event
    conversation: Conversation, event: Event, house: House
) -> Turn | None:
    """Answer what needs no consent."""
    match event:
        case CommandGiven("start"):
            return ways.welcome(conversation, house)
        case CommandGiven("help"):
            return ways.one(conversation, say("help"))
        case CommandGiven("privacy"):
            return ways.one(conversation, ways.privacy(house), say("privacy-how-to-delete"))
        case CommandGiven("language"):
            return ways.offer_languages(conversation)
        case LanguageChosen(language) if language in LANGUAGES:
            spoken = replace(conversation, language=language, language_chosen=True)
            return ways.lead_on(spoken, house, say("language-set"))
        case CommandGiven("delete"):
            return ways.ask_forgetting(conversation)
        case DeleteConfirmed():
            if conversation.asked != "forget":
                return ways.ask_forgetting(conversation)
            return Turn(replace(conversation, asked=None), wishes=(WantForgetting(),))
        case Declined():
            return ways.lead_on(replace(conversation, asked=None), house, say("kept"))
        case Agreed():
            agreed = replace(conversation, consent=CONSENT_VERSION, asked=None)
            return ways.lead_on(agreed, house, say("consent-thanks"))
        case CancelPressed(job):
            return Turn(conversation, wishes=(WantCancel(job),))
    return None


def _answer_agreed(  # noqa: PLR0911, PLR0912 one case an event
    conversation: Conversation, event: Event, house: House, now: float
) -> Turn:
    """Answer somebody who has agreed."""
    asked, conversation = conversation.asked, replace(conversation, asked=None)
    if looks.is_about_looks(event):
        return looks.answer_look(conversation, event)
    match event:
        case PhotoReceived(photo, _) if asked == looks.PICTURE:
            return looks.take_picture(conversation, photo)
        case PhotoReceived(photo, others):
            together = replace(conversation, others=others)
            count = len(others) + 1
            words = ways.one(together, say("album", count=count)).replies if others else ()
            return Turn(together, words, (WantPreview(photo),))
        case VoiceReceived(voice):
            return _voice(conversation, voice, house, now)
        case StyleChosen(style, photo) if any(s.id == style for s in house.styles):
            return Turn(conversation, wishes=(WantDrawing(photo, style),))
        case StyleChosen() | LanguageChosen():  # a style or a language that there is not
            return ways.lead_on(conversation, house, say("old-button"))
        case HeldVoiceUsed():
            return _speak_held(replace(conversation, choosing=False))
        case TextReceived(text):
            return _text(conversation, asked, text, house)
        case CommandGiven("cancel") if asked in (looks.CAPTION, looks.PICTURE):
            return looks.leave_question(conversation)
        case CommandGiven() | StylesAsked() | PhotoAsked() | GalleryAsked():
            return _command(conversation, event)
        case AboutCharacter() | FeelingChosen():
            return _character(conversation, event)
        case ResultAsked(job):
            return Turn(conversation, wishes=(WantResult(job),))
        case FileAsked(name, job):
            return Turn(conversation, wishes=(WantFile(name, job),))
        case Unreadable():
            return ways.lead_on(conversation, house, say("unreadable"))
    return outcomes.answer_outcome(replace(conversation, asked=asked), event, house, now)


def _voice(conversation: Conversation, voice: str, house: House, now: float) -> Turn:
    """Let the character say it; without one, or while a new one is on its way, hold the voice."""
    if speaks_at_once(conversation, now):
        return Turn(conversation, wishes=(WantTalk(voice),))
    waits_for_style = conversation.is_choosing(now)
    held = replace(conversation, voice=voice, voice_at=now)
    if conversation.drawing:
        return ways.one(held, say("voice-held-drawing"))
    if waits_for_style and conversation.character is not None:
        return ways.offer_own_character(held)
    word = say("voice-held-style" if waits_for_style else "voice-held-photo")
    return ways.one(held, word, buttons=ways.style_buttons(held, house))


def _speak_held(conversation: Conversation) -> Turn:
    """Let the character say the voice on hand."""
    if conversation.voice is None or conversation.character is None:
        return ways.one(conversation, say("voice-gone"), *ways.next_step(conversation))
    wish = WantTalk(conversation.voice)
    return Turn(replace(conversation, voice=None, voice_at=None), wishes=(wish,))


def _text(conversation: Conversation, asked: str | None, text: str, house: House) -> Turn:
    """Take words as the answer to a question, else say what can be done."""
    question, _, about = (asked or "").partition(" ")
    if question == "rename":
        name = ways.name_of(text)
        if not name:
            return ways.one(replace(conversation, asked=asked), say("name-empty"))
        return Turn(conversation, wishes=(WantCharacter("renamed", about, name),))
    if question == looks.CAPTION:
        return looks.take_caption(conversation, text)
    return ways.lead_on(conversation, house, after=(say("help-hint"),))


def _command(conversation: Conversation, event: Event) -> Turn:  # noqa: PLR0911 one case an event
    """Answer commands, and buttons that do the same."""
    match event:
        case CommandGiven("style") | StylesAsked():
            if conversation.photo is None:
                return ways.one(conversation, say("photo-gone"))
            return Turn(conversation, wishes=(WantPreview(conversation.photo),))
        case PhotoAsked():
            return ways.one(conversation, say("next-photo"))
        case CommandGiven("characters") | GalleryAsked():
            return Turn(conversation, wishes=(WantGallery(),))
        case CommandGiven("queue"):
            return Turn(conversation, wishes=(WantQueue(),))
        case CommandGiven("cancel"):
            idle = replace(conversation, voice=None, voice_at=None, choosing=False, others=())
            return Turn(idle, wishes=(WantCancel(None),))
    return ways.one(conversation, say("unknown-command"), say("help-hint"))


def _character(conversation: Conversation, event: AboutCharacter | FeelingChosen) -> Turn:
    """Ask for the character that a button is about."""
    match event:
        case CharacterChosen(character):
            return Turn(conversation, wishes=(WantCharacter("chosen", character),))
        case RenameAsked(character):
            return Turn(conversation, wishes=(WantCharacter("rename", character),))
        case DropAsked(character):
            return Turn(conversation, wishes=(WantCharacter("drop", character),))
        case DropConfirmed(character):
            return Turn(conversation, wishes=(WantCharacter("dropped", character),))
        case FeelingChosen(feeling, character) if feeling in set(Feeling):
            return Turn(conversation, wishes=(WantCharacter("feels", character, feeling=feeling),))
        case FeelingChosen():
            return ways.one(conversation, say("old-button"), *ways.next_step(conversation))
    raise TypeError(f"not about a character: {event}")
