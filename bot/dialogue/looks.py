"""How one's talks look and sound: the feeling of a character, and effect, background and caption of a person.

Effect and background stay until they are changed; a caption belongs to the next talk only.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue import ways
from bot.dialogue.conversation import CAPTION_LENGTH, Conversation, Turn, WantBackground, WantCharacter
from bot.dialogue.events import (
    BackgroundAsked,
    BackgroundChosen,
    BackgroundReady,
    CaptionAsked,
    CaptionDropped,
    CharacterFound,
    CommandGiven,
    EffectAsked,
    EffectChosen,
    Event,
    FeelingAsked,
    FeelingChosen,
    LooksAsked,
    PictureAsked,
    SettingsAsked,
)
from bot.dialogue.replies import Button, Said, button, say
from bot.kinds import Background, Effect, Feeling
from bot.sentences import sentence

COMMANDS = ("settings", "feeling", "effect", "background", "caption")
ALPHABETS = ("LATIN", "HANGUL", "GREEK", "CYRILLIC", "HIRAGANA", "KATAKANA", "CJK")  # that captions can show
CAPTION, PICTURE = "caption", "picture"  # questions that the next message answers


def is_about_looks(event: Event) -> bool:
    """Say whether `answer_look` answers an event."""
    if isinstance(event, CommandGiven):
        return event.name in COMMANDS
    return isinstance(event, LooksAsked | EffectChosen | BackgroundChosen)


def answer_look(conversation: Conversation, event: Event) -> Turn:  # noqa: PLR0911 one case an event
    """Answer what is about looks and sound."""
    person, language = conversation.person, conversation.language
    match event:
        case CommandGiven("settings") | SettingsAsked():
            if conversation.character is None:
                return _settings(conversation)
            return Turn(conversation, wishes=(WantCharacter("settings", conversation.character),))
        case CommandGiven("feeling") | FeelingAsked():
            if conversation.character is None:
                return ways.one(conversation, *ways.next_step(conversation))
            return _offer_feelings(conversation, conversation.character)
        case CommandGiven("effect") | EffectAsked():
            buttons = [
                button(language, f"effect-{effect}", EffectChosen(effect, person)) for effect in Effect
            ]
            return _offer(conversation, "effect-question", buttons)
        case EffectChosen(effect) if effect in set(Effect):
            chosen = replace(conversation, effect=Effect(effect))
            return _set(chosen, say("effect-set", effect=sentence(f"effect-{effect}", language)))
        case CommandGiven("background", "picture") | PictureAsked():
            return _ask(replace(conversation, asked=PICTURE), say("picture-question"))
        case CommandGiven("background") | BackgroundAsked():
            return _offer_backgrounds(conversation)
        case BackgroundChosen(colour) if colour in set(Background):
            plain = replace(conversation, background=Background(colour), picture=None, next_picture=None)
            return _set(plain, say("background-set", background=_background(plain)))
        case CommandGiven("caption", words) if words:
            return take_caption(conversation, words)
        case CommandGiven("caption") | CaptionAsked():
            question = say("caption-question", most=CAPTION_LENGTH)
            return _ask(replace(conversation, asked=CAPTION), question)
        case CaptionDropped():
            return _set(replace(conversation, caption=""), say("caption-dropped"))
    return ways.one(conversation, say("old-button"), *ways.next_step(conversation))


def answer_found(conversation: Conversation, found: CharacterFound) -> Turn:
    """Answer with what holds for a character: its feeling, new or among all settings."""
    feeling = sentence(f"feeling-{found.feeling}", conversation.language)
    if found.about == "settings":
        return _settings(conversation, say("settings-feeling", name=found.name, feeling=feeling))
    return _set(conversation, say("feeling-set", name=found.name, feeling=feeling))


def leave_question(conversation: Conversation) -> Turn:
    """Ask no more for words or a picture."""
    return _set(conversation, say("settings-kept"))


def take_picture(conversation: Conversation, photo: str) -> Turn:
    """Have a background made of a photo."""
    return Turn(conversation, wishes=(WantBackground(photo),))


def take_ready(conversation: Conversation, event: BackgroundReady) -> Turn:
    """A background is ready: it holds, unless something else was chosen in the meantime."""
    if conversation.next_picture != event.photo:
        return Turn(conversation)
    return Turn(replace(conversation, picture=event.picture, next_picture=None))


def take_caption(conversation: Conversation, text: str) -> Turn:
    """Take words for the next talk; the question stays open when they cannot be used."""
    words = _visible(text)
    if not words:
        return _ask(replace(conversation, asked=CAPTION), say("caption-empty"))
    if not any(map(_has_letter, words)):
        return _ask(replace(conversation, asked=CAPTION), say("caption-unreadable"))
    if len(words) > CAPTION_LENGTH:
        problem = say("caption-too-long", most=CAPTION_LENGTH, found=len(words))
        return _ask(replace(conversation, asked=CAPTION), problem)
    captioned = replace(conversation, caption=words)
    none = button(conversation.language, "caption-none-button", CaptionDropped(conversation.person))
    return _set(captioned, say("caption-set", caption=words), none)


def _has_letter(sign: str) -> bool:
    """Whether videos have a letter for it: emoji and alphabets that the font lacks have none."""
    if unicodedata.category(sign)[0] == "L":
        return unicodedata.name(sign, "").startswith(ALPHABETS)
    return unicodedata.category(sign)[0] in "NP"


def _visible(text: str) -> str:
    """One line of what can be seen."""
    return " ".join("".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C").split())


def _settings(conversation: Conversation, *feeling: Said) -> Turn:
    """Say what holds, with a button for each."""
    language, person = conversation.language, conversation.person
    effect = sentence(f"effect-{conversation.effect}", language)
    caption = conversation.caption or sentence("caption-none", language)
    says = (
        say("settings"),
        *feeling,
        say("settings-effect", effect=effect),
        say("settings-background", background=_background(conversation)),
        say("settings-caption", caption=caption),
    )
    buttons = [
        button(language, "effect-button", EffectAsked(person)),
        button(language, "background-button", BackgroundAsked(person)),
        button(language, "caption-button", CaptionAsked(person)),
    ]
    if feeling:
        buttons.insert(0, button(language, "feeling-button", FeelingAsked(person)))
    if conversation.caption:
        buttons.append(button(language, "caption-none-button", CaptionDropped(person)))
    return ways.one(conversation, *says, buttons=ways.rows(buttons, 2))


def _background(conversation: Conversation) -> str:
    own = conversation.picture or conversation.next_picture
    return sentence(
        "background-picture" if own else f"background-{conversation.background}", conversation.language
    )


def _offer_feelings(conversation: Conversation, character: str) -> Turn:
    language = conversation.language
    buttons = [
        button(language, f"feeling-{feeling}", FeelingChosen(feeling, character)) for feeling in Feeling
    ]
    return _offer(conversation, "feeling-question", buttons)


def _offer_backgrounds(conversation: Conversation) -> Turn:
    language, person = conversation.language, conversation.person
    buttons = [
        button(language, f"background-{colour}", BackgroundChosen(colour, person)) for colour in Background
    ]
    own = button(language, "background-own-button", PictureAsked(person))
    return _offer(conversation, "background-question", [*buttons, own])


def _offer(conversation: Conversation, question: str, buttons: Sequence[Button]) -> Turn:
    """Ask which it shall be."""
    back = (_back(conversation, "back-button"),)
    return ways.one(conversation, say(question), buttons=(*ways.rows(buttons), back))


def _ask(conversation: Conversation, question: Said) -> Turn:
    """Ask for something that comes as a message of its own; the button and /cancel leave it."""
    return ways.one(conversation, question, buttons=((_back(conversation, "back-button"),),))


def _set(conversation: Conversation, said: Said, *buttons: Button) -> Turn:
    """Say that something was chosen; the other settings are near."""
    row = (*buttons, _back(conversation, "settings-button"))
    return ways.one(conversation, said, buttons=(row,))


def _back(conversation: Conversation, label: str) -> Button:
    return button(conversation.language, label, SettingsAsked(conversation.person))
