"""Buttons, selects and the windows for a name and a caption.

They carry all they mean in their ids, so that they work after a restart: what was pressed is read from the
interaction, nothing is kept.
"""

import re
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.dialogue.buttons import event_of
from bot.dialogue.conversation import CAPTION_LENGTH, NAME_LENGTH
from bot.dialogue.events import (
    Agreed,
    CaptionAsked,
    CommandGiven,
    DeleteConfirmed,
    DropConfirmed,
    RenameAsked,
    Sent,
    TextReceived,
)
from bot.frontends.discord.cards import LABEL, ROW, Card
from bot.sentences import sentence

STYLES = {
    Agreed: discord.ButtonStyle.primary,
    DeleteConfirmed: discord.ButtonStyle.danger,
    DropConfirmed: discord.ButtonStyle.danger,
}


class Listener(Protocol):
    """Who is told what was pressed."""

    async def take(self, interaction: discord.Interaction, *events: Sent) -> None:
        """Take what was pressed, or words with the question that they answer."""

    async def language_of(self, interaction: discord.Interaction) -> str:
        """Say which language the person wants."""


class Button(ui.DynamicItem[ui.Button[Any]], template=r"v1:.+"):
    """A button; its id is what the dialogue's button carries."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Find the button again that was pressed."""
        return cls(cast("ui.Button[Any]", item))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell what was pressed."""
        await pressed(interaction, self.item.custom_id or "")


class Select(ui.DynamicItem[ui.Select[Any]], template=r"choice:\d+"):
    """A select; each option's value is what a button of the dialogue would carry."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Find the select again in which something was chosen."""
        return cls(cast("ui.Select[Any]", item))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell what was chosen."""
        values = cast("dict[str, Any]", interaction.data or {}).get("values") or [""]
        await pressed(interaction, values[0])


class Window(ui.Modal):
    """Asks for a character's name or for a caption: messages in a server do not reach the bot."""

    def __init__(self, language: str, about: RenameAsked | CaptionAsked | CommandGiven) -> None:
        named = isinstance(about, RenameAsked)
        title = "rename-button" if named else "caption-button"
        super().__init__(title=sentence(title, language), timeout=3_600)
        self._about = about
        self._typed: ui.TextInput[Any] = ui.TextInput(
            max_length=NAME_LENGTH if named else CAPTION_LENGTH,
            style=discord.TextStyle.short if named else discord.TextStyle.paragraph,
        )
        label = sentence("discord-name-label" if named else "discord-caption-label", language)
        self.add_item(ui.Label(text=label, component=self._typed))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Tell what was typed, as the answer to the question that it is."""
        words = TextReceived(self._typed.value)
        await listener_of(interaction).take(interaction, self._about, words)


async def ask_in_window(
    interaction: discord.Interaction, about: RenameAsked | CaptionAsked | CommandGiven
) -> None:
    """Open a window, which has to be the first answer."""
    language = await listener_of(interaction).language_of(interaction)
    await interaction.response.send_modal(Window(language, about))


async def pressed(interaction: discord.Interaction, data: str) -> None:
    """Tell what was pressed; words are asked for in a window."""
    event = event_of(data)
    if isinstance(event, RenameAsked | CaptionAsked):
        await ask_in_window(interaction, event)
    else:
        await listener_of(interaction).take(interaction, event)


def listener_of(interaction: discord.Interaction) -> Listener:
    """Find who is told: our client knows."""
    return cast("Listener", interaction.client.listener)  # type: ignore[attr-defined]


def view_of(card: Card) -> ui.View | None:
    """Make a card's controls; None: it has none."""
    if not card.buttons and not card.choices:
        return None
    view = ui.View(timeout=None)
    for number, choice in enumerate(card.choices):
        options = [discord.SelectOption(label=label, value=data) for label, data in choice.options]
        select: ui.Select[Any] = ui.Select(
            custom_id=f"choice:{number}", placeholder=choice.hint, options=options, row=number
        )
        view.add_item(Select(select))
    known = set[str]()
    for number, row in enumerate(card.buttons, start=len(card.choices)):
        for button in row[:ROW]:
            if button.data not in known:  # Discord refuses a message in which an id comes twice
                known.add(button.data)
                style = STYLES.get(type(event_of(button.data)), discord.ButtonStyle.secondary)
                item: ui.Button[Any] = ui.Button(
                    label=button.label[:LABEL], custom_id=button.data, style=style, row=number
                )
                view.add_item(Button(item))
    return view
