"""Buttons: what comes back is what was meant; anything else is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.buttons import ACTIONS, data_of, event_of
from bot.dialogue.events import Pressed, Unreadable
from storage.ids import new_id


@pytest.mark.parametrize("kind", list(ACTIONS), ids=lambda kind: kind.__name__)
def test_every_button_comes_back_as_it_was_meant(kind: type[Pressed]):
    arguments = ["talk.mp4"] * (len(kind.__dataclass_fields__) - 1)
    event = kind(*arguments, new_id())
    assert event_of(data_of(event)) == event
    assert len(data_of(event).encode()) <= 64


@given(st.text(max_size=80) | st.from_regex(r"v1:[a-z]{1,8}(\.[a-z.0-9]{0,20})?:.{22}", fullmatch=True))
def test_anything_else_is_unreadable_or_a_valid_button(data: str):
    event = event_of(data)
    assert isinstance(event, Unreadable) or data_of(event) == data
