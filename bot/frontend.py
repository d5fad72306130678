"""What a front end is to the rest of the house, and what it can report back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.artist import PREVIEW_FILE, SCENE_FILE
from bot.dialogue import Reply
from bot.kinds import JobKind
from storage.models import Job, JobState

Parts = Mapping[JobKind, tuple[str, ...]]
"""Files of a result that a platform shows, in order; the words and buttons come with the last one.

Where files carry no words the last part is deliveries.AFTER: words and buttons as a message of their own.
"""

PLAIN_PARTS: Parts = {
    JobKind.PREVIEW: (PREVIEW_FILE,),
    JobKind.DRAW: ("sticker.webp",),
    JobKind.SPEAK: ("talk.mp4",),
    JobKind.BACKGROUND: (SCENE_FILE,),
}


def parts_of(parts: Parts, job: Job) -> tuple[str, ...]:
    """Say which files of a job's result are shown: words are on the video only, not on the round one."""
    of_kind = parts[JobKind(job.kind)]
    if not job.caption:
        return of_kind
    return tuple("talk.mp4" if part == "note.mp4" else part for part in of_kind)


@dataclass(frozen=True)
class Shown:
    """A message that arrived; `file_id`: what the platform calls its file, if that can be sent again."""

    message_id: str
    file_id: str | None = None


@dataclass(frozen=True)
class Progress:
    """How a job stands: one message that is edited.

    Attributes
    ----------
    reply : what to show, with its Cancel button
    done : 0..1 of the whole job, for a bar; 0 while it waits
    state : an ended job's message can go (its result comes by itself) or, when cancelled, say so
    message_id : the message to edit; None: there is none yet
    kind : what is being made
    """

    job: str
    reply: Reply
    done: float
    state: JobState
    message_id: str | None
    kind: JobKind


class NotDelivered(Exception):
    """The platform surely did not take the message: it is tried again, not before `retry_after` seconds."""

    def __init__(self, retry_after: float = 0.0) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class Unreachable(Exception):
    """The person cannot be reached any more (blocked us, chat deleted): nothing is tried again."""


class FileUnknown(Exception):
    """The platform knows no file by the id that it once gave: to another bot, or too long ago."""


class Frontend(Protocol):
    """A platform's adapter. Events go to service.handle; what comes later comes in here."""

    @property
    def platform(self) -> str:
        """Name of the platform, as in the table `people`."""

    @property
    def parts(self) -> Parts:
        """Which files of a result are shown."""

    def reaches(self, address: str) -> bool:
        """Say whether this process can show something there (a console shows one person's messages only)."""

    async def show(self, address: str, reply: Reply, content: bytes | None) -> Shown:
        """Show a message with a result; `content` are the bytes of its file, unless it has a file id.

        Raises
        ------
        NotDelivered, Unreachable
            when the message surely did not arrive; after any other error nobody knows
        FileUnknown
            it did not arrive either, and may with the bytes of its file
        """

    async def show_progress(self, address: str, progress: Progress) -> str | None:
        """Show or edit a job's progress; gives the message's id, None when nothing was shown."""
