"""Tables. Times are Unix seconds (UTC); ids are 22 random characters (storage/ids.py).

`people` holds the conversation's state too, so that accepting an event is one transaction on few rows.
`jobs` is the truth about work in every queue backend; `deliveries` the truth about what was shown.
"""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.ids import ID_LENGTH


class JobState(StrEnum):
    """WAITING and RUNNING are live; the others are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    """How far a message with a result has come.

    PENDING will be sent; SENDING is on its way; SENT has arrived; UNCLEAR was on its way when the process
    died, so nobody knows; REFUSED cannot arrive (the person blocked us).
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNCLEAR = "unclear"
    REFUSED = "refused"


class Purpose(StrEnum):
    """What a blob is kept for."""

    PHOTO = "photo"
    VOICE = "voice"
    CHARACTER = "character"
    RENDER = "render"
    BACKGROUND = "background"


OUR_FAULT = "our-fault"  # a job's `error_id` when the person can do nothing about it
LIVE = (JobState.WAITING, JobState.RUNNING)

Id = String(ID_LENGTH)


class Base(DeclarativeBase):
    """Names of constraints are fixed, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {dict[str, Any]: JSON, list[Any]: JSON}


def _person_key() -> Mapped[str]:
    return mapped_column(Id, ForeignKey("people.id", ondelete="CASCADE"), index=True)


class Person(Base):
    """Somebody on one platform, and where the conversation with them stands."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("platform", "platform_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    platform_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float]
    language: Mapped[str] = mapped_column(String(8))
    language_chosen: Mapped[bool] = mapped_column(default=False)  # else it follows the platform
    consent_version: Mapped[int] = mapped_column(default=0)  # 0: none given
    consent_at: Mapped[float | None]
    character_id: Mapped[str | None] = mapped_column(Id)  # the active one
    photo_id: Mapped[str | None] = mapped_column(Id)  # blob of the photo on hand
    photo_at: Mapped[float | None]
    other_photos: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # of its album
    choosing: Mapped[bool] = mapped_column(default=False)  # a new photo waits for a style
    voice_id: Mapped[str | None] = mapped_column(Id)  # blob of a voice that waits for a character
    voice_at: Mapped[float | None]
    asked: Mapped[str | None] = mapped_column(String(64))  # the question that the next message answers
    effect: Mapped[str] = mapped_column(String(16), default="none")  # of their voice in talks
    background: Mapped[str] = mapped_column(String(16), default="warm")  # colour behind their characters
    picture_id: Mapped[str | None] = mapped_column(Id)  # blob that lies there instead of the colour
    next_picture_id: Mapped[str | None] = mapped_column(Id)  # photo of which one is being made
    caption: Mapped[str] = mapped_column(default="")  # of the next talk
    served_at: Mapped[float | None]  # when a job of theirs was last started: fairness


class Character(Base):
    """A drawing that can speak; its files are blobs with its id."""

    __tablename__ = "characters"
    __table_args__ = (Index(None, "person_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    style: Mapped[str] = mapped_column(String(32))
    seed: Mapped[int]
    feeling: Mapped[str] = mapped_column(String(16), default="neutral")  # how it looks while it speaks
    created_at: Mapped[float]


class Blob(Base):
    """A file in the blob store under `<person_id>/<id>`."""

    __tablename__ = "blobs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = _person_key()
    purpose: Mapped[Purpose] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))  # ours ("talk.mp4"), never a name from outside
    size: Mapped[int]  # bytes
    created_at: Mapped[float]
    expires_at: Mapped[float | None] = mapped_column(index=True)
    character_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("characters.id", ondelete="CASCADE"), index=True
    )

    @property
    def key(self) -> str:
        """Key in the blob store."""
        return f"{self.person_id}/{self.id}"


class Job(Base):
    """A piece of work for the engine. `number` orders the jobs of a person."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "number"), Index(None, "person_id", "created_at"))

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("people.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(64))  # the chat that asked, as its platform names it
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[JobState] = mapped_column(String(16))
    # inputs
    blob_id: Mapped[str] = mapped_column(Id)  # photo or voice; may be gone when the job has ended
    character_id: Mapped[str | None] = mapped_column(Id)
    style: Mapped[str | None] = mapped_column(String(32))
    seed: Mapped[int] = mapped_column(default=0)
    # how a talk is to look and sound, as it was when it was asked for
    feeling: Mapped[str] = mapped_column(String(16), default="neutral")
    effect: Mapped[str] = mapped_column(String(16), default="none")
    background: Mapped[str] = mapped_column(String(16), default="warm")
    background_id: Mapped[str | None] = mapped_column(Id)  # blob that lies there instead of the colour
    caption: Mapped[str] = mapped_column(default="")  # goes when nobody needs the voice any more
    # how it went
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(128))
    stage: Mapped[str | None] = mapped_column(String(16))
    error_id: Mapped[str | None] = mapped_column(String(64))  # id of the sentence for the person
    error_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None]  # the detail for the operator
    progress_message: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    heartbeat_at: Mapped[float | None]
    finished_at: Mapped[float | None] = mapped_column(index=True)


class Render(Base):
    """A file made for somebody. After its time only the platforms' file ids are left."""

    __tablename__ = "renders"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = _person_key()
    job_id: Mapped[str | None] = mapped_column(Id, ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    character_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("characters.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(String(64))  # "sticker.webp", "talk.mp4"
    blob_id: Mapped[str | None] = mapped_column(Id, ForeignKey("blobs.id", ondelete="SET NULL"), index=True)
    file_ids: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by platform
    created_at: Mapped[float]


class Delivery(Base):
    """One message to somebody about an ended job: a file of its result, or a word when it failed."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "state", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    person_id: Mapped[str] = _person_key()
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    part: Mapped[str] = mapped_column(String(64))  # a file's name, or as in storage/deliveries.py
    words: Mapped[list[Any]] = mapped_column(default=list)  # [[sentence id, values], ...]
    render_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("renders.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[DeliveryState] = mapped_column(String(16))
    courier: Mapped[str | None] = mapped_column(String(128))
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    message_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[float]
    sending_at: Mapped[float | None]
    sent_at: Mapped[float | None]


class SeenEvent(Base):
    """An update that was handled: the same one again changes nothing."""

    __tablename__ = "seen_events"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[float] = mapped_column(index=True)


class Message(Base):
    """One message of a conversation, for platforms that do not keep them: our own chat page."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "person_id", "number"),
        UniqueConstraint("person_id", "event_id"),
        {"sqlite_autoincrement": True},  # a number is never given twice: pages know messages by it
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("people.id", ondelete="CASCADE"))
    event_id: Mapped[str | None] = mapped_column(String(64))  # of what the person sent; none: we said it
    job_id: Mapped[str | None] = mapped_column(Id, index=True)  # shows this job's progress while it lives
    content: Mapped[dict[str, Any]]  # as the front end shows it
    created_at: Mapped[float]


class Block(Base):
    """Somebody whom the operator shut out; outlives "forget me"."""

    __tablename__ = "blocks"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    blocked_at: Mapped[float]
