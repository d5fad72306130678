"""Which photo is on hand: what is refused or cancelled changes only what it is about."""

from dataclasses import replace

from bot.dialogue import Conversation, House, Style, answer
from bot.dialogue.events import JobAccepted, JobRefused, JobsCancelled, PhotoReceived, PhotoUseless
from bot.kinds import JobKind
from bot.queue import Refusal

HOUSE = House((Style("webtoon", {"en": "Webtoon", "ko": "웹툰"}),))
NOW = 1_000.0
ANN = Conversation("ann", "en", consent=1, character="c", photo="old", photo_at=NOW, choosing=True)


def test_photos_that_were_refused_are_not_tried_later():
    asked = answer(ANN, PhotoReceived("new", ("other",)), HOUSE, NOW).conversation
    refused = answer(asked, JobRefused(JobKind.PREVIEW, Refusal.WAITING, 3), HOUSE, NOW).conversation
    assert (refused.photo, refused.others) == ("old", ())
    assert answer(refused, PhotoUseless("old"), HOUSE, NOW).wishes == ()


def test_cancelling_a_talk_leaves_the_choice_of_a_style_open():
    def choosing_after(*cancelled: str) -> bool:
        event = JobsCancelled(len(cancelled), blobs=cancelled)
        return answer(ANN, event, HOUSE, NOW).conversation.choosing

    assert choosing_after("a voice")
    assert choosing_after(), "an old button of something that has ended"
    assert not choosing_after("old")


def test_a_cancelled_photo_takes_those_sent_with_it_along():
    asked = answer(ANN, PhotoReceived("new", ("other",)), HOUSE, NOW).conversation
    looked_at = answer(asked, JobAccepted(JobKind.PREVIEW, "j", 0, "new"), HOUSE, NOW).conversation
    assert replace(looked_at, photo_at=None) == replace(ANN, photo="new", photo_at=None, others=("other",))
    assert answer(looked_at, JobsCancelled(1, blobs=("new",)), HOUSE, NOW).conversation.others == ()
