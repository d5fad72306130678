"""Any sequence of events leaves a valid conversation and gets an answer that can be shown.

The wishes are fulfilled by a world that may say anything the service may say: accepted, refused, gone.
"""

from dataclasses import fields, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.dialogue import Conversation, Event, House, Reply, Style, answer
from bot.dialogue import conversation as wishes
from bot.dialogue import events as ev
from bot.dialogue.buttons import ACTIONS, data_of, event_of
from bot.dialogue.conversation import CAPTION_LENGTH, HOLD_SECONDS, NAME_LENGTH, Wish
from bot.kinds import JobKind
from bot.queue import Refusal
from bot.sentences import LANGUAGES
from storage.ids import ID_LENGTH

HOUSE = House(
    (Style("webtoon", {"en": "Webtoon", "ko": "웹툰"}), Style("pencil", {"en": "Pencil", "ko": "연필"}))
)
COMMANDS = (
    "start",
    "help",
    "language",
    "characters",
    "queue",
    "cancel",
    "privacy",
    "delete",
    "style",
    "settings",
    "feeling",
    "effect",
    "background",
    "caption",
    "x",
    "",
)
WORDS = ("ko", "webtoon", "happy", "echo", "night", "talk.mp4", "xx")  # of buttons
BEFORE_CONSENT = (wishes.WantCancel, wishes.WantForgetting)


