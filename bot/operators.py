"""What operators may do from a chat: see how the bot is, shut somebody out, let them in again.

Who is an operator, each platform's settings say; a front end asks here only for those. A blocked person is
not answered on that platform any more (service.py), and what they wait for is cancelled.
"""

from collections.abc import Callable
from time import time

from bot.dialogue.replies import Said, say
from bot.queue import Queue
from storage import deliveries, jobs, people
from storage.database import Database
from storage.models import JobState

COMMANDS = ("stats", "block", "unblock")
DAY = 86_400.0  # s
BUSIEST = 5  # people that `stats` names
ID_LENGTH = 64  # characters of what a platform calls somebody

Says = tuple[Said, ...]


class Operators:
    """The operators' commands; each gives what to say to the operator.

    Parameters
    ----------
    remarks : says what is not as the operators have set it up
    """

    def __init__(
        self,
        database: Database,
        queue: Queue,
        remarks: Callable[[], Says] = tuple,
        clock: Callable[[], float] = time,
    ) -> None:
        self._database = database
        self._queue = queue
        self._remarks = remarks
        self._clock = clock

    async def answer(self, platform: str, command: str, argument: str) -> Says:
        """Do one of COMMANDS; `argument` is what was typed after it."""
        about = argument.strip()
        match command:
            case "stats":
                return await self._stats(platform)
            case "block" | "unblock" if not about or len(about) > ID_LENGTH or len(about.split()) > 1:
                return (say("operator-id-missing", command=command),)
            case "block":
                return await self._block(platform, about)
            case "unblock":
                return await self._unblock(platform, about)
        raise ValueError(f"no command of operators: {command}")

    async def _stats(self, platform: str) -> Says:
        async with self._database.reading() as work:
            counts = await jobs.count_by_state(work)
            busiest = await jobs.busiest(work, platform, self._clock() - DAY, BUSIEST)
            known, blocked = await people.count(work), await people.count_blocked(work)
        states = {str(state): counts.get(state, 0) for state in JobState}
        said = say("operator-stats", people=known, blocked=blocked, **states)
        lines = tuple(say("operator-busy", id=platform_id, jobs=asked) for platform_id, asked in busiest)
        return (said, *lines, *self._remarks())

    async def _block(self, platform: str, platform_id: str) -> Says:
        async with self._database.writing() as work:
            await people.block(work, platform, platform_id, self._clock())
            person = await people.find(work, platform, platform_id)
            for job in await jobs.live(work, person.id) if person is not None else ():
                await self._queue.cancel(work, job.id, None)
            if person is not None:
                await deliveries.withdraw_all(work, person.id)
        return (say("operator-blocked", id=platform_id),)

    async def _unblock(self, platform: str, platform_id: str) -> Says:
        async with self._database.writing() as work:
            was_blocked = await people.unblock(work, platform, platform_id)
        return (say("operator-unblocked" if was_blocked else "operator-not-blocked", id=platform_id),)
