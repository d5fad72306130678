"""Characters, their files, and what was rendered of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, update

from storage.database import Work
from storage.models import Blob, Character, Purpose, Render

STICKER = "sticker.webp"  # the render that shows a character in the gallery
STICKERS = (STICKER, "sticker.png")  # renders that are kept as long as their character


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


async def count(work: Work, person_id: str) -> int:
    """Count somebody's characters."""
    query = select(func.count()).select_from(Character).where(Character.person_id == person_id)
    return await work.session.scalar(query) or 0


async def files(work: Work, character_id: str) -> Sequence[Blob]:
    """List the files that a character consists of."""
    found = await work.session.scalars(
        select(Blob).where(Blob.character_id == character_id, Blob.purpose == Purpose.CHARACTER)
    )
    return found.all()


async def remove(work: Work, character: Character, now: float) -> None:
    """Delete a character and its stickers; their files expire, so that they go with the next tidying."""
    stickers = select(Render.blob_id).where(Render.character_id == character.id, Render.name.in_(STICKERS))
    of_character = or_(Blob.character_id == character.id, Blob.id.in_(stickers))
    await work.session.execute(update(Blob).where(of_character).values(expires_at=now, character_id=None))
    await work.session.execute(
        delete(Render).where(Render.character_id == character.id, Render.name.in_(STICKERS))
    )
    await work.session.delete(character)
    await work.session.flush()
