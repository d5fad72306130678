"""Slash commands and the entry "Make my character say this" in the menu of a message.

Names and descriptions are sentences of the catalogues: English by default, Korean for Korean clients.
"""

import logging
from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.dialogue.conversation import CAPTION_LENGTH
from bot.dialogue.events import CommandGiven, PhotoReceived, TextReceived, VoiceReceived
from bot.frontends.discord.chat import Chat
from bot.frontends.discord.controls import ask_in_window
from bot.frontends.discord.files import load_from
from bot.frontends.discord.names import NAMES, PLAIN
from bot.sentences import DEFAULT_LANGUAGE, sentence

LOCALES = {discord.Locale.korean: "ko"}

log = logging.getLogger(__name__)


class Names(app_commands.Translator):
    """Gives the names in the languages of the catalogues."""

    async def translate(
        self,
        string: locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Say a name in a language; None: it keeps its English one."""
        language, message_id = LOCALES.get(locale), string.extras.get("id")
        return sentence(message_id, language) if language and message_id else None


class Tree(app_commands.CommandTree[discord.Client]):
    """All commands.

    Parameters
    ----------
    guilds : ids of the servers where the bot may be used; empty: everywhere
    """

    def __init__(self, client: discord.Client, chat: Callable[[], Chat], guilds: frozenset[int]) -> None:
        super().__init__(
            client,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self._chat = chat
        self._guilds = guilds
        for message_id, name in PLAIN.items():
            self._add(message_id, self._plain(name))
        self._add("discord-character", self._character())
        self._add("discord-say", self._say())
        self._add("discord-background", self._background())
        self._add("discord-caption", self._caption())
        self.add_command(app_commands.ContextMenu(name=named("discord-say-this"), callback=self._say_this()))

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        """Refuse commands in servers where the bot may not be used."""
        if not self._guilds or interaction.guild_id is None or interaction.guild_id in self._guilds:
            return True
        await self._chat().tell(interaction, "discord-not-here")
        return False

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        """Log what went wrong in our code; what the person sent is not in it."""
        log.error("a command failed", exc_info=error)

    def _add(self, message_id: str, run: Callable[..., Any]) -> None:
        name, how = named(NAMES.get(message_id, message_id)), named(f"{message_id}-how")
        self.add_command(app_commands.Command(name=name, description=how, callback=run))

    # The library reads a command's options from its function: these are made where they are added.

    def _plain(self, name: str) -> Callable[..., Any]:
        async def run(interaction: discord.Interaction) -> None:
            await self._chat().take(interaction, CommandGiven(name))

        return run

    def _character(self) -> Callable[..., Any]:
        @app_commands.rename(photo=named("discord-photo"))
        @app_commands.describe(photo=named("discord-photo-how"))
        async def run(interaction: discord.Interaction, photo: discord.Attachment) -> None:
            await self._chat().take(interaction, PhotoReceived(), load=load_from(photo))

        return run

    def _background(self) -> Callable[..., Any]:
        @app_commands.rename(picture=named("discord-picture"))
        @app_commands.describe(picture=named("discord-picture-how"))
        async def run(interaction: discord.Interaction, picture: discord.Attachment | None = None) -> None:
            if picture is None:
                await self._chat().take(interaction, CommandGiven("background"))
            else:
                asked = CommandGiven("background", "picture")
                await self._chat().take(interaction, asked, PhotoReceived(), load=load_from(picture))

        return run

    def _caption(self) -> Callable[..., Any]:
        @app_commands.rename(words=named("discord-words"))
        @app_commands.describe(words=named("discord-words-how"))
        async def run(
            interaction: discord.Interaction,
            words: app_commands.Range[str, 1, CAPTION_LENGTH] | None = None,
        ) -> None:
            asked = CommandGiven("caption")
            if words is None:
                await ask_in_window(interaction, asked)
            else:
                await self._chat().take(interaction, asked, TextReceived(words))

        return run

    def _say(self) -> Callable[..., Any]:
        @app_commands.rename(voice=named("discord-voice"))
        @app_commands.describe(voice=named("discord-voice-how"))
        async def run(interaction: discord.Interaction, voice: discord.Attachment) -> None:
            await self._speak(interaction, voice)

        return run

    def _say_this(self) -> Callable[..., Any]:
        async def run(interaction: discord.Interaction, message: discord.Message) -> None:
            voice = next((file for file in message.attachments if file.is_voice_message()), None)
            if voice is None:
                await self._chat().tell(interaction, "discord-no-voice")
            elif message.author.id != interaction.user.id:
                await self._chat().tell(interaction, "discord-not-your-voice")
            else:
                await self._speak(interaction, voice)

        return run

    async def _speak(self, interaction: discord.Interaction, voice: discord.Attachment) -> None:
        """Let the character say it: for everybody in the channel, where it does so at once."""
        open_ = await self._chat().speaks_at_once(interaction)
        await self._chat().take(interaction, VoiceReceived(), load=load_from(voice), open_=open_)


def named(message_id: str) -> locale_str:
    """Make a name of a sentence."""
    return locale_str(sentence(message_id, DEFAULT_LANGUAGE), id=message_id)
