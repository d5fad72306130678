"""Discord as a front end: messages and interactions become events, replies become cards at their place.

Everything about one person happens in turn, so that what they see has one order.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from weakref import WeakValueDictionary

import aiohttp
import discord

from bot.dialogue import Reply
from bot.dialogue.events import CancelPressed, Sent
from bot.dialogue.replies import Said, say
from bot.frontend import NotDelivered, Progress, Shown, Unreachable
from bot.frontends.discord.answers import ANSWER_TIME, Answer, Answers
from bot.frontends.discord.board import PAUSE, Board
from bot.frontends.discord.cards import Card, card_of, cards_of
from bot.frontends.discord.files import SaidByMessage
from bot.frontends.discord.invalid import InvalidRequests
from bot.frontends.discord.places import Kind, Place
from bot.frontends.discord.post import OVER, Post, Spot
from bot.frontends.parts import DISCORD
from bot.service import Service, Who
from bot.uploads import Load, few_at_once
from storage.ids import new_id

PLATFORM = "discord"
PARTS = DISCORD
PEEK_SECONDS = 1.0  # to find out whether an answer is for everybody; Discord waits for 3 s
DOWNLOADS = 8  # at the same time: each is in memory
SILENCE = 10.0  # s after which "is thinking ..." goes when there is nothing to say
RETRY = 5.0  # s
QUESTIONS = ("rename-question", "caption-question", "picture-question")
ACKNOWLEDGED = 40_060  # Discord's code: it has our first answer already

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """How long an answer is used; in seconds: between edits of one message, until an empty answer goes, and
    before connecting is tried again."""

    answer: timedelta = ANSWER_TIME
    pause: float = PAUSE
    silence: float = SILENCE
    retry: float = RETRY


class Chat:
    """The front end: see Frontend.

    Parameters
    ----------
    client : the library's; connected by serving.py
    noted : told (job, message id) of what shows progress
    """

    platform = PLATFORM
    parts = PARTS

    def __init__(
        self,
        client: discord.Client,
        service: Service,
        noted: Callable[[str, str], None],
        invalid: InvalidRequests,
        timing: Timing = Timing(),
    ) -> None:
        self._client = client
        self._service = service
        self._answers = Answers(timing.answer)
        self._post = Post(client, self._answers, invalid)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._board = Board(self._post, self._answers, self._turn, noted, timing.pause)
        self._silence = timing.silence
        self._downloads = asyncio.Semaphore(DOWNLOADS)
        self._quiet: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop what is under way in the background."""
        await self._board.close()
        for task in self._quiet:
            task.cancel()
        await asyncio.gather(*self._quiet, return_exceptions=True)

    # What people do.

    async def write(self, message: discord.Message, said: SaidByMessage) -> None:
        """Take a direct message: its words, or each of its files."""
        place = Place(Kind.DIRECT, message.author.id, message.channel.id)
        who = _who(place, None)
        for number, (event, loads) in enumerate(said):
            async with self._turn(place.user):
                files = [few_at_once(load, self._downloads) for load in loads]
                event_id = f"{message.id}-{number}"
                try:
                    first = next(iter(files), None)
                    replies = await self._service.handle(who, event, first, event_id, more=files[1:])
                except Exception as error:  # whatever is wrong with us: the person hears of it
                    replies = await self._apology(who, error)
                await self._say(place, None, await self._cards(who, replies, place))

    async def take(
        self, interaction: discord.Interaction, *events: Sent, load: Load | None = None, open_: bool = False
    ) -> None:
        """Take a command, a pressed button, or a question with what answers it.

        Parameters
        ----------
        open_ : everybody may see the answer
        """
        place = place_of(interaction, open_=open_)
        answer = await self._acknowledge(interaction, place)
        await self._handle(interaction, place, answer, events, load)

    async def language_of(self, interaction: discord.Interaction) -> str:
        """Say which language the person wants."""
        return await self._service.language_of(_who(place_of(interaction), interaction))

    async def report(self, message: discord.Message, says: Sequence[Said]) -> None:
        """Answer an operator."""
        place = Place(Kind.DIRECT, message.author.id, message.channel.id)
        reply = Reply(await self._service.language_of(_who(place, None)), tuple(says))
        await self._say(place, None, (card_of(reply, None, direct=True),))

    async def tell(self, interaction: discord.Interaction, message_id: str) -> None:
        """Answer without asking the dialogue: what cannot be used here."""
        place = place_of(interaction)
        answer = await self._acknowledge(interaction, place)
        reply = Reply(await self.language_of(interaction), (say(message_id),))
        card = card_of(reply, None, direct=place.kind is Kind.DIRECT)
        await self._say(place, answer, (card,))

    async def speaks_at_once(self, interaction: discord.Interaction) -> bool:
        """Say whether a voice would be said at once: then everybody may see it."""
        if interaction.context.dm_channel:
            return False
        try:
            async with asyncio.timeout(PEEK_SECONDS):
                return await self._service.speaks_at_once(_who(place_of(interaction), interaction))
        except TimeoutError:
            return False

    # What comes later: see Frontend.

    def reaches(self, address: str) -> bool:
        """See Frontend: nothing is tried before Discord has let us in."""
        return self._client.is_ready()

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        """Show a result: see Frontend. Discord's links to files end after a day: none is kept."""
        place = Place.parse(address)
        async with self._turn(place.user):
            card = card_of(reply, content, direct=place.kind is Kind.DIRECT)
            spot = await self._post.send(place, card, result=True)
        return Shown(str(spot.message))

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        """Show how a job stands, soon: see Frontend."""
        self._board.put(Place.parse(address), progress)
        return progress.message_id

    # How it is done.

    @asynccontextmanager
    async def _turn(self, user: int) -> AsyncIterator[None]:
        lock = self._turns.setdefault(user, asyncio.Lock())
        async with lock:
            yield

    async def _acknowledge(self, interaction: discord.Interaction, place: Place) -> Answer | None:
        """Give the first answer, for which Discord waits 3 s; None: it came too late, or not at all."""
        private = place.kind is Kind.PRIVATE
        original: int | None = None
        try:
            if interaction.type is discord.InteractionType.application_command:
                original = await _think(interaction, private=private)
            else:
                await interaction.response.defer()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("an interaction could not be acknowledged: %s", error)
            return None
        return self._answers.open(interaction, private=private, original=original)

    async def _handle(
        self,
        interaction: discord.Interaction,
        place: Place,
        answer: Answer | None,
        events: tuple[Sent, ...],
        load: Load | None,
    ) -> None:
        who = _who(place, interaction)
        load = few_at_once(load, self._downloads) if load is not None else None
        async with self._turn(place.user):
            replies: tuple[Reply, ...] = ()
            try:
                for number, event in enumerate(events):
                    replies = await self._service.handle(who, event, load, f"{interaction.id}-{number}")
                    if not _asks(replies):
                        break
            except Exception as error:  # whatever is wrong with us: the person hears of it
                replies = await self._apology(who, error)
            cards = await self._cards(who, replies, place)
            if answer is not None and isinstance(events[0], CancelPressed) and _is_cancelled(replies):
                await answer.replace_pressed(cards[0])
            else:
                await self._say(place, answer, cards)

    async def _cards(self, who: Who, replies: Sequence[Reply], place: Place) -> tuple[Card, ...]:
        """Write replies with their files."""
        shown = []
        for reply in replies:
            content = None
            if reply.media is not None:
                content = await self._service.content(who, reply.media.render)
            shown.append((reply, content))
        return cards_of(shown, direct=place.kind is Kind.DIRECT)

    async def _say(self, place: Place, answer: Answer | None, cards: Sequence[Card]) -> None:
        """Show cards; the first takes the place of "is thinking ..."."""
        if answer is not None and not cards:
            self._fall_silent(answer, 0.0 if place.kind is Kind.DIRECT else self._silence)
        for card in cards:
            try:
                spot = await self._first(place, answer, card)
                if spot is None:
                    spot = await self._post.send(place, card)
            except (NotDelivered, Unreachable) as error:
                log.warning("an answer did not arrive: %s", type(error).__name__)
                return
            if card.job is not None:
                self._board.is_at(card.job, spot, card)

    async def _first(self, place: Place, answer: Answer | None, card: Card) -> Spot | None:
        """In direct messages a command is answered through its interaction once, then through the channel."""
        if answer is None or place.kind is not Kind.DIRECT or not answer.is_thinking:
            return None
        try:
            return Spot(place, await answer.say(replace(card, job=None), result=False))
        except discord.HTTPException as error:
            if error.code not in OVER:
                raise
            return None

    async def _apology(self, who: Who, error: Exception) -> tuple[Reply, ...]:
        """Say that something is wrong with us, by an id that those who run the bot find in the log."""
        error_id = new_id()
        log.error("what somebody sent was not handled (id %s)", error_id, exc_info=error)
        language = await self._service.language_of(who)
        return (Reply(language, (say("our-fault"), say("our-fault-noted", id=error_id))),)

    def _fall_silent(self, answer: Answer, seconds: float) -> None:
        """Take "is thinking ..." away later, unless a result has taken its place by then."""

        async def wait_and_drop() -> None:
            await asyncio.sleep(seconds)
            try:
                await answer.drop_thinking()
            except discord.HTTPException as error:
                log.warning("an empty answer could not be taken away: %s", error)

        task = asyncio.create_task(wait_and_drop(), name="silence")
        self._quiet.add(task)
        task.add_done_callback(self._quiet.discard)


async def _think(interaction: discord.Interaction, *, private: bool) -> int | None:
    """Show "is thinking ..."; gives the id of that message."""
    try:
        thinking = await interaction.response.defer(ephemeral=private)
        return thinking.message_id if thinking is not None else None
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise
        return (await interaction.original_response()).id  # the library's second try of what had arrived


def place_of(interaction: discord.Interaction, *, open_: bool = False) -> Place:
    """Say where an interaction is answered."""
    user, channel = interaction.user.id, interaction.channel_id or 0
    if interaction.context.dm_channel:
        return Place(Kind.DIRECT, user, channel)
    return Place(Kind.OPEN if open_ else Kind.PRIVATE, user, channel, interaction.id)


def _who(place: Place, interaction: discord.Interaction | None) -> Who:
    language = interaction.locale.value if interaction is not None else None
    return Who(PLATFORM, str(place.user), str(place), language)


def _asks(replies: Sequence[Reply]) -> bool:
    """Say whether a question was asked whose answer came along."""
    return any(said.message_id in QUESTIONS for reply in replies for said in reply.says)


def _is_cancelled(replies: Sequence[Reply]) -> bool:
    return any(said.message_id == "cancelled" for reply in replies for said in reply.says)
