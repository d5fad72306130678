"""Who is served next: whose last job is oldest goes first, and one's own jobs keep their order."""

import heapq
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NEVER = 0.0  # who was never served goes before everybody who was


@dataclass(frozen=True)
class Waiting:
    """A waiting job."""

    job_id: str
    person_id: str
    number: int


def serving_order(waiting: Sequence[Waiting], served_at: Mapping[str, float]) -> list[str]:
    """Foretell the order in which one worker will serve the waiting jobs.

    Parameters
    ----------
    waiting : all waiting jobs
    served_at : when each person's last job was started; who is missing was never served
    """
    queues: dict[str, deque[Waiting]] = defaultdict(deque)
    for job in sorted(waiting, key=lambda job: job.number):
        queues[job.person_id].append(job)
    people = [(served_at.get(p, NEVER), jobs[0].number, p) for p, jobs in queues.items()]
    heapq.heapify(people)
    later = max([NEVER, *served_at.values()])
    order = []
    while people:
        _, _, person = heapq.heappop(people)
        order.append(queues[person].popleft().job_id)
        later += 1.0
        if queues[person]:
            heapq.heappush(people, (later, queues[person][0].number, person))
    return order
