"""What somebody types: a command, for some with words after it, or just words."""

from bot.dialogue.events import CommandGiven, TextReceived

WITH_WORDS = ("start", "background", "caption")  # commands after which words mean something


def event_of_words(text: str) -> CommandGiven | TextReceived:
    """Read what was typed."""
    if not text.startswith("/"):
        return TextReceived(text)
    name, _, words = text[1:].lstrip().replace("\n", " ").partition(" ")
    return command(name, words)


def command(name: str, words: str = "") -> CommandGiven:
    """Name a command; words after it are only taken where they mean something."""
    known = name.lower()
    return CommandGiven(known, words.strip() if known in WITH_WORDS else "")
