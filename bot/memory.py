"""Between the dialogue's values and the rows that they are remembered in."""

from dataclasses import replace

from bot.dialogue.conversation import HOLD_SECONDS, Conversation
from bot.kinds import Background, Effect, JobKind
from storage import files, jobs, sweep
from storage.database import Work
from storage.models import Person


def conversation_of(person: Person) -> Conversation:
    """Read the conversation from its row (whether something is being drawn is not in it)."""
    return Conversation(
        person=person.id,
        language=person.language,
        language_chosen=person.language_chosen,
        consent=person.consent_version,
        character=person.character_id,
        photo=person.photo_id,
        photo_at=person.photo_at,
        others=tuple(person.other_photos or ()),
        choosing=person.choosing,
        voice=person.voice_id,
        voice_at=person.voice_at,
        asked=person.asked,
        effect=Effect(person.effect),
        background=Background(person.background),
        picture=person.picture_id,
        next_picture=person.next_picture_id,
        caption=person.caption,
    )


async def recall(work: Work, person: Person) -> Conversation:
    """Read the conversation, and whether a character is being drawn."""
    drawing = await jobs.has_live(work, person.id, JobKind.DRAW)
    return replace(conversation_of(person), drawing=drawing)


async def remember(work: Work, person: Person, conversation: Conversation, now: float) -> None:
    """Write the conversation to its row."""
    if conversation.consent != person.consent_version:
        person.consent_at = now
    if conversation.voice is not None and conversation.voice != person.voice_id:
        await files.keep_until(work, conversation.voice, (conversation.voice_at or now) + HOLD_SECONDS)
    person.language = conversation.language
    person.language_chosen = conversation.language_chosen
    person.consent_version = conversation.consent
    person.character_id = conversation.character
    person.photo_id = conversation.photo
    person.photo_at = conversation.photo_at
    person.other_photos = list(conversation.others)
    person.choosing = conversation.choosing
    person.voice_id = conversation.voice
    person.voice_at = conversation.voice_at
    person.asked = conversation.asked
    person.effect = conversation.effect
    person.background = conversation.background
    person.picture_id = conversation.picture
    person.next_picture_id = conversation.next_picture
    person.caption = conversation.caption
    await work.session.flush()


async def let_go(work: Work, person: Person, now: float) -> list[str]:
    """Let go of photos and voices that nobody needs; gives the keys of the files to remove."""
    return await sweep.let_go(work, person.id, held_by(person), now)


def held_by(person: Person) -> set[str]:
    """List the photos and voices that a conversation still needs."""
    pictures = (person.picture_id, person.next_picture_id)
    held = (person.photo_id, person.voice_id, *pictures, *(person.other_photos or ()))
    return {blob_id for blob_id in held if blob_id is not None}
