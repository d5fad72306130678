"""Turns that several answers share: what to say next, questions and offers."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.conversation import NAME_LENGTH, Conversation, House, Turn
from bot.dialogue.events import (
    Agreed,
    Declined,
    DeleteConfirmed,
    GalleryAsked,
    HeldVoiceUsed,
    LanguageChosen,
    PhotoAsked,
    SettingsAsked,
    StyleChosen,
    StylesAsked,
)
from bot.dialogue.replies import Button, Reply, Said, button, say, word_button
from bot.sentences import LANGUAGES, sentence

Row = tuple[Button, ...]
JOINER = "\u200d"  # makes one emoji of several
ROW = 3  # buttons a row: style names fit at 390 px


def one(conversation: Conversation, *says: Said, buttons: tuple[Row, ...] = ()) -> Turn:
    """Answer by one message."""
    return Turn(conversation, (Reply(conversation.language, says, buttons),))


def next_step(conversation: Conversation) -> tuple[Said, ...]:
    """Say what leads on from here."""
    if not conversation.agreed:
        return (say("next-agree"),)
    if conversation.choosing:
        return (say("next-style"),)
    if conversation.drawing:
        return (say("next-wait"),)
    if conversation.character is not None:
        return (say("next-voice"),)
    return (say("next-photo"),)


def lead_on(conversation: Conversation, house: House, *before: Said, after: tuple[Said, ...] = ()) -> Turn:
    """Say what leads on from here; who has a style to choose gets the buttons again."""
    says = (*before, *next_step(conversation), *after)
    return one(conversation, *says, buttons=style_buttons(conversation, house))


def style_buttons(conversation: Conversation, house: House, photo: str | None = None) -> tuple[Row, ...]:
    """Offer a button a style for `photo`, by default for the one that waits for its style, if one does."""
    photo = photo or (conversation.photo if conversation.choosing and conversation.agreed else None)
    if photo is None:
        return ()
    language = conversation.language
    buttons = [
        word_button(f"{number}. {house.style_name(style.id, language)}", StyleChosen(style.id, photo))
        for number, style in enumerate(house.styles, start=1)
    ]
    return rows(buttons)


def rows(buttons: Sequence[Button], width: int = ROW) -> tuple[Row, ...]:
    """Put buttons in rows."""
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))


def privacy(house: House) -> Said:
    """Say what is kept for how long."""
    return say("privacy", photo_hours=house.photo_hours, render_days=house.render_days)


def ask_consent(conversation: Conversation, house: House, *before: Said) -> Turn:
    """Ask for consent, having said what is kept."""
    agree = button(conversation.language, "agree-button", Agreed(conversation.person))
    return one(conversation, *before, privacy(house), say("consent-question"), buttons=((agree,),))


def welcome(conversation: Conversation, house: House) -> Turn:
    """Greet: a newcomer hears what this is and is asked for consent."""
    if not conversation.agreed:
        return ask_consent(conversation, house, say("welcome"))
    return lead_on(conversation, house, say("welcome-back"))


def offer_languages(conversation: Conversation) -> Turn:
    """Offer the languages, each by its own name."""
    person = conversation.person
    row = tuple(
        word_button(sentence("language-name", lang), LanguageChosen(lang, person)) for lang in LANGUAGES
    )
    return one(conversation, say("language-question"), buttons=(row,))


def ask_forgetting(conversation: Conversation) -> Turn:
    """Ask once before everything is deleted."""
    language, person = conversation.language, conversation.person
    yes = button(language, "delete-button", DeleteConfirmed(person))
    no = button(language, "keep-button", Declined(person))
    return one(replace(conversation, asked="forget"), say("delete-question"), buttons=((yes,), (no,)))


def offer_own_character(conversation: Conversation) -> Turn:
    """A voice came while a new photo waits for its style: which character is to say it?"""
    use = button(conversation.language, "use-character-button", HeldVoiceUsed(conversation.person))
    return one(conversation, say("voice-held-choice"), buttons=((use,),))


def after_sticker(conversation: Conversation) -> tuple[Row, ...]:
    """Offer what one may want after a sticker or a talk."""
    language, person = conversation.language, conversation.person
    again = button(language, "another-style-button", StylesAsked(person))
    photo = button(language, "new-photo-button", PhotoAsked(person))
    gallery = button(language, "gallery-button", GalleryAsked(person))
    settings = button(language, "settings-button", SettingsAsked(person))
    return ((again, photo), (gallery, settings))


def settings_again(conversation: Conversation) -> tuple[Row, ...]:
    """Offer the other settings."""
    return ((button(conversation.language, "settings-button", SettingsAsked(conversation.person)),),)


def name_of(text: str) -> str:
    """Make a character's name of what somebody typed: one line, nothing invisible, not too long."""
    visible = "".join(c for c in text if not unicodedata.category(c).startswith("C") or c in "\n\t" + JOINER)
    return re.sub(r"\s+", " ", visible).strip(JOINER + " ")[:NAME_LENGTH].strip(JOINER + " ")
