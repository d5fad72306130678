"""Characters, their files, and what was rendered of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from storage.database import Work
from storage.models import Blob, Character, Purpose, Render

STICKER = "sticker.webp"  # the render that shows a character in the gallery


@dataclass(frozen=True)
class Portrait:
    """A character as the gallery shows it; `sticker` is its render, if there still is one."""

    character: Character
    sticker: Render | None


async def gallery(work: Work, person_id: str) -> list[Portrait]:
    """List somebody's characters, the oldest first, each with its sticker."""
    rows = await work.session.execute(
        select(Character, Render)
        .outerjoin(Render, (Render.character_id == Character.id) & (Render.name == STICKER))
        .where(Character.person_id == person_id)
        .order_by(Character.created_at)
    )
    return [Portrait(character, render) for character, render in rows]


async def get(work: Work, character_id: str, person_id: str) -> Character | None:
    """Find a character of somebody; nobody else's is ever found."""
    character = await work.session.get(Character, character_id)
    return character if character is not None and character.person_id == person_id else None


async def newest(work: Work, person_id: str) -> Character | None:
    """Find the character that was drawn last."""
    found = await work.session.scalars(
        select(Character)
        .where(Character.person_id == person_id)
        .order_by(Character.created_at.desc())
        .limit(1)
    )
    return found.one_or_none()


async def files(work: Work, character_id: str) -> Sequence[Blob]:
    """List the files that a character consists of."""
    found = await work.session.scalars(
        select(Blob).where(Blob.character_id == character_id, Blob.purpose == Purpose.CHARACTER)
    )
    return found.all()


async def remove(work: Work, character: Character) -> list[str]:
    """Delete a character, its files' rows and its stickers' rows; gives the keys of the files to remove."""
    of_character = select(Render.blob_id).where(
        Render.character_id == character.id, Render.name.like("sticker.%")
    )
    found = await work.session.scalars(
        select(Blob).where((Blob.character_id == character.id) | Blob.id.in_(of_character))
    )
    blobs = found.all()
    await work.session.execute(
        delete(Render).where(Render.character_id == character.id, Render.name.like("sticker.%"))
    )
    await work.session.execute(delete(Blob).where(Blob.id.in_([blob.id for blob in blobs])))
    await work.session.delete(character)
    await work.session.flush()
    return [blob.key for blob in blobs]