class AnyConversation(RuleBasedStateMachine):
    """Somebody who does anything at any time."""

    @initialize(language=st.sampled_from(LANGUAGES))
    def meet(self, language: str) -> None:
        self.now, self.ids = 1_000.0, 0
        self.me = Conversation(self.new_id(), language)
        self.buttons: list[str] = []
        self.photos: set[str] = set()
        self.voices: dict[str, float] = {}  # when each was sent
        self.characters: dict[str, str] = {}
        self.drawings: list[str] = []
        self.backgrounds: list[str] = []  # photos of which one was asked for

    def new_id(self) -> str:
        """Make an id; the same ones in every run, else hypothesis cannot repeat what it has found."""
        self.ids += 1
        return f"{self.ids:0{ID_LENGTH}}"

    @rule(name=st.sampled_from(COMMANDS), data=st.data())
    def command(self, name: str, data: st.DataObject) -> None:
        self.do(ev.CommandGiven(name), data)

    @rule(words=st.text(max_size=20) | st.sampled_from(["picture", "가" * 700]), data=st.data())
    def caption(self, words: str, data: st.DataObject) -> None:
        self.do(ev.CommandGiven("caption", words), data)

    @rule(text=st.text(max_size=60) | st.just("word " * 200), data=st.data())
    def write(self, text: str, data: st.DataObject) -> None:
        self.do(ev.TextReceived(text), data)

    @rule(data=st.data())
    def send_photo(self, data: st.DataObject) -> None:
        self.do(ev.PhotoReceived(self.new_id()), data)

    @rule(others=st.integers(1, 9), data=st.data())
    def send_photos_together(self, others: int, data: st.DataObject) -> None:
        self.do(ev.PhotoReceived(self.new_id(), tuple(self.new_id() for _ in range(others))), data)

    @rule(data=st.data())
    def send_voice(self, data: st.DataObject) -> None:
        voice = self.new_id()
        self.voices[voice] = self.now
        self.do(ev.VoiceReceived(voice), data)

    @rule(data=st.data())
    def agree(self, data: st.DataObject) -> None:
        self.do(ev.Agreed(self.me.person), data)

    @rule(data=st.data())
    def press_anything_ever_shown(self, data: st.DataObject) -> None:
        if self.buttons:
            self.do(event_of(data.draw(st.sampled_from(self.buttons))), data)

    @rule(rubbish=st.text(max_size=64), data=st.data())
    def press_rubbish(self, rubbish: str, data: st.DataObject) -> None:
        self.do(event_of(rubbish), data)

    @rule(kind=st.sampled_from(list(ACTIONS)), word=st.sampled_from(WORDS), data=st.data())
    def press_a_button_of_ones_own_making(
        self, kind: type[ev.Pressed], word: str, data: st.DataObject
    ) -> None:
        argument = [word] * (len(fields(kind)) - 1)
        self.do(kind(*argument, self.me.person), data)

    @rule(style=st.sampled_from(["webtoon", "pencil", "gone"]), data=st.data())
    def choose_style(self, style: str, data: st.DataObject) -> None:
        photo = data.draw(st.sampled_from(sorted(self.photos) or [self.new_id()]))
        self.do(ev.StyleChosen(style, photo), data)

    @rule(data=st.data())
    def engine_draws(self, data: st.DataObject) -> None:
        if self.drawings:
            self.drawings.pop()
            character = self.new_id()
            self.characters[character] = "Me"
            before = self.me
            self.me = replace(self.me, drawing=False)
            replies = self.run_through(ev.CharacterDrawn(character), data)
            self.check_replies(replies)
            assert self.me.character == character
            if before.holds_voice(self.now):
                assert self.me.voice is None, "a voice that waited is used"
                assert replies

    @rule(useful=st.booleans(), data=st.data())
    def engine_has_looked_at_a_background(self, useful: bool, data: st.DataObject) -> None:
        """It holds, or the one before it does; one that is not wanted any more changes nothing."""
        if not self.backgrounds:
            return
        photo, picture, me = data.draw(st.sampled_from(self.backgrounds)), self.new_id(), self.me
        self.run_through(ev.BackgroundReady(photo, picture) if useful else ev.PhotoUseless(photo), data)
        late = (me.picture, me.next_picture)
        in_time = (picture if useful else me.picture, None)
        assert (self.me.picture, self.me.next_picture) == (in_time if photo == me.next_picture else late)

    @rule(data=st.data())
    def engine_finds_no_face(self, data: st.DataObject) -> None:
        """The photo goes; of several that were sent together the next is tried."""
        useless, others = self.me.photo, self.me.others
        if useless is None or useless == self.me.next_picture:
            return
        self.run_through(ev.PhotoUseless(useless), data)
        assert self.me.photo in (None, *others)
        assert self.me.others in (others[1:], ()), "the others go when the next one is refused"

    @rule(seconds=st.sampled_from([1.0, HOLD_SECONDS / 2, HOLD_SECONDS + 1]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    def do(self, event: Event, data: st.DataObject) -> None:
        """The person does something and has to get an answer."""
        asked, me = self.me.asked, self.me
        replies = self.run_through(event, data)
        self.check_replies(replies)
        delivered_later = isinstance(event, ev.ResultAsked | ev.FileAsked) or self.shown_later
        assert replies or delivered_later, f"no answer to {event}"
        if asked == "forget" and isinstance(event, ev.DeleteConfirmed):
            assert self.me.consent == 0
        if isinstance(event, ev.LanguageChosen) and event.language in LANGUAGES:
            assert (self.me.language, self.me.language_chosen) == (event.language, True)
        elif self.me.person == me.person:
            assert self.me.language == me.language

    def run_through(self, event: Event, data: st.DataObject) -> list[Reply]:
        replies: list[Reply] = []
        pending = [event]
        self.shown_later = False
        while pending:
            turn = answer(self.me, pending.pop(0), HOUSE, self.now)
            if not self.me.agreed and not turn.conversation.agreed:
                assert all(isinstance(wish, BEFORE_CONSENT) for wish in turn.wishes), turn.wishes
            self.me = turn.conversation
            replies.extend(turn.replies)
            pending.extend(self.outcome(wish, data) for wish in turn.wishes)
            assert len(replies) < 20, "an event does not go on for ever"
        return replies

    def outcome(self, wish: Wish, data: st.DataObject) -> Event:  # noqa: PLR0911 one case a wish
        """What the service may answer."""
        match wish:
            case wishes.WantPreview(photo):
                self.photos.add(photo)
                again = ev.OnItsWay(1) if photo == self.me.photo else ev.PhotoGone(photo)
                return self.show_later(data.draw(self.submitted(JobKind.PREVIEW, photo) | st.just(again)))
            case wishes.WantDrawing(photo, _):
                outcome = data.draw(self.submitted(JobKind.DRAW, photo) | st.just(ev.PhotoGone(photo)))
                if isinstance(outcome, ev.JobAccepted):
                    self.drawings.append(outcome.job)
                return outcome
            case wishes.WantTalk(voice):
                assert self.me.character is not None, "nothing speaks without a character"
                assert self.now - self.voices[voice] <= HOLD_SECONDS, "what has waited too long is not said"
                return data.draw(self.submitted(JobKind.SPEAK, voice))
            case wishes.WantBackground(photo):
                self.backgrounds.append(photo)
                return data.draw(self.submitted(JobKind.BACKGROUND, photo))
            case wishes.WantCancel():
                return ev.JobsCancelled(data.draw(st.integers(0, 3)))
            case wishes.WantQueue():
                job = st.tuples(st.sampled_from(JobKind), st.just(self.new_id()), st.integers(0, 9))
                return ev.QueueListed(tuple(data.draw(st.lists(job, max_size=3))))
            case wishes.WantGallery():
                entries = [ev.GalleryEntry(c, n, "webtoon", None) for c, n in self.characters.items()]
                return ev.GalleryListed(tuple(entries[:5]))
            case wishes.WantCharacter():
                return self.character(wish)
            case wishes.WantForgetting():
                self.me = Conversation(self.new_id(), self.me.language)
                self.photos, self.characters, self.drawings, self.backgrounds = set(), {}, [], []
                return ev.Forgotten()
            case wishes.WantResult() | wishes.WantFile():
                return data.draw(st.sampled_from([ev.OnItsWay(0), ev.OnItsWay(2), ev.NotYours()]))
        raise AssertionError(wish)

    def show_later(self, event: Event) -> Event:
        self.shown_later = self.shown_later or isinstance(event, ev.OnItsWay)
        return event

    def submitted(self, kind: JobKind, blob: str) -> st.SearchStrategy[Event]:
        accepted = st.integers(0, 9).map(lambda position: ev.JobAccepted(kind, self.new_id(), position, blob))
        refused = st.sampled_from(Refusal).map(lambda reason: ev.JobRefused(kind, reason, 3))
        return accepted | refused

    def character(self, wish: wishes.WantCharacter) -> Event:
        if wish.character not in self.characters:
            return ev.NotYours()
        if wish.about == "renamed":
            assert 0 < len(wish.name) <= NAME_LENGTH
            assert wish.name.isprintable() or "\u200d" in wish.name
            self.characters[wish.character] = wish.name
        if wish.about != "dropped":
            return ev.CharacterFound(
                wish.about, wish.character, self.characters[wish.character], wish.feeling
            )
        name = self.characters.pop(wish.character)
        active = self.me.character
        if active == wish.character:
            active = next(iter(self.characters), None)
        return ev.CharacterGone(name, active)

    def check_replies(self, replies: list[Reply]) -> None:
        for reply in replies:
            for language in LANGUAGES:
                assert replace(reply, language=language).text.strip()
            for button in (button for row in reply.buttons for button in row):
                assert button.label.strip()
                assert len(button.data.encode()) <= 64
                event = event_of(button.data)
                assert not isinstance(event, ev.Unreadable), button.data
                assert data_of(event) == button.data
                self.buttons.append(button.data)

    @invariant()
    def the_conversation_is_valid(self) -> None:
        me = self.me
        assert me.language in LANGUAGES
        assert (me.voice is None) == (me.voice_at is None)
        assert (me.photo is None) == (me.photo_at is None)
        assert not me.choosing or me.photo is not None
        assert me.asked is None or me.asked.split(" ")[0] in ("rename", "forget", "caption", "picture")
        assert len(me.caption) <= CAPTION_LENGTH
        assert me.caption == " ".join(me.caption.split())
        if me.consent == 0:
            held = {
                f.name: getattr(me, f.name)
                for f in fields(me)
                if f.name in ("photo", "voice", "character", "picture", "next_picture")
            }
            assert set(held.values()) == {None}, "before consent nothing is kept"


AnyConversation.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyConversation = AnyConversation.TestCase


@pytest.mark.long
class TestAnyOfManyConversations(AnyConversation.TestCase):
    settings = settings(max_examples=3_000, stateful_step_count=40, deadline=None)
