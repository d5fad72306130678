"""What comes too late is not used: voices that waited too long, pictures that are not wanted any more."""

from dataclasses import replace

from bot.dialogue import Conversation, House, Style, answer
from bot.dialogue.conversation import HOLD_SECONDS, WantTalk
from bot.dialogue.events import BackgroundChosen, BackgroundReady, HeldVoiceUsed

HOUSE = House((Style("webtoon", {"en": "Webtoon", "ko": "웹툰"}),))
NOW = 1_000.0
ANN = Conversation("ann", "en", consent=1, character="c")


def test_a_voice_that_has_waited_too_long_is_not_said():
    held = replace(ANN, voice="v", voice_at=NOW)
    assert answer(held, HeldVoiceUsed("ann"), HOUSE, NOW).wishes == (WantTalk("v"),)
    assert answer(held, HeldVoiceUsed("ann"), HOUSE, NOW + HOLD_SECONDS + 1).wishes == ()


def test_a_picture_does_not_replace_the_colour_that_was_chosen_meanwhile():
    waiting, ready = replace(ANN, next_picture="photo"), BackgroundReady("photo", "picture")
    assert answer(waiting, ready, HOUSE, NOW).conversation.picture == "picture"
    chosen = answer(waiting, BackgroundChosen("mint", "ann"), HOUSE, NOW).conversation
    assert answer(chosen, ready, HOUSE, NOW).conversation == chosen
