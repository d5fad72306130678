"""Answers to interactions: what can still be said through one, and until when.

Discord lets an interaction be answered for 15 minutes; its token is kept in memory only, so after a restart
or for a longer job results go on through the channel or a direct message (post.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import discord
from discord.utils import MISSING, utcnow

from bot.frontends.discord.cards import Card, File
from bot.frontends.discord.controls import view_of
from bot.frontends.discord.places import Place

ANSWER_TIME = timedelta(minutes=14)  # Discord takes 15: the last minute is for what is on its way
UNKNOWN_MESSAGE = 10_008  # Discord's error code
USER_INSTALL_FOLLOWUPS = 5  # messages to somebody who has installed the bot only for themselves


class Answer:
    """One interaction that was acknowledged in time.

    Parameters
    ----------
    private : what is said is seen by the person only
    original : id of the message that shows "is thinking ..."; None: there is none, a button was pressed
    lasts : how long it is used
    """

    def __init__(
        self, interaction: discord.Interaction, *, private: bool, original: int | None, lasts: timedelta
    ) -> None:
        self._interaction = interaction
        self._private = private
        self._original = original
        self._thinking = original is not None
        self._followups = 0
        self._live: list[int] = []  # messages that show progress: results take their places
        guild_installed = interaction.is_guild_integration() or interaction.context.dm_channel
        self._most = None if guild_installed else USER_INSTALL_FOLLOWUPS
        self.ends = utcnow() + lasts

    @property
    def limit(self) -> int:
        """Bytes that a file may have."""
        return self._interaction.filesize_limit

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        return utcnow() >= self.ends

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be said, only edited."""
        free = self._thinking or bool(self._live)
        return not free and self._most is not None and self._followups >= self._most

    @property
    def is_thinking(self) -> bool:
        """Whether nothing has been said yet."""
        return self._thinking

    def shows_progress(self, message: int) -> bool:
        """Say whether a result is going to take the place of a message."""
        return message in self._live

    async def say(self, card: Card, *, result: bool) -> int:
        """Say something; a result takes the place of what showed its progress. Gives the message's id."""
        taken = self._original if self._thinking else self._live.pop(0) if result and self._live else None
        message = await self._replace(taken, card) if taken is not None else None
        if message is None:
            self._followups += 1
            message = await self._follow_up(card)
        if card.job is not None:
            self._live.append(message)
        return message

    async def _replace(self, message: int, card: Card) -> int | None:
        """Show a card in a message; None: somebody has deleted that."""
        try:
            await self.edit(message, card)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            self._thinking = False
            return None
        return message

    async def edit(self, message: int, card: Card) -> None:
        """Show something else in a message of this answer."""
        view = view_of(card)
        if message == self._original:
            await self._interaction.edit_original_response(
                content=card.text, attachments=uploads(card.files), view=view
            )
            self._thinking = False
        else:
            await self._interaction.followup.edit_message(
                message, content=card.text, attachments=uploads(card.files), view=view
            )

    async def delete(self, message: int) -> None:
        """Take a message of this answer away."""
        self.forget(message)
        if message == self._original:
            self._thinking = False
            await self._interaction.delete_original_response()
        else:
            await self._interaction.followup.delete_message(message)

    def forget(self, message: int) -> None:
        """No result is going to take the place of this message."""
        if message in self._live:
            self._live.remove(message)

    async def drop_thinking(self) -> None:
        """Take "is thinking ..." away: nothing is going to be said."""
        if self._thinking and self._original is not None:
            await self.delete(self._original)

    async def replace_pressed(self, card: Card) -> None:
        """Show something else in the message whose button was pressed."""
        await self._interaction.edit_original_response(content=card.text, attachments=[], view=view_of(card))

    async def _follow_up(self, card: Card) -> int:
        view: Any = view_of(card)
        sent = await self._interaction.followup.send(
            card.text,
            files=uploads(card.files),
            view=view if view is not None else MISSING,
            ephemeral=self._private,
            wait=True,
        )
        return sent.id


class Answers:
    """The answers that can still be used."""

    def __init__(self, lasts: timedelta = ANSWER_TIME) -> None:
        self._lasts = lasts
        self._answers: dict[int, Answer] = {}

    def open(self, interaction: discord.Interaction, *, private: bool, original: int | None) -> Answer:
        """Note that an interaction was acknowledged."""
        self._answers = {key: answer for key, answer in self._answers.items() if not answer.is_over}
        answer = Answer(interaction, private=private, original=original, lasts=self._lasts)
        self._answers[interaction.id] = answer
        return answer

    def of(self, place: Place) -> Answer | None:
        """Find the answer of a place, if its time has not passed."""
        answer = self._answers.get(place.interaction)
        return None if answer is None or answer.is_over else answer

    def end_of(self, place: Place) -> datetime | None:
        """Say until when a place is answered through its interaction; None: it is not."""
        answer = self.of(place)
        return answer.ends if answer is not None else None

    def close(self, place: Place) -> None:
        """Use an answer no more: Discord has ended it."""
        self._answers.pop(place.interaction, None)


def uploads(files: Sequence[File]) -> list[discord.File]:
    """Make files for one upload."""
    return [discord.File(BytesIO(file.content), file.name, description=file.shows) for file in files]
