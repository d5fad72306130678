"""What Discord limits: sizes of files, options of selects, requests that it refuses; and what is logged."""

import logging
from pathlib import Path

import pytest

from bot.dialogue import House, Reply, Style
from bot.dialogue.conversation import Conversation
from bot.dialogue.replies import Media, say
from bot.dialogue.ways import style_buttons
from bot.frontends.discord.cards import Card, File, card_of, cards_of
from bot.frontends.discord.connection import NothingPrivate
from bot.frontends.discord.controls import view_of
from bot.frontends.discord.invalid import WINDOW, InvalidRequests
from bot.frontends.discord.names import name_in_dialogue
from bot.frontends.discord.places import Kind, Place
from bot.frontends.discord.post import fit
from storage.ids import new_id
from tests.engine.media.test_shrink import noisy_video


async def test_a_video_is_made_to_fit_and_what_cannot_is_explained(tmp_path: Path):
    video = File("talk.mp4", noisy_video(tmp_path / "talk.mp4"), "a video")
    small, sticker = File("a.png", b"1", "a"), File("sticker.png", bytes(2_000_000), "a sticker")
    limit = len(video.content) * 2 // 3
    fitting = await fit(Card("Here", "en", files=(small, video)), limit)
    assert [file.name for file in fitting.files] == ["a.png", "talk.mp4"]
    assert max(len(file.content) for file in fitting.files) <= limit
    assert fitting.text == "Here"
    refused = await fit(Card("Here", "ko", files=(sticker,)), 2**20)
    assert refused.files == ()
    assert "1MB" in refused.text


def test_sixty_styles_are_three_selects():
    person, photo = new_id(), new_id()
    house = House(tuple(Style(f"s{n}", {"en": f"Style {n}", "ko": f"스타일 {n}"}) for n in range(60)))
    rows = style_buttons(Conversation(person, "en"), house, photo)
    card = card_of(Reply("en", (say("next-style"),), rows), None, direct=True)
    assert [len(choice.options) for choice in card.choices] == [25, 25, 10]
    view = view_of(card)
    assert view is not None
    assert len({item.custom_id for item in view.children}) == 3
    assert all(len(data) <= 100 for choice in card.choices for _, data in choice.options)


def test_a_single_reply_keeps_its_buttons():
    person = new_id()
    house = House((Style("a", {"en": "A"}),))
    reply = Reply("en", (say("kept"),), style_buttons(Conversation(person, "en"), house, new_id()))
    [card] = cards_of([(reply, None)], direct=True)
    assert [choice.options[0][0] for choice in card.choices] == ["1. A"]


def test_pictures_are_described():
    reply = Reply("ko", (say("sticker-done"),), (), Media("sticker.png", new_id()))
    [file] = card_of(reply, b"png", direct=True).files
    assert file.shows == "내 스티커"


def test_too_many_refused_requests_stop_everything_for_a_while():
    now = [0.0]
    invalid = InvalidRequests(most=3, clock=lambda: now[0])
    for status in (200, 404, 401, 403, 500):
        invalid.note(status)
    assert invalid.wait() == 0
    invalid.note(429)
    assert invalid.wait() == WINDOW
    now[0] = WINDOW
    assert invalid.wait() == 0


def test_an_address_fits_into_its_column():
    largest = 10**19 - 1
    place = Place(Kind.PRIVATE, largest, largest, largest)
    assert len(str(place)) <= 64
    assert Place.parse(str(place)) == place


def test_the_library_logs_nothing_private(caplog: pytest.LogCaptureFixture):
    logger = logging.getLogger("discord.http.test")
    private = NothingPrivate()
    logger.addFilter(private)
    token = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OTpzZWNyZXQ"  # noqa: S105
    logger.warning("429 for %s", f"https://discord.com/api/v10/webhooks/123456789012345678/{token}/messages")
    logger.removeFilter(private)
    assert "123456789012345678" not in caplog.text
    assert token not in caplog.text
    assert "429 for https://discord.com/api/v10/webhooks/" in caplog.text


def test_sentences_name_commands_as_discord_shows_them():
    """A Korean client has no /delete: there it is called /삭제, and typed so it means the same."""
    for language, shown in (("en", "/delete"), ("ko", "/삭제")):
        said = Reply(language, (say("privacy-how-to-delete"),))
        assert shown in card_of(said, None, direct=True).text
        assert name_in_dialogue(shown[1:]) == "delete"
    assert name_in_dialogue("gallery") == "characters"
    assert name_in_dialogue("cancel") == "cancel"
