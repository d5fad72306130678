"""What commands are called: by the dialogue, in English, and in the language of Korean clients."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.sentences import LANGUAGES, sentence

PLAIN: Mapping[str, str] = (
    MappingProxyType(  # commands without options: sentence of the name -> the dialogue's
        {
            "discord-style": "style",
            "discord-gallery": "characters",
            "discord-settings": "settings",
            "discord-feeling": "feeling",
            "discord-effect": "effect",
            "discord-language": "language",
            "discord-privacy": "privacy",
            "discord-delete": "delete",
            "discord-queue": "queue",
            "discord-help": "help",
        }
    )
)
NAMES: Mapping[str, str] = MappingProxyType({"discord-help": "discord-help-name"})
"""Sentence of the name where the sentence of that id says something else."""

_SENTENCES = {name: NAMES.get(message_id, message_id) for message_id, name in PLAIN.items()}
_COMMAND = re.compile(rf"/({'|'.join(_SENTENCES)})\b")


def with_our_names(text: str, language: str) -> str:
    """Call the commands in a sentence of the dialogue as Discord shows them."""
    return _COMMAND.sub(lambda found: "/" + sentence(_SENTENCES[found[1]], language), text)


def name_in_dialogue(typed: str) -> str:
    """Say what the dialogue calls a command that somebody typed as words, in any language."""
    for name, message_id in _SENTENCES.items():
        if typed in {sentence(message_id, language) for language in LANGUAGES}:
            return name
    return typed
