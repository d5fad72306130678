"""The board: messages that show how jobs stand, edited when something changes and not too often.

Discord lets a channel have about five edits in five seconds; ours come at most every `pause` seconds a job.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

import aiohttp
import discord
from discord.utils import utcnow

from bot.frontend import NotDelivered, Progress, Unreachable
from bot.frontends.discord.answers import Answers
from bot.frontends.discord.cards import Card, card_of, progress_card
from bot.frontends.discord.places import Kind, Place
from bot.frontends.discord.post import Post, Spot
from bot.sentences import sentence
from storage.models import LIVE, JobState

PAUSE = 2.5  # s between edits of one message

NOT_SHOWN = (discord.DiscordException, aiohttp.ClientError, OSError, NotDelivered, Unreachable)

log = logging.getLogger(__name__)

Turn = Callable[[int], AbstractAsyncContextManager[object]]
"""Waits until nothing else happens with a person (their Discord id)."""


@dataclass
class _Watched:
    """A job: where it is shown (the last message is edited), and how it stands."""

    place: Place | None = None
    spots: list[Spot] = field(default_factory=list)
    newest: Progress | None = None
    shown: str | None = None
    handed_over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Board:
    """Shows progress.

    Parameters
    ----------
    noted : told the id of the message that shows a job
    turn : a job's first message waits for what its person is just being told
    """

    def __init__(
        self,
        post: Post,
        answers: Answers,
        turn: Turn,
        noted: Callable[[str, str], None],
        pause: float = PAUSE,
    ) -> None:
        self._post = post
        self._answers = answers
        self._turn = turn
        self._noted = noted
        self._pause = pause
        self._watched: dict[str, _Watched] = {}

    def is_at(self, job: str, spot: Spot, card: Card) -> None:
        """Note a message that was sent about a job: it shows its progress from now on."""
        watched = self._watched.setdefault(job, _Watched())
        watched.spots.append(spot)
        watched.shown = card.text
        self._noted(job, str(spot.message))

    def put(self, place: Place, progress: Progress) -> None:
        """Take how a job stands; it is shown soon."""
        watched = self._watched.setdefault(progress.job, _Watched())
        watched.place, watched.newest = place, progress
        watched.changed.set()
        if watched.task is None:
            watched.task = asyncio.create_task(self._follow(progress.job, watched), name="progress")

    async def close(self) -> None:
        """Stop showing progress."""
        tasks = [watched.task for watched in self._watched.values() if watched.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, job: str, watched: _Watched) -> None:
        """Show a job until it has ended. What a network does is logged: progress may be lost."""
        try:
            ended = False
            while not ended:
                await self._wait(watched)
                try:
                    ended = await self._show(job, watched)
                except NOT_SHOWN as error:
                    log.warning("progress of job %s was not shown: %r", job, error)
                    ended = watched.newest is not None and watched.newest.state not in LIVE
                await asyncio.sleep(0 if ended else self._pause)
        finally:
            self._watched.pop(job, None)

    async def _wait(self, watched: _Watched) -> None:
        """Wait for a change, or until a private answer has to be handed over to direct messages."""
        place, seconds = watched.place, None
        if place is not None and place.kind is Kind.PRIVATE and not watched.handed_over:
            end = self._answers.end_of(place)
            left = (end - utcnow()).total_seconds() if end is not None else 0.0
            seconds = max(0.0, left - 2 * self._pause)
        try:
            await asyncio.wait_for(watched.changed.wait(), seconds)
        except TimeoutError:
            watched.handed_over = True
        watched.changed.clear()

    async def _show(self, job: str, watched: _Watched) -> bool:
        """Show the newest state; True when it was the last."""
        progress, place = watched.newest, watched.place
        if progress is None or place is None:
            return False
        async with self._turn(place.user):  # what the person is just being told may be this job's message
            if not watched.spots and progress.message_id is not None:
                watched.spots.append(Spot(place, int(progress.message_id)))
        watched.spots = [spot for spot in watched.spots if self._is_ours(spot)]
        if progress.state not in LIVE:
            await self._end(watched, progress)
            return True
        card = self._card(watched, progress)
        if not watched.spots:
            self.is_at(job, await self._post.send(place, replace(card, job=job)), card)
        elif card.text != watched.shown:
            await self._drop_older(watched)
            watched.shown = card.text
            await self._post.edit(watched.spots[-1], card)
        return False

    def _is_ours(self, spot: Spot) -> bool:
        """Say whether a message still shows progress: a result may have taken its place."""
        answer = self._answers.of(spot.place)
        return answer is None or answer.shows_progress(spot.message)

    def _card(self, watched: _Watched, progress: Progress) -> Card:
        """Write how a job stands; once its answer ends, where the result is going to be."""
        direct = watched.place is not None and watched.place.kind is Kind.DIRECT
        if not watched.handed_over:
            return progress_card(progress, direct=direct)
        card = card_of(progress.reply, None, direct=direct)
        return replace(card, text=f"{card.text}\n{sentence('discord-later', card.language)}")

    async def _drop_older(self, watched: _Watched) -> None:
        """Take away older messages about the job, but those whose places results are going to take."""
        for spot in watched.spots[:-1]:
            if spot.place.kind is Kind.DIRECT:
                watched.spots.remove(spot)
                await self._post.delete(spot)

    async def _end(self, watched: _Watched, progress: Progress) -> None:
        """A cancelled job's messages say so; others go, as the result comes by itself."""
        for spot in watched.spots:
            answer = self._answers.of(spot.place)
            if progress.state is JobState.CANCELLED:
                if answer is not None:
                    answer.forget(spot.message)
                direct = spot.place.kind is Kind.DIRECT
                await self._post.edit(spot, progress_card(progress, direct=direct))
            elif answer is None or spot.place != watched.place:
                await self._post.delete(spot)
