"""Deliveries: what was shown to whom. No platform has an idempotency key, so each is three steps.

PENDING -> SENDING is committed before the platform is called, SENDING -> SENT after it has answered. Who
dies between leaves SENDING: nobody knows whether it arrived. It becomes UNCLEAR and the person is asked
(part ASK) whether they want to see it; only their answer makes it PENDING again.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from storage.database import Work
from storage.ids import new_id
from storage.models import Delivery, DeliveryState, Job

WORDS = "words"  # part: only sentences (why a job failed)
AFTER = "after"  # part: words and buttons of a result whose files carry none
ASK = "ask"  # part: "this may have reached you; show it?"; every other part is a file's name

ON_THE_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)

Words = list[tuple[str, dict[str, object]]]  # sentence ids with their values


async def add(
    work: Work,
    job: Job,
    part: str,
    words: Words,
    *,
    platform: str,
    now: float,
    render_id: str | None = None,
    address: str | None = None,
) -> Delivery:
    """Have one message about a job delivered: a file with some words, or words alone.

    `address` is where it is shown, by default where the job was asked for.
    """
    delivery = Delivery(
        id=new_id(),
        person_id=job.person_id,
        job_id=job.id,
        platform=platform,
        address=address or job.address,
        part=part,
        words=[[message_id, values] for message_id, values in words],
        render_id=render_id,
        state=DeliveryState.PENDING,
        created_at=now,
    )
    work.session.add(delivery)
    await work.session.flush()
    return delivery


async def get(work: Work, delivery_id: str) -> Delivery | None:
    """Find a delivery."""
    return (await work.session.scalars(select(Delivery).where(Delivery.id == delivery_id))).one_or_none()


async def undelivered(work: Work, person_id: str) -> int:
    """Count what is pending or on its way to somebody."""
    query = select(func.count()).select_from(Delivery)
    return (
        await work.session.scalar(
            query.where(Delivery.person_id == person_id, Delivery.state.in_(ON_THE_WAY))
        )
        or 0
    )


async def addresses_waiting(work: Work, platforms: Sequence[str]) -> list[tuple[str, str, float]]:
    """List (platform, address, earliest time) of everybody with something to receive."""
    rows = await work.session.execute(
        select(Delivery.platform, Delivery.address, Delivery.not_before)
        .where(Delivery.state == DeliveryState.PENDING, Delivery.platform.in_(platforms))
        .order_by(Delivery.number)
    )
    first: dict[tuple[str, str], float] = {}
    for platform, address, not_before in rows:
        first.setdefault((platform, address), not_before)
    return [(platform, address, at) for (platform, address), at in first.items()]


async def take(work: Work, platform: str, address: str, courier: str, now: float) -> Delivery | None:
    """Take an address's oldest message, unless it has to wait: then nothing overtakes it."""
    found = await work.session.scalars(
        select(Delivery)
        .where(
            Delivery.state == DeliveryState.PENDING,
            Delivery.platform == platform,
            Delivery.address == address,
        )
        .order_by(Delivery.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    delivery = found.one_or_none()
    if delivery is None or delivery.not_before > now:
        return None
    delivery.state = DeliveryState.SENDING
    delivery.courier = courier
    delivery.sending_at = now
    delivery.attempts += 1
    await work.session.flush()
    return delivery


async def settle(work: Work, delivery_id: str, courier: str, state: DeliveryState, **about: object) -> bool:
    """Say what became of a message on its way; False when it is not on its way with this courier."""
    found = await work.session.scalars(
        select(Delivery).where(
            Delivery.id == delivery_id,
            Delivery.courier == courier,
            Delivery.state == DeliveryState.SENDING,
        )
    )
    delivery = found.one_or_none()
    if delivery is None:
        return False
    delivery.state = state
    for name, value in about.items():
        setattr(delivery, name, value)
    return True


async def sending(work: Work) -> Sequence[Delivery]:
    """List what is on its way, by whichever courier."""
    found = await work.session.scalars(select(Delivery).where(Delivery.state == DeliveryState.SENDING))
    return found.all()


async def of_job(work: Work, job_id: str) -> Sequence[Delivery]:
    """List the messages about a job, in their order."""
    found = await work.session.scalars(
        select(Delivery).where(Delivery.job_id == job_id).order_by(Delivery.number)
    )
    return found.all()


async def is_on_its_way(work: Work, job_id: str, part: str, address: str) -> bool:
    """Say whether a message about a job is pending or on its way to an address."""
    query = select(Delivery.id).where(
        Delivery.job_id == job_id,
        Delivery.part == part,
        Delivery.address == address,
        Delivery.state.in_(ON_THE_WAY),
    )
    return await work.session.scalar(query.limit(1)) is not None


async def lost(work: Work, delivery: Delivery, job: Job, now: float, ask_again_at: float) -> None:
    """Give up knowing whether a message arrived. A result is asked about; the asking itself is repeated."""
    if delivery.part == ASK:
        delivery.state = DeliveryState.PENDING
        delivery.not_before = ask_again_at
        return
    delivery.state = DeliveryState.UNCLEAR
    others = await of_job(work, job.id)
    asked = any(d.part == ASK and d.state in ON_THE_WAY for d in others)
    if not asked:
        await add(work, job, ASK, [], platform=delivery.platform, now=now, address=delivery.address)


async def show_again(work: Work, job_id: str, address: str) -> int:
    """Make the unclear messages of a job pending again, where the person asked; gives how many."""
    unclear = [d for d in await of_job(work, job_id) if d.state == DeliveryState.UNCLEAR]
    for delivery in unclear:
        delivery.state = DeliveryState.PENDING
        delivery.address = address
        delivery.not_before = 0.0
    return len(unclear)


async def withdraw(work: Work, job_id: str) -> int:
    """Take back what was not sent yet: the person cancelled and gets nothing afterwards; gives how many."""
    taken = await work.session.execute(
        delete(Delivery)
        .where(Delivery.job_id == job_id, Delivery.state == DeliveryState.PENDING)
        .returning(Delivery.id)
    )
    return len(taken.all())


async def withdraw_all(work: Work, person_id: str) -> None:
    """Take back everything that was not sent yet to somebody who is shut out."""
    await work.session.execute(
        delete(Delivery).where(Delivery.person_id == person_id, Delivery.state == DeliveryState.PENDING)
    )
