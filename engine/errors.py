"""What can go wrong, in two voices: a sentence's id for the person, a detail for the log.

The sentences (ko, en) live in the catalogues of the `bot` package under `message_id`; the engine itself
speaks no language. A `PersonProblem` is about what somebody sent and is shown as it is; every other
`EngineError` is our own fault.
"""

from dataclasses import dataclass
from typing import ClassVar


class EngineError(Exception):
    """Something went wrong on our side; `detail` goes to the log."""

    message_id: ClassVar[str] = "our-fault"

    def __init__(self, detail: str = "", **values: object) -> None:
        super().__init__(detail or self.message_id)
        self.detail = detail
        self.values = values  # fill the {names} of the sentence


class PersonProblem(EngineError):
    """What a person sent cannot be used; the sentence says what to do instead."""


class PhotoProblem(PersonProblem):
    """The photo cannot be used."""


class VoiceProblem(PersonProblem):
    """The voice cannot be used."""


class Cancelled(EngineError):
    """The person cancelled the job."""

    message_id = "cancelled"


@dataclass(frozen=True)
class Notice:
    """A word to the person about something that worked, but not quite as they may expect."""

    message_id: str
    values: tuple[tuple[str, object], ...] = ()
