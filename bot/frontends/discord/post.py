"""The post: brings a card to a place by the way that is open, and tells apart what surely did not arrive.

An answer to an interaction while it lasts; then a message in the channel (what everybody may see) or a direct
message. A way that is closed is tried once, never again for the same card.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import aiohttp
import discord
from discord import ui
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.frontend import NotDelivered, Unreachable
from bot.frontends.discord.answers import UNKNOWN_MESSAGE, Answers, uploads
from bot.frontends.discord.cards import Card, File
from bot.frontends.discord.controls import view_of
from bot.frontends.discord.invalid import InvalidRequests
from bot.frontends.discord.places import Kind, Place
from bot.sentences import sentence
from engine.media.partial import MediaFailed
from engine.media.shrink import shrink_mp4

# Discord's error codes, https://docs.discord.com/developers/topics/opcodes-and-status-codes
TOO_LARGE = 40_005
OVER = frozenset({10_015, 10_062, 50_027})  # unknown webhook, unknown interaction, invalid webhook token
CLOSED = frozenset(
    {
        10_003,  # unknown channel
        10_013,  # unknown user
        50_001,  # missing access
        50_007,  # this user takes no messages from us
        50_013,  # missing permissions
        50_278,  # no server in common with this user
    }
)
REFUSED_WAIT = 300.0  # s, when Discord refuses us altogether

log = logging.getLogger(__name__)

Way = Callable[[Card], Awaitable[int]]


@dataclass(frozen=True)
class Spot:
    """A message of ours."""

    place: Place
    message: int


class Post:
    """Sends, edits and deletes."""

    def __init__(self, client: discord.Client, answers: Answers, invalid: InvalidRequests) -> None:
        self._client = client
        self._answers = answers
        self._invalid = invalid

    async def send(self, place: Place, card: Card, *, result: bool = False) -> Spot:
        """Send a card; a result may take the place of a message that shows progress.

        Raises
        ------
        NotDelivered, Unreachable
            when it surely did not arrive; after any other error nobody knows
        """
        if wait := self._invalid.wait():
            raise NotDelivered(wait)
        with certain():
            answer = self._answers.of(place)
            if answer is not None and not answer.is_full:
                try:
                    fitting = await fit(card, answer.limit)
                    return Spot(place, await answer.say(fitting, result=result))
                except discord.HTTPException as error:
                    if error.code not in OVER:
                        raise
                    self._answers.close(place)
            return await self._send_beside(place, card)

    async def edit(self, spot: Spot, card: Card) -> bool:
        """Show something else in a message; False when it cannot be reached (any more)."""
        answer = self._answers.of(spot.place)
        try:
            if answer is not None:
                await answer.edit(spot.message, card)
            elif spot.place.kind is Kind.PRIVATE:
                return False
            else:
                await self._message(spot).edit(
                    content=card.text, attachments=uploads(card.files), view=view_of(card)
                )
        except discord.HTTPException as error:
            if error.code in OVER | CLOSED | {UNKNOWN_MESSAGE}:
                return False
            raise
        return True

    async def delete(self, spot: Spot) -> None:
        """Take a message away, where that is possible."""
        answer = self._answers.of(spot.place)
        try:
            if answer is not None:
                await answer.delete(spot.message)
            elif spot.place.kind is not Kind.PRIVATE:
                await self._message(spot).delete()
        except discord.HTTPException as error:
            if error.code not in OVER | CLOSED | {UNKNOWN_MESSAGE}:
                raise

    async def _send_beside(self, place: Place, card: Card) -> Spot:
        """Send a card without an interaction."""
        direct = replace(place, kind=Kind.DIRECT, interaction=0)
        if place.kind is not Kind.PRIVATE:
            to = place.user if place.kind is Kind.OPEN else None
            try:
                return Spot(place, await self._send_into(place.channel, card, to=to))
            except discord.HTTPException as error:
                if error.code not in CLOSED:
                    raise
                if place.kind is Kind.DIRECT:
                    raise Unreachable from error
        try:
            channel = await self._client.create_dm(discord.Object(place.user))
            return Spot(replace(direct, channel=channel.id), await self._send_into(channel.id, card))
        except discord.HTTPException as error:
            if error.code not in CLOSED:
                raise
            raise Unreachable from error

    async def _send_into(self, channel_id: int, card: Card, *, to: int | None = None) -> int:
        """Send a card into a channel, named so that the library's own repetitions make no second message.

        `to` is called by name: among others, long after asking.
        """
        channel = self._client.get_channel(channel_id)
        guild = getattr(channel, "guild", None)
        limit = guild.filesize_limit if guild is not None else DEFAULT_FILE_SIZE_LIMIT_BYTES
        card = await fit(card, limit)
        text, mentions = card.text, discord.AllowedMentions.none()
        if to is not None:
            text, mentions = f"<@{to}> {text}", discord.AllowedMentions(users=[discord.Object(to)])
        sent = await self._client.get_partial_messageable(channel_id).send(
            text,
            files=uploads(card.files),
            view=view_of(card) or ui.View(),
            nonce=secrets.token_hex(8),
            allowed_mentions=mentions,
        )
        return sent.id

    def _message(self, spot: Spot) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(spot.place.channel)
        return channel.get_partial_message(spot.message)


@contextmanager
def certain() -> Iterator[None]:
    """Say NotDelivered where Discord surely did not take a message; everything else stays what it is."""
    try:
        yield
    except discord.RateLimited as error:
        raise NotDelivered(error.retry_after) from error
    except aiohttp.ClientConnectorError as error:
        raise NotDelivered from error
    except discord.HTTPException as error:
        if error.status in (401, 429):
            raise NotDelivered(REFUSED_WAIT) from error
        raise


async def fit(card: Card, limit: int) -> Card:
    """Make the files of a card small enough; what cannot be made so is said in words."""
    if all(len(file.content) <= limit for file in card.files):
        return card
    files: list[File] = []
    said = [card.text]
    for file in card.files:
        if len(file.content) <= limit:
            files.append(file)
            continue
        try:
            files.append(replace(file, content=await asyncio.to_thread(_shrunk, file, limit)))
        except MediaFailed as failed:
            log.warning("%s of %d bytes does not fit: %s", file.name, len(file.content), failed)
            said.append(sentence("discord-too-large", card.language, megabytes=limit // 2**20))
    return replace(card, text="\n".join(said), files=tuple(files))


def _shrunk(file: File, limit: int) -> bytes:
    if not file.name.endswith(".mp4"):
        raise MediaFailed("only videos can be made smaller")
    return shrink_mp4(file.content, limit)
