"""Updates of one chat in their order, chats side by side; a flood costs only who sends it."""

import asyncio
from datetime import UTC, datetime

from telegram import Chat, Message, Update, User

from bot.frontends.telegram.order import InOrder


def update(number: int, chat: int) -> Update:
    message = Message(number, datetime.now(UTC), Chat(chat, "private"), User(chat, "Ada", False), text="hi")
    return Update(number, message=message)


async def test_one_chat_in_order_others_beside_it():
    """An update that hangs holds up its own chat only, and what that chat sent meanwhile comes in order."""
    order, handled, gate = InOrder(), list[tuple[int, int]](), asyncio.Event()

    async def handle(chat: int, number: int) -> None:
        if (chat, number) == (1, 0):
            await gate.wait()
        await asyncio.sleep(0.001 * (5 - number))  # the later, the quicker
        handled.append((chat, number))

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            for chat in (1, 2):
                tasks.create_task(order.process_update(update(number, chat), handle(chat, number)))
        while len(handled) < 5:
            await asyncio.sleep(0.001)
        assert handled == [(2, number) for number in range(5)]
        gate.set()
    assert handled[5:] == [(1, number) for number in range(5)]
    assert not order._lines


async def test_a_flood_is_cut_and_an_update_that_fails_ends_nothing():
    order, handled = InOrder(waiting=10), list[int]()

    async def handle(number: int) -> None:
        await asyncio.sleep(0)
        if number == 3:
            raise ValueError("told to fail")
        handled.append(number)

    tasks = [
        asyncio.create_task(order.process_update(update(number, 1), handle(number))) for number in range(200)
    ]
    await asyncio.gather(*tasks, return_exceptions=True)
    assert handled == [number for number in range(10) if number != 3]
    await order.process_update(update(200, 1), handle(200))
    assert handled[-1] == 200


async def test_the_end_gives_up_what_waits():
    order, never = InOrder(), asyncio.Event()
    waiting = [asyncio.create_task(order.process_update(update(n, 1), never.wait())) for n in range(3)]
    await asyncio.sleep(0.01)
    await order.give_up()
    assert all(task.cancelled() for task in waiting)
