"""The menu of commands that Telegram offers, in every language; written only when it has changed."""

from telegram import BotCommand

from bot.dialogue import looks
from bot.frontends.telegram.sending import Bot
from bot.sentences import DEFAULT_LANGUAGE, LANGUAGES, sentence

COMMANDS = (
    *("start", "characters", "style", *looks.COMMANDS),
    *("queue", "cancel", "language", "privacy", "delete", "help"),
)


async def keep_up_to_date(bot: Bot) -> None:
    """Compare the menus with ours and set those that differ.

    Raises
    ------
    TelegramError
    """
    for language in LANGUAGES:
        ours = menu(language)
        tag = None if language == DEFAULT_LANGUAGE else language  # without a tag: everybody else
        if list(await bot.get_my_commands(language_code=tag)) != ours:
            await bot.set_my_commands(ours, language_code=tag)


def menu(language: str) -> list[BotCommand]:
    """Write the menu in a language."""
    return [BotCommand(name, sentence(f"command-{name}", language)) for name in COMMANDS]
