"""What goes over a connection: JSON objects, one a message, in both directions.

From the page: {"id", "text"} for what is typed, {"id", "command"}, or {"id", "press", "label"}. `id` is made
by the page, so that the same message sent again after a broken connection changes nothing.
To the page: {"kind": "everything" | "messages" | "progress" | "ended" | "cleared" | "failed", ...}.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue import Reply
from bot.dialogue.buttons import event_of
from bot.dialogue.events import CancelPressed, CommandGiven, Sent
from bot.dialogue.typed import event_of_words
from bot.frontend import Progress
from storage.models import Message

TEXT_LENGTH = 2_000  # characters
LABEL_LENGTH = 80  # characters
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_COMMAND = re.compile(r"[a-z]{1,32}")

Frame = Mapping[str, Any]


class Malformed(Exception):
    """A message that our page never sends."""


@dataclass(frozen=True)
class Said:
    """What a person did; `mine`: how the page shows it, None: not at all."""

    event: Sent
    event_id: str
    mine: Frame | None


def read(text: str) -> Said:
    """Read what a page has sent; anybody may send anything.

    Raises
    ------
    Malformed
    """
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("no JSON") from error
    if not isinstance(frame, dict):
        raise Malformed("no object")
    event_id = read_id(frame.get("id"))
    match frame:
        case {"text": str(words)} if words.strip() and len(words) <= TEXT_LENGTH and _is_text(words):
            return Said(event_of_words(words.strip()), event_id, {"text": words.strip()})
        case {"command": str(name)} if _COMMAND.fullmatch(name):
            return Said(CommandGiven(name), event_id, None)
        case {"press": str(data), "label": str(label)} if len(data) <= 64 and len(label) <= LABEL_LENGTH:
            if not _is_text(label) or not _is_text(data):
                raise Malformed("no text")
            event = event_of(data)
            return Said(event, event_id, None if isinstance(event, CancelPressed) else {"text": label})
    raise Malformed("nothing that we know")


def read_id(found: object) -> str:
    """Check the id of a message."""
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise Malformed("no id")
    return found


def _is_text(words: str) -> bool:
    """Say whether a string can be stored: JSON may hold halves of surrogate pairs."""
    return not any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in words)


def content_of(reply: Reply) -> dict[str, Any]:
    """Write a reply as it is kept and shown."""
    content: dict[str, Any] = {"text": reply.text, "language": reply.language}
    if reply.buttons:
        content["buttons"] = buttons_of(reply)
    if reply.media is not None:
        content["media"] = {
            "name": reply.media.name,
            "url": f"/media/{reply.media.render}/{reply.media.name}",
        }
    return content


def buttons_of(reply: Reply) -> list[list[dict[str, str]]]:
    """Write rows of buttons."""
    return [[{"label": button.label, "data": button.data} for button in row] for row in reply.buttons]


def file_of(message: Message) -> str | None:
    """Say which file a message of a person's own is about."""
    return message.content.get("file")


def frame_of(message: Message, files: Collection[str]) -> dict[str, Any]:
    """Write a kept message for the page; `files`: those that are still there."""
    frame = {"number": message.number, "at": message.created_at, **message.content}
    file = frame.pop("file", None)
    if "sent" in frame:
        frame |= {"url": f"/sent/{file}"} if file in files else {"gone": True}
    if message.event_id is not None:
        frame |= {"id": message.event_id, "mine": True}
    if message.job_id is not None:
        frame["job"] = message.job_id
    return frame


def progress_frame(progress: Progress) -> dict[str, Any]:
    """Write how a job stands."""
    return {
        "kind": "progress",
        "job": progress.job,
        "state": str(progress.state),
        "done": round(progress.done, 4),
        "text": progress.reply.text,
        "buttons": buttons_of(progress.reply),
    }
