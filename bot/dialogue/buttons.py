"""What a button carries, so that it works after a restart: `v1:<action>[.<argument>]:<id>`, at most 64 bytes.

The id is what the button is about, or the person whom it was shown to (events.py).
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.dialogue.events import (
    Agreed,
    BackgroundAsked,
    BackgroundChosen,
    CancelPressed,
    CaptionAsked,
    CaptionDropped,
    CharacterChosen,
    Declined,
    DeleteConfirmed,
    DropAsked,
    DropConfirmed,
    EffectAsked,
    EffectChosen,
    FeelingAsked,
    FeelingChosen,
    FileAsked,
    GalleryAsked,
    HeldVoiceUsed,
    LanguageChosen,
    PhotoAsked,
    PictureAsked,
    Pressed,
    RenameAsked,
    ResultAsked,
    SettingsAsked,
    StyleChosen,
    StylesAsked,
    Unreadable,
)
from storage.ids import ID_LENGTH

VERSION = "v1"

PLAIN: Mapping[str, type[Pressed]] = MappingProxyType(
    {
        "agree": Agreed,
        "restyle": StylesAsked,
        "photo": PhotoAsked,
        "gallery": GalleryAsked,
        "feel": FeelingAsked,
        "settings": SettingsAsked,
        "effects": EffectAsked,
        "grounds": BackgroundAsked,
        "picture": PictureAsked,
        "caption": CaptionAsked,
        "nocaption": CaptionDropped,
        "speak": HeldVoiceUsed,
        "forget": DeleteConfirmed,
        "keep": Declined,
        "use": CharacterChosen,
        "name": RenameAsked,
        "drop": DropAsked,
        "dropped": DropConfirmed,
        "cancel": CancelPressed,
        "show": ResultAsked,
    }
)
WITH_ARGUMENT: Mapping[str, type[Pressed]] = MappingProxyType(
    {
        "lang": LanguageChosen,
        "style": StyleChosen,
        "felt": FeelingChosen,
        "effect": EffectChosen,
        "ground": BackgroundChosen,
        "file": FileAsked,
    }
)
ACTIONS = MappingProxyType({kind: action for action, kind in (*PLAIN.items(), *WITH_ARGUMENT.items())})


def data_of(event: Pressed) -> str:
    """Write a button's data."""
    action = ACTIONS[type(event)]
    *arguments, about = vars(event).values()
    return ":".join((VERSION, ".".join((action, *arguments)), about))


def event_of(data: str) -> Pressed | Unreadable:
    """Read a button's data; it may come from anybody and be anything."""
    version, _, rest = data.partition(":")
    words, _, about = rest.rpartition(":")
    action, _, argument = words.partition(".")
    if version != VERSION or len(about) != ID_LENGTH:
        return Unreadable()
    if not argument and action in PLAIN:
        return PLAIN[action](about)  # type: ignore[call-arg]
    if argument and action in WITH_ARGUMENT:
        return WITH_ARGUMENT[action](argument, about)  # type: ignore[call-arg]
    return Unreadable()
