"""How talks look and sound: feeling, effect, background and caption, on a fake engine."""

from dataclasses import replace

from bot.app import App
from bot.artist import COLOURS
from bot.dialogue.conversation import CAPTION_LENGTH
from bot.dialogue.events import (
    BackgroundChosen,
    CommandGiven,
    EffectChosen,
    TextReceived,
)
from bot.kinds import Background, Effect, Feeling, Manner
from engine.media.caption import MOST_SIGNS
from engine.speech import effects
from engine.speech.expressions import Expression
from storage import jobs
from storage.models import Blob, Purpose
from tests.bot.fake_artist import FakeArtist
from tests.bot.house import Human, kept


async def test_a_feeling_is_chosen_once_and_stays_with_the_character(ann: Human, artist: FakeArtist):
    await ann.has_character()
    await ann.voice()
    await ann.idle()
    (question,) = await ann.press("Feeling", await ann.press("Settings"))
    (said,) = await ann.press("Happy", [question])
    assert "Webtoon" in said.text
    assert "Happy" in said.text
    await ann.voice()
    await ann.idle()
    await ann.press("2. Pencil")
    await ann.idle()
    await ann.voice()
    await ann.idle()
    felt = [manner.feeling for manner, _ in artist.spoken]
    assert felt == [Feeling.NEUTRAL, Feeling.HAPPY, Feeling.NEUTRAL], "the new character is as drawn"


def test_the_engine_knows_what_people_can_choose():
    assert [str(feeling) for feeling in Feeling] == [str(expression) for expression in Expression]
    assert [str(effect) for effect in Effect] == [str(effect) for effect in effects.Effect]
    assert set(COLOURS) == set(Background)
    assert CAPTION_LENGTH == MOST_SIGNS


async def test_effect_and_background_stay_and_a_caption_is_for_one_voice(ann: Human, artist: FakeArtist):
    await ann.has_character()
    before = len(ann.said())
    (question,) = await ann.press("Voice effect", await ann.press("Settings"))
    await ann.press("Robot", [question])
    (question,) = await ann.do(CommandGiven("background"))
    await ann.press("Sky", [question])
    (question,) = await ann.do(CommandGiven("caption"))
    assert str(CAPTION_LENGTH) in question.text
    (again,) = await ann.do(TextReceived("x" * (CAPTION_LENGTH + 1)))
    assert "601 characters, and 600 fit" in again.text
    for nothing in ("😀 👩\u200d👧", "❤\ufe0f", "नमस्ते"):
        (again,) = await ann.do(TextReceived(nothing))
        assert "Nothing in this can be shown" in again.text
    (said,) = await ann.do(TextReceived("  Guten\n Morgen\u202e! "))
    assert "Guten Morgen!" in said.text
    (settings,) = await ann.do(CommandGiven("settings"))
    assert all(word in settings.text for word in ("As drawn", "Robot", "Sky", "Guten Morgen!"))
    for _ in range(2):
        await ann.voice()
        await ann.idle()
    manner = Manner(Feeling.NEUTRAL, Effect.ROBOT, Background.SKY, "Guten Morgen!")
    assert artist.spoken == [(manner, None), (replace(manner, caption=""), None)]
    assert ann.files()[-2:] == ["talk.mp4", "talk.mp4"]
    assert len(ann.said()) == before + 2
    async with ann.app.database.reading() as work:
        assert {job.caption for job in await jobs.newest(work, None, 9)} == {""}, "it goes with the voice"


async def test_a_question_for_words_can_be_left(ann: Human, artist: FakeArtist):
    await ann.has_character()
    for question in ("Caption", "Background"):
        await ann.press(question, await ann.press("Settings"))
    await ann.do(CommandGiven("background", "picture"))
    (left,) = await ann.do(CommandGiven("cancel"))
    assert "stays as it is" in left.text
    await ann.do(CommandGiven("caption"))
    await ann.do(CommandGiven("cancel"))
    (hint,) = await ann.do(TextReceived("just chatting"))
    assert "/help" in hint.text
    await ann.do(CommandGiven("caption", "at once"))
    (settings,) = await ann.do(CommandGiven("settings"))
    await ann.press("No caption", [settings])
    await ann.voice()
    await ann.idle()
    assert artist.spoken == [(Manner(), None)]


async def test_a_job_that_waits_keeps_its_manner(ann: Human, artist: FakeArtist):
    """What is changed while a talk waits or runs is for the next one."""
    await ann.has_character()
    artist.stage_seconds = 0.1
    await ann.do(CommandGiven("caption", "first"))
    await ann.voice()
    await ann.do(CommandGiven("caption", "second"))
    await ann.voice()
    person = (await ann.person()).id
    await ann.do(EffectChosen("echo", person))
    await ann.do(BackgroundChosen("night", person))
    await ann.press("Happy", await ann.do(CommandGiven("feeling")))
    await ann.voice()
    await ann.idle()
    first = Manner(caption="first")
    changed = Manner(Feeling.HAPPY, Effect.ECHO, Background.NIGHT)
    assert artist.spoken == [(first, None), (replace(first, caption="second"), None), (changed, None)]


async def test_a_picture_of_ones_own_lies_behind_until_another_background_is_chosen(
    app: App, ann: Human, artist: FakeArtist
):
    def pictures(blobs: list[Blob]) -> list[str]:
        return [blob.name for blob in blobs if blob.purpose == Purpose.BACKGROUND]

    await ann.has_character()
    photo = (await ann.person()).photo_id
    (question,) = await ann.press("A picture of mine", await ann.do(CommandGiven("background")))
    assert "until you choose another background" in question.text
    await ann.photo(b"beach")
    await ann.voice()  # before the picture is ready: it holds already
    await ann.idle()
    assert ann.files()[-2:] == ["scene.jpg", "talk.mp4"]
    assert (await ann.person()).photo_id == photo, "it is not the photo on hand"
    await ann.voice()
    await ann.idle()
    assert [picture[:24] for _, picture in artist.spoken if picture] == [
        b"beach",
        b"background.jpg of beach" + bytes(1),
    ]
    assert pictures(await kept(app)) == ["background.jpg"]
    assert len([blob for blob in await kept(app) if blob.purpose == Purpose.PHOTO]) == 1

    await ann.do(CommandGiven("background", "picture"))
    await ann.photo(b"no face")  # stands for any photo that the engine refuses
    await ann.idle()
    assert "picture" in (await ann.do(CommandGiven("settings")))[0].text, "the one before it holds"
    await ann.do(CommandGiven("background", "picture"))
    await ann.photo(b"forest")
    await ann.idle()
    assert pictures(await kept(app)) == ["background.jpg"], "replaced"
    await ann.press("Mint", await ann.do(CommandGiven("background")))
    await ann.voice()
    await ann.idle()
    assert artist.spoken[-1] == (Manner(background=Background.MINT), None)
    assert pictures(await kept(app)) == []


async def test_a_cancelled_background_changes_nothing(app: App, ann: Human, artist: FakeArtist):
    await ann.has_character()
    await ann.do(CommandGiven("background", "picture"))
    (waiting,) = await ann.photo(b"slow photo")
    await ann.press("Cancel", [waiting])
    await ann.voice()
    await ann.idle()
    assert artist.spoken == [(Manner(), None)]
    assert b"slow" not in b"".join(
        [await app.blobs.read(blob.key) for blob in await kept(app) if blob.purpose == Purpose.PHOTO]
    )
