"""People: find, remember, forget."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Work
from storage.ids import new_id
from storage.models import Block, Person, SeenEvent


async def find(work: Work, platform: str, platform_id: str) -> Person | None:
    """Find somebody by what their platform calls them."""
    found = await work.session.scalars(
        select(Person).where(Person.platform == platform, Person.platform_id == platform_id)
    )
    return found.one_or_none()


async def get(work: Work, person_id: str) -> Person | None:
    """Find somebody by our id."""
    return await work.session.get(Person, person_id)


async def meet(work: Work, platform: str, platform_id: str, language: str, now: float) -> Person:
    """Find somebody, or remember them from now on."""
    person = await find(work, platform, platform_id)
    if person is None:
        person = Person(
            id=new_id(), platform=platform, platform_id=platform_id, language=language, created_at=now
        )
        work.session.add(person)
        await work.session.flush()
    return person


async def forget(work: Work, person: Person) -> None:
    """Delete every row of somebody; once this is committed their files and the database are to be erased."""
    await work.owe_erasing()
    await work.session.execute(delete(Person).where(Person.id == person.id))
    work.session.expunge_all()


async def first_sight(work: Work, person: Person, event_id: str, now: float) -> bool:
    """Note that an update was handled; False when it had been already."""
    insert = postgresql.insert if work.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    noted = await work.session.execute(
        insert(SeenEvent)
        .values(person_id=person.id, event_id=event_id, seen_at=now)
        .on_conflict_do_nothing()
        .returning(SeenEvent.event_id)
    )
    return noted.one_or_none() is not None


async def has_seen(work: Work, person: Person, event_id: str) -> bool:
    """Say whether an update was handled already."""
    return await work.session.get(SeenEvent, (person.id, event_id)) is not None


async def last_events(work: Work, platform: str, since: float, most: int) -> list[tuple[str, str]]:
    """List (what the platform calls them, their newest update) of who wrote since then, newest first.

    The ids of updates are compared as text: they have to be numbers of one length.
    """
    newest = func.max(SeenEvent.event_id)
    rows = await work.session.execute(
        select(Person.platform_id, newest)
        .join(SeenEvent, SeenEvent.person_id == Person.id)
        .where(Person.platform == platform, SeenEvent.seen_at >= since)
        .group_by(Person.platform_id)
        .order_by(newest.desc())
        .limit(most)
    )
    return [(platform_id, event_id) for platform_id, event_id in rows]


async def block(work: Work, platform: str, platform_id: str, now: float) -> None:
    """Shut somebody out."""
    await work.session.merge(Block(platform=platform, platform_id=platform_id, blocked_at=now))


async def unblock(work: Work, platform: str, platform_id: str) -> bool:
    """Let somebody in again; False when nobody had shut them out."""
    found = await work.session.get(Block, (platform, platform_id))
    if found is None:
        return False
    await work.session.delete(found)
    return True


async def is_blocked(work: Work, platform: str, platform_id: str) -> bool:
    """Say whether the operator shut somebody out."""
    query = select(Block.blocked_at).where(Block.platform == platform, Block.platform_id == platform_id)
    return await work.session.scalar(query) is not None


async def count(work: Work) -> int:
    """Count the people."""
    return await work.session.scalar(select(func.count()).select_from(Person)) or 0


async def count_blocked(work: Work) -> int:
    """Count those whom the operator shut out."""
    return await work.session.scalar(select(func.count()).select_from(Block)) or 0
